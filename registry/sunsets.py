"""Sunsets: from when on a service is not served any more, what takes its place, and telling its consumers in time."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from esb.kernel.clock import utc_text
from esb.kernel.names import ServiceId
from esb.registry.acts import Act, acting
from esb.registry.affected import consumers_of
from esb.registry.checks import lawful_moment
from esb.registry.contract_models import SunsetRow
from esb.registry.database import reading
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.models import ServiceRow
from esb.registry.notices import Topic, tell
from esb.registry.services import get_service

AHEAD: Final = (60, 30, 7, 1)
"""Days before a sunset on which consumers are told again."""

_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Sunset:
    """A service's end.

    Attributes:
        at: Unix seconds from which on requests are refused.
        successor: the service that takes its place, None when nothing does.
        set_at: when it was decided, Unix seconds.
    """

    service: ServiceId
    at: float
    successor: ServiceId | None
    set_at: float
    set_by: str


def set_sunset(act: Act, service: ServiceId, at: float, successor: ServiceId | None = None) -> Sunset:
    """Decide when a service ends, and tell its consumers.  Another date takes the place of one that was set before.

    Raises:
        NotFound: the service or its successor is not registered.
        Invalid: the date has passed, or the service is to succeed itself.
        Conflict: the successor ends itself, no later.
    """
    at = lawful_moment(at, "the sunset")
    row = get_service(act.session, service)
    if at <= act.now:
        raise Invalid(f"the sunset {utc_text(at)} has passed; give a time to come, or suspend the service now")
    next_row = None
    if successor is not None:
        next_row = get_service(act.session, successor)
        if next_row.id == row.id:
            raise Invalid(f"{service} cannot succeed itself; name the service that takes its place")
        ends = _open(act.session, next_row.id)
        if ends is not None and ends.at <= at:
            raise Conflict(f"{successor} ends itself on {utc_text(ends.at)}; name a service that outlives {service}")
    before = _open(act.session, row.id)
    if before is not None:
        if (before.at, before.successor_id) == (at, None if next_row is None else next_row.id):
            return _sunset(act.session, before, row)
        before.ended_at, before.ended_by = act.now, act.author
    fresh = SunsetRow(
        service_id=row.id,
        at=at,
        successor_id=None if next_row is None else next_row.id,
        set_at=act.now,
        set_by=act.author,
    )
    act.session.add(fresh)
    act.session.flush()
    was = None if before is None else utc_text(before.at)
    becomes = None if successor is None else successor.text
    act.record("update", "service", service.text, {"sunset": [was, utc_text(at)], "successor": becomes})
    sunset = _sunset(act.session, fresh, row)
    _announce(act, sunset, fresh.id, "set")
    return sunset


def cancel_sunset(act: Act, service: ServiceId) -> None:
    """Take a sunset back, even one that has passed, and tell the consumers.

    Raises :class:`~esb.registry.errors.NotFound` when the service has none.
    """
    row = get_service(act.session, service)
    before = _open(act.session, row.id)
    if before is None:
        raise NotFound(f"{service} has no sunset; there is nothing to take back")
    before.ended_at, before.ended_by = act.now, act.author
    act.record("update", "service", service.text, {"sunset": [utc_text(before.at), None]})
    _announce(act, _sunset(act.session, before, row), before.id, "cancelled")


def get_sunset(session: Session, service: ServiceId) -> Sunset | None:
    """The sunset in force for a service.  Raises :class:`~esb.registry.errors.NotFound` for an unknown service."""
    row = get_service(session, service)
    found = _open(session, row.id)
    return None if found is None else _sunset(session, found, row)


def announce_sunsets(engine: Engine, author: str, now: float) -> int:
    """Tell consumers of the sunsets whose 60, 30, 7 or 1 days have come, and of those that are done; each only once.

    Meant for a timer, as often as one likes; of several stages that have come since the last time only the latest is
    told.  Returns how many notices were written.
    """
    with reading(engine) as session:
        due = [row.id for row in session.scalars(_standing()) if _stage(row, now) is not None]
    told = 0
    for number in due:
        # One act each: writers wait for one another, and what is wrong with one sunset must not hold up the others.
        with acting(engine, author, now) as act:
            row = act.session.get(SunsetRow, number)
            stage = None if row is None or row.ended_at is not None else _stage(row, now)
            if row is not None and stage is not None:
                service = act.session.get_one(ServiceRow, row.service_id)
                told += _announce(act, _sunset(act.session, row, service), row.id, stage)
    return told


def _stage(row: SunsetRow, now: float) -> str | None:
    if now >= row.at:
        return "done"
    left = (row.at - now) / _DAY
    for days in reversed(AHEAD):
        # A stage that was over when the date was set is told by the setting itself.
        if left <= days and row.at - days * _DAY > row.set_at:
            return f"{days} days ahead"
    return None


def _announce(act: Act, sunset: Sunset, number: int, stage: str) -> int:
    successor = None if sunset.successor is None else sunset.successor.text
    facts = {
        "service": sunset.service.text,
        "stage": stage,
        "at": utc_text(sunset.at),
        "days": max(0, round((sunset.at - act.now) / _DAY)),
        "successor": successor,
    }
    to = consumers_of(act.session, sunset.service.member, {sunset.service.text}, act.now, later=True)
    about = f"service:{sunset.service.text}"
    return tell(act, Topic.SERVICE_SUNSET, about, to, facts, once=f"sunset:{number}:{stage}") is not None


def _standing() -> Select[SunsetRow]:
    return select(SunsetRow).where(SunsetRow.ended_at.is_(None)).order_by(SunsetRow.id)


def _open(session: Session, service_id: int) -> SunsetRow | None:
    return session.scalar(_standing().where(SunsetRow.service_id == service_id))


def _sunset(session: Session, row: SunsetRow, service: ServiceRow) -> Sunset:
    successor = None if row.successor_id is None else session.get_one(ServiceRow, row.successor_id).name
    return Sunset(service.name, row.at, successor, row.set_at, row.set_by)
