"""What the built-in authority issued: entered before a certificate is handed out, and taken back here alone.

Serial numbers and keys are told apart here; what a certificate says was read by the caller.  The state of one that
also speaks for a member is kept in step with :mod:`esb.registry.certificates`, whichever of the two is asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from esb.kernel.directory import CertificateUse
from esb.registry.acts import Act
from esb.registry.authority_models import IssuedRow, PublishedListRow
from esb.registry.errors import Conflict, NotFound
from esb.registry.models import CertificateRow, ChangeRow, RevocationReason


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was issued, as it is entered.

    Attributes:
        sha256: of ``der``, hex.
        issuer, key_sha256: SHA-256 of the authority's and of the certified SubjectPublicKeyInfo, hex.
        owner: the member's code; "" for the bus's own.
        not_before, not_after: Unix seconds.
    """

    sha256: str
    der: bytes
    issuer: str
    serial: int
    profile: str
    subject: str
    owner: str
    key_sha256: str
    not_before: float
    not_after: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What the authority says of one serial number: good, or revoked why and when (Unix seconds).

    ``not_after`` is when the certificate ends, Unix seconds.
    """

    not_after: float
    revoked: RevocationReason | None = None
    revoked_at: float | None = None


def enter_issued(act: Act, issued: Issued) -> None:
    """Enter a certificate in the register of what was issued.

    Raises :class:`~esb.registry.errors.Conflict` when the serial number was used before.
    """
    serial = hex_serial(issued.serial)
    taken = select(IssuedRow.sha256).where(IssuedRow.issuer == issued.issuer, IssuedRow.serial == serial)
    if act.session.scalar(taken) is not None:
        raise Conflict(f"serial number {serial} was issued before; nothing was issued: try again")
    act.session.add(
        IssuedRow(
            sha256=issued.sha256,
            der=issued.der,
            issuer=issued.issuer,
            serial=serial,
            profile=issued.profile,
            subject=issued.subject,
            owner=issued.owner or None,
            key_sha256=issued.key_sha256,
            not_before=issued.not_before,
            not_after=issued.not_after,
            requester=act.author,
            issued_at=act.now,
        )
    )
    detail = {"serial": serial, "profile": issued.profile, "owner": issued.owner, "until": issued.not_after}
    act.record("issue", "certificate", issued.sha256, detail)


def check_key_is_free(session: Session, key_sha256: str, owner: str) -> None:
    """Refuse a key that another member has a certificate for, or that was revoked because others may have it.

    Args:
        owner: whom it is to be certified for; "" for the bus itself.

    Raises:
        Conflict: the key is not to be certified.
    """
    rows = session.execute(select(IssuedRow.owner, IssuedRow.revoked).where(IssuedRow.key_sha256 == key_sha256)).all()
    if any(revoked is RevocationReason.KEY_COMPROMISE for _, revoked in rows):
        raise Conflict("this key was revoked because others may have it: make a new key")
    if any((holder or "") != owner for holder, _ in rows):
        raise Conflict(
            "this key is certified for somebody else already: whoever acts has a key of its own; make a new one"
        )


def release_certificate(act: Act, sha256: str) -> None:
    """Lift a hold: the certificate speaks again.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Conflict` when it is not on hold.
    """
    digest = sha256.lower()
    rows = [act.session.get(IssuedRow, digest), act.session.get(CertificateRow, digest)]
    found = [row for row in rows if row is not None]
    if not found:
        raise NotFound(f"certificate {sha256[:64]!r} is not registered; give the SHA-256 of its DER in hex")
    for row in found:
        if row.revoked is not RevocationReason.CERTIFICATE_HOLD:
            why = "is not on hold" if row.revoked is None else f"is revoked for {row.revoked.value}, which is final"
            raise Conflict(f"certificate {digest} {why}")
        row.revoked = row.revoked_at = None
    act.record("release", "certificate", digest, {"revoked": [RevocationReason.CERTIFICATE_HOLD.value, None]})


def unentered_certificates(session: Session) -> list[tuple[bytes, str, CertificateUse]]:
    """Return DER, owner ("" for the bus) and use of each registered certificate that is not among the issued ones.

    Those of outside authorities are among them.
    """
    rows = select(CertificateRow.der, CertificateRow.owner, CertificateRow.use).where(
        CertificateRow.sha256.not_in(select(IssuedRow.sha256))
    )
    return [(bytes(der), owner or "", use) for der, owner, use in session.execute(rows)]


def missing_of(session: Session, digests: Iterable[str]) -> list[str]:
    """Return those of ``digests`` (SHA-256, hex) that no issued certificate has, in their order."""
    wanted = list(digests)
    there = set(session.scalars(select(IssuedRow.sha256).where(IssuedRow.sha256.in_(wanted))))
    return [digest for digest in wanted if digest not in there]


def get_issued(session: Session, sha256: str) -> IssuedRow:
    """Return an issued certificate by its SHA-256 in hex.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.get(IssuedRow, sha256.lower())
    if row is None:
        raise NotFound(
            f"certificate {sha256[:64]!r} was not issued by this authority; give the SHA-256 of its DER in hex"
        )
    return row


def list_issued(session: Session, issuer: str | None = None) -> list[IssuedRow]:
    """Return what was issued, by one authority or any, oldest first."""
    rows = select(IssuedRow).order_by(IssuedRow.issued_at, IssuedRow.sha256)
    return list(session.scalars(rows if issuer is None else rows.where(IssuedRow.issuer == issuer)))


def revoked_serials(session: Session, issuer: str) -> list[tuple[int, float, str]]:
    """Return serial number, time (Unix seconds) and reason of each certificate of an authority that does not count."""
    rows = select(IssuedRow.serial, IssuedRow.revoked_at, IssuedRow.revoked).where(
        IssuedRow.issuer == issuer, IssuedRow.revoked.is_not(None)
    )
    found = session.execute(rows)
    return [(int(serial, 16), at or 0.0, reason.value) for serial, at, reason in found if reason is not None]


def enter_list(act: Act, issuer: str, number: int, base: int | None, sha256: str, entries: int, until: float) -> None:
    """Note a revocation list that was signed; ``until`` is its nextUpdate, Unix seconds."""
    act.session.add(
        PublishedListRow(
            issuer=issuer,
            number=number,
            base=base,
            sha256=sha256,
            entries=entries,
            published_at=act.now,
            next_update=until,
        )
    )
    detail = {"base": base, "sha256": sha256, "entries": entries, "until": until}
    act.record("publish", "crl", str(number), detail)


def last_list_number(session: Session, issuer: str) -> int:
    """Return the highest number of any list, complete or delta, that an authority signed; 0 for none."""
    return session.scalar(select(func.max(PublishedListRow.number)).where(PublishedListRow.issuer == issuer)) or 0


class IssuedBook:
    """What an authority issued, in memory, kept in step with the registry.  One thread at a time refreshes it.

    Attributes:
        standings: by serial number; replaced whole, so that a reader on another thread sees one moment.
        at: when the newest act that was seen happened, Unix seconds: no honest clock is before it.
    """

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.standings: dict[int, Standing] = {}
        self.at = 0.0
        self._mark: tuple[int, float] | None = None

    def refresh(self, connection: Connection) -> bool:
        """Read what changed since the last time; the first time all.  Returns whether anything did."""
        newest = connection.execute(
            select(ChangeRow.number, ChangeRow.at).order_by(ChangeRow.number.desc()).limit(1)
        ).one_or_none()
        mark = None if newest is None else (newest.number, newest.at)
        if mark == self._mark:
            return False
        rows = select(IssuedRow.serial, IssuedRow.not_after, IssuedRow.revoked, IssuedRow.revoked_at).where(
            IssuedRow.issuer == self.issuer
        )
        kept: dict[int, Standing] = {}
        if self._mark is not None and mark is not None and self._still_there(connection):
            touched = (
                select(ChangeRow.key)
                .where(ChangeRow.number > self._mark[0], ChangeRow.kind == "certificate")
                .scalar_subquery()
            )
            rows = rows.where(IssuedRow.sha256.in_(touched))
            kept = self.standings
        found = connection.execute(rows)
        fresh = {int(serial, 16): Standing(end, reason, at) for serial, end, reason, at in found}
        self._mark, self.at = mark, 0.0 if mark is None else mark[1]
        if kept and not fresh:
            return False
        self.standings = {**kept, **fresh}
        return True

    def _still_there(self, connection: Connection) -> bool:
        """Whether the last change that was seen is still in the database, which may have been put back."""
        assert self._mark is not None
        number, at = self._mark
        return connection.scalar(select(ChangeRow.at).where(ChangeRow.number == number)) == at


def hex_serial(serial: int) -> str:
    """A serial number as the register writes it."""
    return f"{serial:x}"
