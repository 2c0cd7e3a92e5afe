"""How the log grows, when its disk is full, and what archiving would give back."""

from dataclasses import dataclass
from typing import Final

from esb.audit.months import month_at, month_end, months_from
from esb.audit.raw import RawReader
from esb.audit.room import Room, room_of
from esb.audit.tiles import WIDTH

_MICRO: Final = 1_000_000
_DAY: Final = 86_400
_WEEK: Final = 7  # days that a forecast looks back
_LONG: Final = 28
_LEAST: Final = 3_600  # seconds of records below which nothing is forecast
_FEW: Final = 1_000  # records below which their share of the room says nothing


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the log.

    Attributes:
        month: ``YYYY-MM``.
        records: how many leaves it has.
        size: bytes that they take, as far as they are in the log: an estimate by their number.
        state: ``in the log``, ``archived`` (and in the log) or ``dropped``.
    """

    month: str
    records: int
    size: int
    state: str


@dataclass(frozen=True, slots=True)
class Growth:
    """How a log grows.

    Attributes:
        room: what it takes and has now.
        records: in the log now.
        per_record: bytes that one takes with its messages, its leaf's tiles and all; None where there are too few.
        week, long: records a day over the last 7 and 28 days, or since the first where that was later; None where
            there is less than an hour of them.
        full_at: Unix seconds when there is no room any more, if it goes on as the faster of the two; None where that
            cannot be told.
        months: the oldest first; empty where they were not asked for.
    """

    room: Room
    records: int
    per_record: float | None
    week: float | None
    long: float | None
    full_at: float | None
    months: tuple[Month, ...]

    @property
    def per_day(self) -> float | None:
        """Bytes a day."""
        if self.per_record is None or self.week is None:
            return None
        return max(self.week, self.long or 0.0) * self.per_record


def growth(url: str, now: float, capacity: int = 0, *, months: bool = True) -> Growth:
    """Measure how a log grows.

    Args:
        url: of the log.
        now: Unix seconds.
        capacity: bytes that the log may take at most; 0 for as many as its disk has.
        months: whether to look at each month too.

    Raises:
        StoreUnavailable: the log or its tree cannot be read now.
        PackageInvalid: what the log says of its packages cannot be read.
    """
    room = room_of(url, capacity)
    reader = RawReader(url)
    try:
        size = reader.size()
        kept = reader.packages()
        dropped = max((each.manifest.end for each in kept if each.dropped is not None), default=0)
        records = size - dropped
        per_record = room.taken / records if records >= _FEW else None
        week, long = (_per_day(reader, dropped, size, now, days) for days in (_WEEK, _LONG))
        found: tuple[Month, ...] = ()
        if months:
            archived = max((each.manifest.end for each in kept), default=0)
            found = tuple(_months(reader, size, archived, dropped, now, per_record or 0.0))
    finally:
        reader.close()
    measured = Growth(room, records, per_record, week, long, None, found)
    per_day = measured.per_day
    if not per_day or room.free is None:
        return measured
    full_at = now + (room.free + room.reusable) / per_day * _DAY
    return Growth(room, records, per_record, week, long, full_at, found)


def _per_day(reader: RawReader, first: int, size: int, now: float, days: int) -> float | None:
    oldest = reader.moment(first)
    if oldest is None:
        return None
    since = max(now - days * _DAY, oldest / _MICRO)
    if now - since < _LEAST:
        return None
    return (size - reader.first_since(int(since * _MICRO), first)) / (now - since) * _DAY


def _months(reader: RawReader, size: int, archived: int, dropped: int, now: float, per_record: float) -> list[Month]:
    found: list[Month] = []
    for each in reader.packages():
        if each.dropped is not None:
            manifest = each.manifest
            found.append(Month(manifest.month, manifest.end - manifest.first, 0, "dropped"))
    first = dropped
    moment = reader.moment(first)
    for month in [] if moment is None else months_from(moment, month_at(int(now * _MICRO))):
        end = reader.first_since(month_end(month), first)
        if end > first:
            # What is left of a month behind its last whole tile goes with the next one.
            state = "archived" if first < archived and end // WIDTH * WIDTH <= archived else "in the log"
            found.append(Month(month, end - first, round((end - first) * per_record), state))
        first = end
    return found
