"""Hosted keys: which member's answers the bus signs with a key that it keeps for that member."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from esb.kernel.directory import AnswerSignature, CertificateUse
from esb.registry.acts import Act
from esb.registry.certificates import get_certificate
from esb.registry.errors import Conflict, NotFound
from esb.registry.key_models import HostedKeyRow
from esb.registry.models import ServiceRow


def host_key(act: Act, member: str, place: str, certificate: str) -> None:
    """Let a key speak for a member's answers from now on; the one before it ends.

    Args:
        place: the key's file, below the home's folder of keys.
        certificate: SHA-256 of the member's registered signing certificate of that key.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Conflict` when the certificate is not
    the member's for signing, is revoked, or was hosted before.
    """
    row = get_certificate(act.session, certificate)
    if row.owner != member or row.use is not CertificateUse.SIGNING or row.revoked is not None:
        raise Conflict(f"certificate {row.sha256} is not one of {member} for signing that is in force")
    if act.session.scalar(select(HostedKeyRow.id).where(HostedKeyRow.certificate == row.sha256)) is not None:
        raise Conflict(f"certificate {row.sha256} is that of a hosted key already: certify the new key anew")
    for before in act.session.scalars(_in_force(member)):
        before.ended_at = act.now
    act.session.add(HostedKeyRow(member=member, place=place, certificate=row.sha256, added_at=act.now))
    act.record("host", "hosted-key", member, {"certificate": row.sha256, "place": place})


def end_hosted_key(act: Act, member: str) -> None:
    """Sign nothing for a member any more.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Conflict` while a service of the member
    is answered with it.
    """
    row = hosted_key_of(act.session, member)
    signed = select(ServiceRow).where(
        ServiceRow.member == member, ServiceRow.answer_signature == AnswerSignature.HOSTED
    )
    service = act.session.scalars(signed).first()
    if service is not None:
        raise Conflict(f"answers of {service.name} are signed with {member}'s hosted key: change that service first")
    row.ended_at = act.now
    act.record("end", "hosted-key", member, {"certificate": row.certificate})


def hosted_key_of(session: Session, member: str) -> HostedKeyRow:
    """Return a member's hosted key in force.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.scalar(_in_force(member))
    if row is None:
        raise NotFound(f"member {member} has no hosted key: make one with esb member hosted-key {member}")
    return row


def hosted_keys(session: Session) -> list[tuple[str, str, str]]:
    """Return member, place and certificate's SHA-256 of each hosted key in force, by member."""
    rows = select(HostedKeyRow.member, HostedKeyRow.place, HostedKeyRow.certificate)
    return [
        (member, place, certificate)
        for member, place, certificate in session.execute(
            rows.where(HostedKeyRow.ended_at.is_(None)).order_by(HostedKeyRow.member)
        )
    ]


def _in_force(member: str) -> Select[HostedKeyRow]:
    return select(HostedKeyRow).where(HostedKeyRow.member == member, HostedKeyRow.ended_at.is_(None))
