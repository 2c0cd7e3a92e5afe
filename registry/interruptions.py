"""Interruptions: maintenance that a member announces ahead (statute, 5.1.7), and outages, told at once (4.1.10)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.kernel.names import NameInvalid, ServiceId
from esb.registry.acts import Act
from esb.registry.affected import consumers_of
from esb.registry.checks import lawful_moment, lawful_text
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.members import get_member
from esb.registry.models import ChangeRow
from esb.registry.notice_models import MaintenanceRow, OutageRow
from esb.registry.notices import OPERATOR, Topic, tell
from esb.registry.services import get_service

AHEAD: Final = 2 * 86_400.0
"""Seconds ahead of its beginning that maintenance has to be announced."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What an announcement came to.

    Attributes:
        number: of the maintenance or outage.
        told: members that were told, besides the operator.
        late: maintenance announced less than two days ahead.
        notice: the notice's number.
    """

    number: int
    told: tuple[str, ...]
    late: bool
    notice: int | None


def announce_maintenance(
    act: Act, member: str, services: Collection[str] | None, starts_at: float, ends_at: float, reason: str
) -> Announced:
    """Announce that services of a member will not answer for a while; their consumers and the operator are told.

    An announcement less than two days ahead is taken all the same, since to be told late is better than not at all; it
    stays on record as late, and the notice says so.

    Args:
        services: names as text; None for everything that the member offers.
        starts_at, ends_at: Unix seconds.

    Raises:
        NotFound: the member, or one of the services, is not registered.
        Invalid: it ends before it begins, is over already, or a service is another member's.
    """
    get_member(act.session, member)
    starts_at = lawful_moment(starts_at, "beginning of the maintenance")
    ends_at = lawful_moment(ends_at, "end of the maintenance")
    if ends_at <= starts_at:
        raise Invalid("the maintenance ends before it begins; give an end that is later")
    if ends_at <= act.now:
        raise Invalid("the maintenance is over already; what was not announced is told as an outage")
    names = _services(act.session, member, services)
    row = MaintenanceRow(
        member=member,
        services=names,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=lawful_text(reason, "reason"),
        late=starts_at - act.now < AHEAD,
        announced_at=act.now,
    )
    act.session.add(row)
    act.session.flush()
    facts = _maintenance_facts(row)
    act.record("announce", "maintenance", str(row.id), facts)
    consumers = consumers_of(act.session, member, names, act.now) - {member}
    notice = tell(act, Topic.MAINTENANCE, f"maintenance:{row.id}", {*consumers, OPERATOR}, facts)
    return Announced(row.id, tuple(sorted(consumers)), row.late, notice)


def cancel_maintenance(act: Act, number: int, reason: str) -> Announced:
    """Take an announcement back, or end the maintenance early; whoever was told is told.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Conflict` (it is over, or was taken
    back before), :class:`~esb.registry.errors.Invalid` (no reason is given).
    """
    row = act.session.get(MaintenanceRow, number)
    if row is None:
        raise NotFound(f"maintenance {number} was not announced; list what was to find its number")
    if row.cancelled_at is not None or row.ends_at <= act.now:
        raise Conflict(f"maintenance {number} is over already")
    row.cancelled_at = act.now
    facts = {**_maintenance_facts(row), "cancelled": lawful_text(reason, "reason")}
    act.record("cancel", "maintenance", str(number), {"reason": facts["cancelled"]})
    consumers = consumers_of(act.session, row.member, row.services, act.now) - {row.member}
    notice = tell(act, Topic.MAINTENANCE, f"maintenance:{number}", {*consumers, OPERATOR}, facts)
    return Announced(number, tuple(sorted(consumers)), row.late, notice)


def list_maintenance(session: Session, now: float, *, past: bool = False) -> list[MaintenanceRow]:
    """Return announced maintenance by its beginning: what is under way or to come, or all."""
    rows = select(MaintenanceRow).order_by(MaintenanceRow.starts_at, MaintenanceRow.id)
    if not past:
        rows = rows.where(MaintenanceRow.ends_at > now, MaintenanceRow.cancelled_at.is_(None))
    return list(session.scalars(rows))


def tell_outage(act: Act, about: str, cause: str) -> Announced:
    """Tell everybody whom it touches that a service, or all of a member's, cannot be reached.

    Args:
        about: ``service:MEMBER/SYSTEM/SERVICE/vN`` or ``member:CODE``.
        cause: what is known of it, in a sentence.

    Raises:
        NotFound: the service or member is not registered.
        Conflict: the outage was told already and is not over.
    """
    member, services = _touched(act.session, about)
    if _standing(act.session, about) is not None:
        raise Conflict(f"the outage of {about} was told already; tell when it is over")
    row = OutageRow(about=about, cause=lawful_text(cause, "cause"), began_at=act.now)
    act.session.add(row)
    act.session.flush()
    act.record("begin", "outage", str(row.id), {"about": about, "cause": row.cause})
    return _tell_outage(act, Topic.OUTAGE, row, member, services, {"cause": row.cause, "began_at": row.began_at})


def tell_outage_over(act: Act, about: str) -> Announced:
    """Tell the same members that the outage is over.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Conflict` (none was told).
    """
    member, services = _touched(act.session, about)
    row = _standing(act.session, about)
    if row is None:
        raise Conflict(f"no outage of {about} was told, so none is over")
    row.ended_at = act.now
    act.record("end", "outage", str(row.id), {"about": about})
    facts = {"began_at": row.began_at, "ended_at": row.ended_at}
    return _tell_outage(act, Topic.OUTAGE_OVER, row, member, services, facts)


def list_outages(session: Session, *, past: bool = False) -> list[OutageRow]:
    """Return outages by their beginning: those that last, or all."""
    rows = select(OutageRow).order_by(OutageRow.id)
    return list(session.scalars(rows if past else rows.where(OutageRow.ended_at.is_(None))))


def outages_told_by(session: Session, author: str) -> list[str]:
    """Return what the outages are of that an author told and that last (``service:…`` or ``member:…``)."""
    told = select(ChangeRow.key).where(ChangeRow.kind == "outage", ChangeRow.act == "begin", ChangeRow.author == author)
    rows = session.scalars(select(OutageRow).where(OutageRow.ended_at.is_(None)).order_by(OutageRow.id)).all()
    if not rows:
        return []
    own = set(session.scalars(told.where(ChangeRow.key.in_([str(row.id) for row in rows]))))
    return [row.about for row in rows if str(row.id) in own]


def _tell_outage(
    act: Act, topic: Topic, row: OutageRow, member: str, services: Collection[str] | None, facts: dict[str, Any]
) -> Announced:
    consumers = consumers_of(act.session, member, services, act.now) - {member}
    notice = tell(act, topic, row.about, {*consumers, member, OPERATOR}, {"outage": row.id, **facts})
    return Announced(row.id, tuple(sorted({*consumers, member})), False, notice)


def _standing(session: Session, about: str) -> OutageRow | None:
    return session.scalar(select(OutageRow).where(OutageRow.about == about, OutageRow.ended_at.is_(None)))


def _touched(session: Session, about: str) -> tuple[str, frozenset[str] | None]:
    kind, _, key = about.partition(":")
    if kind == "member":
        return get_member(session, key).code, None
    if kind != "service":
        raise Invalid("an outage is of service:MEMBER/SYSTEM/SERVICE/vN or of member:CODE")
    service = _parsed(key)
    get_service(session, service)
    return service.member, frozenset({service.text})


def _services(session: Session, member: str, services: Collection[str] | None) -> frozenset[str] | None:
    if services is None:
        return None
    if not services:
        raise Invalid("the maintenance touches no service; name at least one, or none to mean all of the member's")
    for text in services:
        service = _parsed(text)
        if service.member != member:
            raise Invalid(f"service {text[:280]!r} is not offered by {member}; only its provider announces maintenance")
        get_service(session, service)
    return frozenset(services)


def _parsed(text: str) -> ServiceId:
    try:
        return ServiceId.parse(text)
    except NameInvalid as error:
        raise Invalid(str(error)) from error


def _maintenance_facts(row: MaintenanceRow) -> dict[str, Any]:
    return {
        "member": row.member,
        "services": None if row.services is None else sorted(row.services),
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "reason": row.reason,
        "late": row.late,
    }
