"""Putting the registry's changes on record: every row of ``changes`` becomes one record of the evidence log.

The log itself is the mark of how far that has come.  Changes are recorded in their order, each batch in one commit, so
the recorded ones are a beginning of the list; its end is found by asking for a few names.  That holds whoever recorded
them (workers, commands), and after either database was put back to an earlier state.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from esb.audit.change import Change, change_exchange, change_message, change_record
from esb.audit.entry import Kind, record_id
from esb.audit.log import EvidenceReader
from esb.audit.record import NotWritten, Record, StoreUnavailable
from esb.audit.store import locate, open_store
from esb.registry.acts import last_change, list_changes
from esb.registry.database import reading
from esb.registry.models import ChangeRow

_BATCH = 500  # changes in one commit: some 300 kB, and no message waits long for its turn
_LARGE_BATCH = 2_500  # where so many wait that commits take longer than what is in them: a registry's first recording
_MANY = 10_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a catching-up has come to.

    Attributes:
        count: changes that were written now, or found on record.
        declined: names of those that the log does not take, though it takes others.
        left: changes that still wait, where there was a limit.
    """

    count: int = 0
    declined: tuple[str, ...] = ()
    left: int = 0


class Paced:
    """Tells how a long catching-up goes, now and then: the first recording of an old registry takes a while.

    Args:
        say: writes a line with facts (``log.info``).
        monotonic: seconds that never go back.
    """

    def __init__(self, say: Callable[..., None], monotonic: Callable[[], float], every: float = 2.0) -> None:
        self._say = say
        self._monotonic = monotonic
        self._every = every
        self._last: float | None = None

    def __call__(self, done: int, waiting: int) -> None:
        """``done`` of the ``waiting`` changes are on record."""
        now = self._monotonic()
        if self._last is None or done >= waiting:
            self._last = now if done < waiting else None
        elif now - self._last >= self._every:
            self._last = now
            self._say("changes of the registry are being recorded", recorded=done, of=waiting)


class Recorder:
    """Keeps the evidence log in step with the registry's changes.  Blocking; callers take turns.

    Args:
        url: the evidence log's, as for :func:`~esb.audit.store.locate`.
        told: is told after each batch how many are recorded, of how many that waited at first.
    """

    def __init__(self, engine: Engine, url: str, told: Callable[[int, int], None] = lambda _done, _all: None) -> None:
        self._engine = engine
        self._store = open_store(url)
        self._reader = EvidenceReader(url)
        self._is_file = isinstance(locate(url), Path)
        self._told = told
        self._turn = threading.Lock()
        self._mark: tuple[int, str] | None = None  # the last change known to be on record: number and record's name

    @property
    def until(self) -> int:
        """The number of the last change that this recorder knows to be on record; 0 before the first look."""
        return 0 if self._mark is None else self._mark[0]

    def catch_up(self, limit: int | None = None) -> Recorded:
        """Record every change that is not on record yet; returns when all of them are durable.

        A record that the log declines while it takes others is passed by: nothing that the operator could wait for
        would mend it, and what came after, revocations among it, must come into force.

        Args:
            limit: when more than this wait, none is recorded.

        Raises:
            StoreUnavailable: the log cannot be written now; what was recorded before stays.
            RegistryUnavailable: the registry cannot be read.
        """
        with self._turn:
            try:
                return self._catch_up(limit)
            finally:
                if not self._is_file:
                    # Changes are rare, and a server has few connections.  A file stays open: the last to close it
                    # must be one who writes, because only such a one puts the write-ahead log away.
                    self._let_go()

    def close(self) -> None:
        """Let go of the log; the next catching-up opens it again."""
        with self._turn:
            self._let_go()

    def _let_go(self) -> None:
        self._reader.close()
        self._store.close()

    def _catch_up(self, limit: int | None) -> Recorded:
        since, newest = self._on_record()
        waiting = newest - since
        if limit is not None and waiting > limit:
            return Recorded(left=waiting)
        count, declined = 0, list[str]()
        while since < newest:
            changes = self._changes(since, _LARGE_BATCH if newest - since > _MANY else _BATCH)
            records = [change_record(change) for change in changes]
            declined += self._write(records)
            count += len(records)
            since, self._mark = changes[-1].number, (changes[-1].number, records[-1].entry.record)
            self._told(count, max(waiting, count))
        return Recorded(count, tuple(declined))

    def _write(self, records: Sequence[Record]) -> list[str]:
        """Make records durable; returns the names of those that the log will not take."""
        outcomes = self._store.write(records)
        declined = []
        for record, outcome in zip(records, outcomes, strict=True):
            # The log may have failed in the middle: only by itself does a record show whether it is to blame.
            if isinstance(outcome, NotWritten) and isinstance(self._store.write([record])[0], NotWritten):
                declined.append(record.entry.record)
        return declined

    def _on_record(self) -> tuple[int, int]:
        """The number of the last change on record, and of the last change at all; 0 for none."""
        with reading(self._engine) as session:
            newest = last_change(session)
            if newest is None:
                return 0, 0
            if self._mark is not None:
                number, name = self._mark
                known = last_change(session, number)
                if known is not None and known.number == number and _name(known) == name:
                    return number, newest.number
            self._mark = None
            self._store.idle()  # makes the tables of a log that is new
            below, above = 0, newest.number + 1  # on record up to here, and from here on not
            step, look = 1, newest.number
            while above - below > 1:
                row = last_change(session, look)
                if row is None or row.number <= below:
                    below = max(below, look)  # numbers may be missing
                elif self._reader.holds(name := _name(row)):
                    below, self._mark = look, (row.number, name)
                else:
                    # First a few back from the end, where the border mostly is; then by halves.
                    above = row.number
                look, step = (max(above - step, 1), step * 2) if below == 0 else ((below + above) // 2, step)
            return below, newest.number

    def _changes(self, since: int, limit: int) -> list[Change]:
        with reading(self._engine) as session:
            rows = list_changes(session, since, limit)
        if not rows:
            raise StoreUnavailable(
                "the registry's changes vanished while they were put on record: is it being restored?"
            )
        return [change_of(row) for row in rows]


def change_name(row: ChangeRow) -> str:
    """The name under which the evidence log holds a change, or will: what ``esb log show`` takes."""
    message = change_message(change_of(row))
    return change_exchange(row.number, message)


def _name(row: ChangeRow) -> str:
    return record_id(change_name(row), Kind.CHANGE)


def change_of(row: ChangeRow) -> Change:
    """A row of the registry's changes, as its record is made of it."""
    return Change(row.number, row.at, row.author, row.act, row.kind, row.key, row.detail)
