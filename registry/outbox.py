"""The outbox: deliveries that wait, claimed by one holder at a time, tried again until they arrive or are given up.

Each delivery arrives at least once: a holder that dies after sending and before saying so leaves it to the next, under
the same id, so that a recipient can tell that it has it already.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.orm import Session

from esb.registry.acts import acting
from esb.registry.database import exclusive
from esb.registry.errors import database_errors
from esb.registry.notice_models import ChannelKind, ChannelRow, DeliveryRow, DeliveryState, NoticeRow, Topic
from esb.registry.notices import OPERATOR, tell

_LONGEST_PROBLEM = 300


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed delivery with all that is needed to send it.

    Attributes:
        id: of the delivery; the same at each attempt.
        attempts: how many were made before.
        made_at: when it was put into the outbox, Unix seconds.
        code: the code that proves the channel, where it is that which is sent; then there is no notice.
        notice, at, topic, about, facts: of the notice; 0, ``made_at``, None, "" and nothing without one.
    """

    id: int
    attempts: int
    made_at: float
    channel: int
    kind: ChannelKind
    address: str
    recipient: str
    code: str | None
    notice: int
    at: float
    topic: Topic | None
    about: str
    facts: dict[str, Any]


def claim(engine: Engine, holder: str, now: float, seconds: float, limit: int = 20) -> list[Parcel]:
    """Take at most ``limit`` deliveries that are due, the longest due first, for so many seconds.

    What another holder has is left alone until its time is over.  A holder that sends slowly claims few at a time.
    Raises :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    due = (
        select(DeliveryRow.id)
        .where(
            DeliveryRow.state == DeliveryState.WAITING,
            DeliveryRow.next_at <= now,
            (DeliveryRow.held_until.is_(None)) | (DeliveryRow.held_until <= now),
        )
        .order_by(DeliveryRow.next_at, DeliveryRow.id)
        .limit(limit)
    )
    with database_errors(), engine.connect() as connection:
        # To look costs no write lock, and mostly there is nothing.
        with connection.begin():
            if connection.execute(due).first() is None:
                return []
        with exclusive(connection).begin():
            # Others pass by what is locked.  SQLite, which has one writer at a time, needs no such word.
            numbers = list(connection.scalars(due.with_for_update(skip_locked=True)))
            connection.execute(
                update(DeliveryRow).where(DeliveryRow.id.in_(numbers)).values(holder=holder, held_until=now + seconds)
            )
            return _parcels(connection, numbers)


def delivered(engine: Engine, parcel: Parcel, holder: str, now: float) -> bool:
    """Note that a delivery arrived; whether the holder still had it.

    Raises :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    return _settle(
        engine, parcel, holder, state=DeliveryState.DELIVERED, ended_at=now, attempts=parcel.attempts + 1, problem=None
    )


def postponed(engine: Engine, parcel: Parcel, holder: str, next_at: float, problem: str) -> bool:
    """Note that an attempt failed, why, and when the next is due; whether the holder still had it.

    Args:
        problem: for people, without secrets and without what the other side chose to say at length.

    Raises :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    return _settle(
        engine, parcel, holder, next_at=next_at, attempts=parcel.attempts + 1, problem=problem[:_LONGEST_PROBLEM]
    )


def given_up(engine: Engine, parcel: Parcel, holder: str, now: float, problem: str) -> bool:
    """Note that a delivery will not be tried again, and tell the operator; whether the holder still had it.

    Raises :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    had = _settle(
        engine,
        parcel,
        holder,
        state=DeliveryState.GIVEN_UP,
        ended_at=now,
        attempts=parcel.attempts + 1,
        problem=problem[:_LONGEST_PROBLEM],
    )
    # Of a notice to the operator that did not reach the operator no further notice is made: it lies in the mailbox.
    if had and parcel.topic is not Topic.DELIVERY_FAILED:
        facts = {"recipient": parcel.recipient, "channel": parcel.channel, "kind": parcel.kind.value}
        facts |= {"attempts": parcel.attempts + 1, "problem": problem[:_LONGEST_PROBLEM]}
        about = f"notice:{parcel.notice}" if parcel.notice else f"channel:{parcel.channel}"
        with acting(engine, "bus", now) as act:
            tell(act, Topic.DELIVERY_FAILED, about, OPERATOR, facts, once=f"delivery:{parcel.id}")
    return had


def let_go(engine: Engine, holder: str, now: float) -> int:
    """Give back what a holder that is gone still had, so that it is sent now and not when its time is over.

    A holder that was only slow may have sent some of it: it arrives twice, under the same id.  Returns how many.
    Raises :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    held = update(DeliveryRow).where(
        DeliveryRow.holder == holder, DeliveryRow.state == DeliveryState.WAITING, DeliveryRow.held_until > now
    )
    with database_errors(), engine.connect() as connection, exclusive(connection).begin():
        return connection.execute(held.values(holder=None, held_until=None)).rowcount


def list_deliveries(
    session: Session, *, notice: int | None = None, state: DeliveryState | None = None, limit: int = 100
) -> list[tuple[DeliveryRow, ChannelRow]]:
    """Return deliveries with their channels, newest first: of one notice, in one state, or all."""
    rows = (
        select(DeliveryRow, ChannelRow)
        .join(ChannelRow, ChannelRow.id == DeliveryRow.channel)
        .order_by(DeliveryRow.id.desc())
        .limit(limit)
    )
    if notice is not None:
        rows = rows.where(DeliveryRow.notice == notice)
    if state is not None:
        rows = rows.where(DeliveryRow.state == state)
    return [(delivery, channel) for delivery, channel in session.execute(rows)]


def count_deliveries(session: Session) -> dict[DeliveryState, int]:
    """Return how many deliveries are in each state."""
    rows = select(DeliveryRow.state, func.count()).group_by(DeliveryRow.state)
    return {state: count for state, count in session.execute(rows)}


def _settle(engine: Engine, parcel: Parcel, holder: str, **values: Any) -> bool:
    mine = update(DeliveryRow).where(
        DeliveryRow.id == parcel.id, DeliveryRow.holder == holder, DeliveryRow.state == DeliveryState.WAITING
    )
    with database_errors(), engine.connect() as connection, exclusive(connection).begin():
        return connection.execute(mine.values(holder=None, held_until=None, **values)).rowcount == 1


def _parcels(connection: Connection, numbers: list[int]) -> list[Parcel]:
    rows = (
        select(
            DeliveryRow.id,
            DeliveryRow.attempts,
            DeliveryRow.made_at,
            ChannelRow.id.label("channel"),
            ChannelRow.kind,
            ChannelRow.address,
            ChannelRow.recipient,
            ChannelRow.code,
            NoticeRow.id.label("notice"),
            NoticeRow.at,
            NoticeRow.topic,
            NoticeRow.about,
            NoticeRow.facts,
        )
        .join(ChannelRow, ChannelRow.id == DeliveryRow.channel)
        .join(NoticeRow, NoticeRow.id == DeliveryRow.notice, isouter=True)
        .where(DeliveryRow.id.in_(numbers))
        .order_by(DeliveryRow.next_at, DeliveryRow.id)
    )
    return [
        Parcel(
            id=row.id,
            attempts=row.attempts,
            made_at=row.made_at,
            channel=row.channel,
            kind=row.kind,
            address=row.address,
            recipient=row.recipient,
            code=row.code if row.notice is None else None,
            notice=row.notice or 0,
            at=row.at if row.notice is not None else row.made_at,
            topic=row.topic,
            about=row.about or "",
            facts=row.facts or {},
        )
        for row in connection.execute(rows)
    ]
