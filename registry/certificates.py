"""Certificates: which member a certificate speaks for, and whether it still does.

What a certificate says of itself is not looked at here; the registry's word alone binds it to its owner.
"""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.kernel.directory import CertificateUse
from esb.registry.acts import Act
from esb.registry.authority_models import IssuedRow
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.members import get_member
from esb.registry.models import CertificateRow, RevocationReason


def add_certificate(act: Act, der: bytes, owner: str, use: CertificateUse) -> str:
    """Let a certificate speak for ``owner`` ("" for the bus itself); return its SHA-256 (hex).

    The same certificate for the same owner and use again is no change, revoked or not.
    Raises :class:`~esb.registry.errors.Invalid`, :class:`~esb.registry.errors.NotFound` (the member),
    :class:`~esb.registry.errors.Conflict` when it is another's or for another use.
    """
    if not der:
        raise Invalid("the certificate is empty; give its DER bytes")
    if owner:
        get_member(act.session, owner)
    digest = hashlib.sha256(der).hexdigest()
    known = act.session.get(CertificateRow, digest)
    if known is not None:
        if (known.owner or "", known.use) == (owner, use):
            return digest
        whose = f"member {known.owner}" if known.owner else "the bus itself"
        raise Conflict(
            f"certificate {digest} is registered for {whose} ({known.use.value}); "
            "one certificate speaks for one owner in one use: issue another"
        )
    act.session.add(CertificateRow(sha256=digest, der=der, owner=owner or None, use=use, added_at=act.now))
    act.record("add", "certificate", digest, {"owner": owner, "use": use.value})
    return digest


def revoke_certificate(act: Act, sha256: str, reason: RevocationReason) -> None:
    """Let a certificate speak for nobody from now on; for the same reason again is no change.

    One that the built-in authority issued is taken back there too, and one that it issued for a service of the bus
    itself (a responder, a time-stamp authority) is found there alone.  A certificate on hold may be revoked for good.
    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Conflict` when it is revoked for
    another reason already.
    """
    digest = sha256.lower()
    issued = act.session.get(IssuedRow, digest)
    row = get_certificate(act.session, sha256) if issued is None else act.session.get(CertificateRow, digest)
    rows = [each for each in (row, issued) if each is not None]
    before = rows[0].revoked
    if all(each.revoked is reason for each in rows):
        return
    if before not in {None, RevocationReason.CERTIFICATE_HOLD}:
        raise Conflict(f"certificate {digest} is revoked already, for {before.value}; that is final")
    for each in rows:
        each.revoked, each.revoked_at = reason, act.now
    act.record("revoke", "certificate", digest, {"revoked": [None if before is None else before.value, reason.value]})


def get_certificate(session: Session, sha256: str) -> CertificateRow:
    """Return a certificate by its SHA-256 in hex.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.get(CertificateRow, sha256.lower())
    if row is None:
        raise NotFound(f"certificate {sha256[:64]!r} is not registered; give the SHA-256 of its DER in hex")
    return row


def list_certificates(session: Session, owner: str | None = None) -> list[CertificateRow]:
    """Return the certificates of one owner ("" for the bus) or of all, oldest first."""
    rows = select(CertificateRow).order_by(CertificateRow.added_at, CertificateRow.sha256)
    if owner is not None:
        rows = rows.where(CertificateRow.owner == owner if owner else CertificateRow.owner.is_(None))
    return list(session.scalars(rows))
