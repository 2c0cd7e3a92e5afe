"""Grants: who may ask what of whom, for which purpose and on which legal ground.

One officer requests a grant and another approves it; whatever :data:`COURSE` does not list is forbidden.  What an
approved grant says is never changed: other terms are another grant, which takes its place when it is approved.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from esb.kernel.directory import MemberStatus, ServiceStatus
from esb.kernel.names import ServiceId
from esb.registry.acts import Act, same_officer
from esb.registry.checks import (
    lawful_consumer,
    lawful_digest,
    lawful_fields,
    lawful_moment,
    lawful_quota,
    lawful_text,
)
from esb.registry.contracts import list_operations
from esb.registry.errors import Conflict, Forbidden, Invalid, NotFound
from esb.registry.members import get_member, get_system
from esb.registry.models import GrantRow, GrantStatus, ServiceRow
from esb.registry.services import get_service

COURSE: Final[Mapping[GrantStatus, frozenset[GrantStatus]]] = MappingProxyType(
    {
        GrantStatus.REQUESTED: frozenset({GrantStatus.APPROVED, GrantStatus.DECLINED, GrantStatus.WITHDRAWN}),
        GrantStatus.APPROVED: frozenset({GrantStatus.REVOKED}),
        GrantStatus.DECLINED: frozenset(),
        GrantStatus.WITHDRAWN: frozenset(),
        GrantStatus.REVOKED: frozenset(),
    }
)
"""What a grant may become, by what it is."""


@dataclass(frozen=True, slots=True)
class Leave:
    """What a grant gives; each field as in :class:`esb.kernel.directory.Grant`.

    ``document`` is the digest (SHA-256, hex) of the archived paper that the legal ground stands on.
    """

    purpose: str
    legal_basis: str
    valid_from: float
    valid_until: float | None = None
    operations: frozenset[str] | None = None
    per_second: int | None = None
    per_day: int | None = None
    required_fields: frozenset[str] = frozenset()
    document: str | None = None


def add_grant(act: Act, consumer: str, service: ServiceId, leave: Leave) -> int:
    """Let ``consumer`` (``MEMBER`` or ``MEMBER/SYSTEM``) ask ``service``; return the grant's number.

    One officer requests and approves in one act, and the row says so; where two officers are wanted, use
    :func:`request_grant` and :func:`approve_grant`.  The very same leave that stands already is no change: its number
    is returned.
    Raises :class:`~esb.registry.errors.Invalid`, :class:`~esb.registry.errors.NotFound` (the consumer or the service),
    :class:`~esb.registry.errors.Conflict` when the consumer has left or the service is retired.
    """
    row = _drawn_up(act, consumer, service, leave)
    known = _same(act.session, row, GrantStatus.APPROVED)
    if known is not None:
        return known.id
    row.status, row.in_one_act = GrantStatus.APPROVED, True
    row.decided_by, row.decided_at = act.author, act.now
    return _put(act, "add", row)


def request_grant(act: Act, consumer: str, service: ServiceId, leave: Leave, *, replaces: int | None = None) -> int:
    """Ask that ``consumer`` may ask ``service``; return the number of the grant, which another officer decides upon.

    Nothing is let through before that.  The very same request that waits already is no change.

    Args:
        replaces: the grant of the same consumer to the same service that ends when this one is approved.

    Raises :class:`~esb.registry.errors.Invalid`, :class:`~esb.registry.errors.NotFound`,
    :class:`~esb.registry.errors.Conflict` when the very same is granted already, or what it is to replace is not.
    """
    row = _drawn_up(act, consumer, service, leave)
    row.replaces = replaces
    if replaces is not None:
        _check_replaced(act.session, row, replaces)
    granted = _same(act.session, row, GrantStatus.APPROVED)
    if granted is not None:
        raise Conflict(f"grant {granted.id} gives the very same already; nothing needs to be requested")
    waiting = _same(act.session, row, GrantStatus.REQUESTED)
    if waiting is not None and waiting.replaces == replaces:
        return waiting.id
    row.status, row.in_one_act = GrantStatus.REQUESTED, False
    return _put(act, "request", row)


def approve_grant(act: Act, grant: int, note: str | None = None) -> None:
    """Put a requested grant in force, as the second officer; the grant that it replaces ends in the same moment.

    Raises :class:`~esb.registry.errors.Forbidden` for the officer who requested it, whatever the settings say;
    :class:`~esb.registry.errors.NotFound`; :class:`~esb.registry.errors.Conflict` when it is decided upon already, or
    what it stands on has changed since; :class:`~esb.registry.errors.Invalid` when its time is over.
    """
    row = _next(act.session, grant, GrantStatus.APPROVED)
    if same_officer(row.requested_by, act.author):
        raise Forbidden(
            f"grant {grant} was requested by {row.requested_by}, who cannot approve it as well; "
            "another officer has to look at it"
        )
    if row.valid_until is not None and row.valid_until <= act.now:
        raise Invalid(f"grant {grant} would have ended already; decline it, and have it requested with a later end")
    service = row.service
    _check_parties(act.session, row.consumer_member, service)
    if row.operations is not None:
        offered = list_operations(act.session, service.contract)
        _check_operations(row.operations, [operation.name for operation in offered], service.name)
    replaced = None if row.replaces is None else _check_replaced(act.session, row, row.replaces)
    _decide(act, row, GrantStatus.APPROVED)
    noted = {} if note is None else {"note": lawful_text(note, "note")}
    act.record("approve", "grant", str(grant), {"requested_by": row.requested_by, "replaces": row.replaces, **noted})
    if replaced is not None:
        _revoke(act, replaced, f"replaced by grant {grant}")


def decline_grant(act: Act, grant: int, reason: str) -> None:
    """Refuse a requested grant, as the second officer.

    Raises :class:`~esb.registry.errors.Forbidden` for the officer who requested it (who withdraws it instead),
    :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Invalid` (no reason is given),
    :class:`~esb.registry.errors.Conflict` when it is decided upon already.
    """
    reason = lawful_text(reason, "reason")
    row = _next(act.session, grant, GrantStatus.DECLINED)
    if same_officer(row.requested_by, act.author):
        raise Forbidden(f"grant {grant} was requested by {row.requested_by}, who withdraws it instead of declining it")
    _decide(act, row, GrantStatus.DECLINED)
    act.record("decline", "grant", str(grant), {"requested_by": row.requested_by, "reason": reason})


def withdraw_grant(act: Act, grant: int, reason: str) -> None:
    """Take a request back, as the officer who made it.

    Raises :class:`~esb.registry.errors.Forbidden` for anybody else (who declines it instead),
    :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Invalid` (no reason is given),
    :class:`~esb.registry.errors.Conflict` when it is decided upon already.
    """
    reason = lawful_text(reason, "reason")
    row = _next(act.session, grant, GrantStatus.WITHDRAWN)
    if not same_officer(row.requested_by, act.author):
        raise Forbidden(f"grant {grant} was requested by {row.requested_by}; whoever else is against it declines it")
    _decide(act, row, GrantStatus.WITHDRAWN)
    act.record("withdraw", "grant", str(grant), {"reason": reason})


def revoke_grant(act: Act, grant: int, reason: str) -> None:
    """Take a grant back from now on; again is no change.  One officer may do that: it lets nobody in.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Invalid` (no reason is given),
    :class:`~esb.registry.errors.Conflict` for one that was never in force.
    """
    reason = lawful_text(reason, "reason of the revocation")
    if get_grant(act.session, grant).status is GrantStatus.REVOKED:
        return
    _revoke(act, _next(act.session, grant, GrantStatus.REVOKED), reason)


def standing_of(row: GrantRow, now: float) -> str:
    """Return in a word how a grant stands at ``now``: its status, or for an approved one what its time says."""
    if row.status is not GrantStatus.APPROVED:
        return str(row.status.value)
    if now < row.valid_from:
        return "not yet in force"
    return "expired" if row.valid_until is not None and now >= row.valid_until else "in force"


def get_grant(session: Session, grant: int) -> GrantRow:
    """Return a grant, whatever became of it.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.get(GrantRow, grant)
    if row is None:
        raise NotFound(f"grant {grant} is not registered; list the grants to find its number")
    return row


def list_grants(
    session: Session,
    *,
    consumer: str | None = None,
    service: ServiceId | None = None,
    statuses: Collection[GrantStatus] = (GrantStatus.APPROVED,),
) -> list[GrantRow]:
    """Return grants by number, of one consumer, to one service or all; only approved ones unless asked otherwise.

    A consumer given as ``MEMBER`` means the member and every system of it.  Raises
    :class:`~esb.registry.errors.Invalid`.
    """
    rows = select(GrantRow).where(GrantRow.status.in_(statuses)).order_by(GrantRow.id)
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
    return list(session.scalars(rows))


def list_grants_of_member(session: Session, member: str) -> list[GrantRow]:
    """Return what is granted or requested to a member and its systems, and by others on its services, by number."""
    rows = (
        select(GrantRow)
        .join(ServiceRow, ServiceRow.id == GrantRow.service_id)
        .where(
            GrantRow.status.in_((GrantStatus.REQUESTED, GrantStatus.APPROVED)),
            or_(GrantRow.consumer_member == member, ServiceRow.member == member),
        )
        .order_by(GrantRow.id)
    )
    return list(session.scalars(rows))


def list_grants_ending(session: Session, after: float, until: float) -> list[GrantRow]:
    """Return the approved grants that end after ``after`` and by ``until`` (Unix seconds), the next one first."""
    rows = select(GrantRow).where(
        GrantRow.status == GrantStatus.APPROVED, GrantRow.valid_until > after, GrantRow.valid_until <= until
    )
    return list(session.scalars(rows.order_by(GrantRow.valid_until, GrantRow.id)))


def _drawn_up(act: Act, consumer: str, service: ServiceId, leave: Leave) -> GrantRow:
    member, system = lawful_consumer(consumer)
    get_member(act.session, member)
    if system is not None:
        get_system(act.session, member, system)
    target = get_service(act.session, service)
    _check_parties(act.session, member, target)
    if leave.operations is not None:
        offered = list_operations(act.session, target.contract)
        _check_operations(leave.operations, [operation.name for operation in offered], service)
    return GrantRow(
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
        document=lawful_digest(leave.document, "the grant's document"),
        requested_by=act.author,
        added_at=act.now,
    )


def _same(session: Session, row: GrantRow, status: GrantStatus) -> GrantRow | None:
    alike = select(GrantRow).where(
        GrantRow.consumer_member == row.consumer_member,
        GrantRow.consumer_system == row.consumer_system,
        GrantRow.service_id == row.service_id,
        GrantRow.status == status,
    )
    return next((known for known in session.scalars(alike) if _facts(known) == _facts(row)), None)


def _put(act: Act, done: str, row: GrantRow) -> int:
    act.session.add(row)
    act.session.flush()
    names = {"consumer": row.consumer, "service": row.service.name.text}
    replaced = {} if row.replaces is None else {"replaces": row.replaces}
    act.record(done, "grant", str(row.id), {**names, **_facts(row), **replaced})
    return row.id


def _next(session: Session, grant: int, status: GrantStatus) -> GrantRow:
    row = get_grant(session, grant)
    if status not in COURSE[row.status]:
        raise Conflict(f"grant {grant} is {row.status.value} and cannot become {status.value}")
    return row


def _decide(act: Act, row: GrantRow, status: GrantStatus) -> None:
    row.status, row.decided_by, row.decided_at = status, act.author, act.now


def _revoke(act: Act, row: GrantRow, reason: str) -> None:
    row.status, row.revoked_at = GrantStatus.REVOKED, act.now
    act.record("revoke", "grant", str(row.id), {"reason": reason})


def _check_parties(session: Session, consumer: str, service: ServiceRow) -> None:
    if get_member(session, consumer).status is MemberStatus.LEFT:
        raise Conflict(f"member {consumer} has left; nothing can be granted to it")
    if get_member(session, service.member).status is MemberStatus.LEFT:
        raise Conflict(f"member {service.member}, whose service it is, has left; nothing can be granted on it")
    if service.status is ServiceStatus.RETIRED:
        raise Conflict(f"service {service.name} is retired; grant the version that took its place")


def _check_replaced(session: Session, row: GrantRow, replaces: int) -> GrantRow:
    replaced = get_grant(session, replaces)
    if (replaced.consumer, replaced.service_id) != (row.consumer, row.service_id):
        raise Conflict(
            f"grant {replaces} is another consumer's or to another service, so it cannot be replaced by this"
        )
    if replaced.status is not GrantStatus.APPROVED:
        raise Conflict(
            f"grant {replaces} is {replaced.status.value}, so there is nothing to replace; request it plainly"
        )
    return replaced


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
        "document": row.document,
    }
