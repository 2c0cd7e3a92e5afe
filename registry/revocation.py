"""What authorities said of revocation, kept as it was received: in force now, and to be shown of any past moment."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from esb.registry.database import writing
from esb.registry.key_models import RevocationDataRow
from esb.registry.models import CertificateRow


@dataclass(frozen=True, slots=True)
class Kept:
    """One OCSP answer or list; times are Unix seconds.

    Attributes:
        subject: the certificate's SHA-256 (hex) for an OCSP answer, the issuer's name for a list.
        status: ``good`` or ``revoked`` for an OCSP answer, None for a list; ``reason`` where it is revoked.
    """

    kind: str
    subject: str
    data: bytes
    valid_from: float
    valid_until: float
    status: str | None = None
    reason: str | None = None


def keep(engine: Engine, kept: Kept, now: float) -> bool:
    """Keep it; the same octets again are no news.  Returns whether it was news.

    This is no act of a person: it writes no change.
    """
    with writing(engine) as session:
        return keep_within(session, kept, now)


def keep_within(session: Session, kept: Kept, now: float) -> bool:
    """:func:`keep` in a transaction that is open: what the bus's own authority says is kept with the act itself."""
    digest = hashlib.sha256(kept.data).hexdigest()
    if session.scalar(select(RevocationDataRow.id).where(RevocationDataRow.sha256 == digest)) is not None:
        return False
    session.add(
        RevocationDataRow(
            sha256=digest,
            kind=kept.kind,
            subject=kept.subject,
            data=kept.data,
            status=kept.status,
            reason=kept.reason,
            valid_from=kept.valid_from,
            valid_until=kept.valid_until,
            kept_at=now,
        )
    )
    return True


def delta_subject(issuer: str) -> str:
    """The subject under which an issuer's delta lists are kept, given that of its complete ones."""
    return hashlib.sha256(f"{issuer} delta".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answered:
    """What an OCSP answer says, without its octets; attributes as of :class:`Kept`."""

    subject: str
    status: str
    reason: str | None
    valid_from: float
    valid_until: float


def newest_answers(session: Session) -> list[Answered]:
    """The newest OCSP answer about each registered certificate that has one: one look at an index for each."""
    row = RevocationDataRow
    newest = (
        select(row.id)
        .where(row.kind == "ocsp", row.subject == CertificateRow.sha256)
        .order_by(row.valid_from.desc(), row.id.desc())
        .limit(1)
        .correlate(CertificateRow)
        .scalar_subquery()
    )
    found = select(row.subject, row.status, row.reason, row.valid_from, row.valid_until)
    rows = session.execute(found.join(CertificateRow, row.id == newest)).all()
    return [Answered(subject, status or "", reason, since, until) for subject, status, reason, since, until in rows]


def last_kept(session: Session) -> int:
    """A number that grows with everything that is kept; 0 at the beginning."""
    return session.scalar(select(func.max(RevocationDataRow.id))) or 0


def revocation_evidence(session: Session, sha256: str, issuer: str, at: float) -> list[Kept]:
    """What was known of a certificate's revocation at a moment: the OCSP answer and the lists then in force.

    Args:
        sha256: of the certificate, hex.
        issuer: the subject under which its issuer's lists are kept.
        at: Unix seconds.

    Returns:
        The newest OCSP answer, complete list and delta list that had begun and had been received by then, in this
        order; none where nothing was.
    """
    found = []
    for kind, subject in (("ocsp", sha256), ("crl", issuer), ("crl", delta_subject(issuer))):
        row = session.scalars(
            select(RevocationDataRow)
            .where(
                RevocationDataRow.kind == kind,
                RevocationDataRow.subject == subject,
                RevocationDataRow.valid_from <= at,
                RevocationDataRow.kept_at <= at,
            )
            .order_by(RevocationDataRow.valid_from.desc(), RevocationDataRow.id.desc())
            .limit(1)
        ).first()
        if row is not None:
            found.append(Kept(row.kind, row.subject, row.data, row.valid_from, row.valid_until, row.status, row.reason))
    return found
