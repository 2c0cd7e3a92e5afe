"""Grants: who may ask what of whom, for which purpose and on which legal ground."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.kernel.names import ServiceId
from esb.registry.acts import Act
from esb.registry.checks import lawful_consumer, lawful_fields, lawful_moment, lawful_quota, lawful_text
from esb.registry.contracts import list_operations
from esb.registry.errors import Invalid, NotFound
from esb.registry.members import get_member, get_system
from esb.registry.models import GrantRow, ServiceRow
from esb.registry.services import get_service


@dataclass(frozen=True, slots=True)
class Leave:
    """What a grant gives; each field as in :class:`esb.kernel.directory.Grant`."""

    purpose: str
    legal_basis: str
    valid_from: float
    valid_until: float | None = None
    operations: frozenset[str] | None = None
    per_second: int | None = None
    per_day: int | None = None
    required_fields: frozenset[str] = frozenset()


def add_grant(act: Act, consumer: str, service: ServiceId, leave: Leave) -> int:
    """Let ``consumer`` (``MEMBER`` or ``MEMBER/SYSTEM``) ask ``service``; return the grant's number.

    The very same leave that stands already is no change: its number is returned.
    Raises :class:`~esb.registry.errors.Invalid`, :class:`~esb.registry.errors.NotFound` (the consumer or the service).
    """
    member, system = lawful_consumer(consumer)
    get_member(act.session, member)
    if system is not None:
        get_system(act.session, member, system)
    target = get_service(act.session, service)
    if leave.operations is not None:
        offered = list_operations(act.session, target.contract)
        _check_operations(leave.operations, [operation.name for operation in offered], service)
    row = GrantRow(
        consumer_member=member,
        consumer_system=system,
        service_id=target.id,
        operations=leave.operations,
        purpose=lawful_text(leave.purpose, "purpose"),
        legal_basis=lawful_text(leave.legal_basis, "legal basis"),
        valid_from=lawful_moment(leave.valid_from, "beginning of the grant"),
        valid_until=_end(leave),
        per_second=lawful_quota(leave.per_second, "per second"),
        per_day=lawful_quota(leave.per_day, "per day"),
        required_fields=lawful_fields(leave.required_fields),
        added_at=act.now,
    )
    standing = select(GrantRow).where(
        GrantRow.consumer_member == member,
        GrantRow.consumer_system == system,
        GrantRow.service_id == target.id,
        GrantRow.revoked_at.is_(None),
    )
    for known in act.session.scalars(standing):
        if _facts(known) == _facts(row):
            return known.id
    act.session.add(row)
    act.session.flush()
    act.record("add", "grant", str(row.id), {"consumer": consumer, "service": service.text, **_facts(row)})
    return row.id


def revoke_grant(act: Act, grant: int, reason: str) -> None:
    """Take a grant back from now on; again is no change.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Invalid` (no reason is given).
    """
    reason = lawful_text(reason, "reason of the revocation")
    row = get_grant(act.session, grant)
    if row.revoked_at is not None:
        return
    row.revoked_at = act.now
    act.record("revoke", "grant", str(grant), {"reason": reason})


def get_grant(session: Session, grant: int) -> GrantRow:
    """Return a grant, revoked ones too.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.get(GrantRow, grant)
    if row is None:
        raise NotFound(f"grant {grant} is not registered; list the grants to find its number")
    return row


def list_grants(
    session: Session, *, consumer: str | None = None, service: ServiceId | None = None, revoked: bool = False
) -> list[GrantRow]:
    """Return grants by number, of one consumer, to one service or all; revoked ones only when asked for.

    A consumer given as ``MEMBER`` means the member and every system of it.  Raises
    :class:`~esb.registry.errors.Invalid`.
    """
    rows = select(GrantRow).order_by(GrantRow.id)
    if consumer is not None:
        member, system = lawful_consumer(consumer)
        rows = rows.where(GrantRow.consumer_member == member)
        if system is not None:
            rows = rows.where(GrantRow.consumer_system == system)
    if service is not None:
        rows = rows.join(ServiceRow, ServiceRow.id == GrantRow.service_id).where(
            ServiceRow.member == service.member,
            ServiceRow.system == service.system,
            ServiceRow.code == service.service,
            ServiceRow.version == service.version,
        )
    if not revoked:
        rows = rows.where(GrantRow.revoked_at.is_(None))
    return list(session.scalars(rows))


def _end(leave: Leave) -> float | None:
    if leave.valid_until is None:
        return None
    if lawful_moment(leave.valid_until, "end of the grant") <= leave.valid_from:
        raise Invalid("the grant ends before it begins; give an end that is later, or none")
    return leave.valid_until


def _check_operations(wanted: frozenset[str], offered: Iterable[str], service: ServiceId) -> None:
    offered = sorted(offered)
    if not wanted:
        raise Invalid("the grant names no operation; name at least one, or leave operations out to grant all of them")
    unknown = sorted(wanted.difference(offered))
    if unknown:
        raise Invalid(f"service {service} has no operation {unknown[0][:80]!r}; it has {', '.join(offered)[:400]}")


def _facts(row: GrantRow) -> dict[str, Any]:
    return {
        "operations": None if row.operations is None else sorted(row.operations),
        "purpose": row.purpose,
        "legal_basis": row.legal_basis,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "per_second": row.per_second,
        "per_day": row.per_day,
        "required_fields": sorted(row.required_fields),
    }
