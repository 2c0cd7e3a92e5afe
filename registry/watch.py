"""Watching the registry: a thread asks now and then whether something changed, and gets the new directory if so."""

from typing import NamedTuple

from sqlalchemy import Connection, Engine, select

from esb.kernel.clock import Clock
from esb.kernel.directory import Directory
from esb.registry.database import reading
from esb.registry.models import ChangeRow
from esb.registry.snapshot import Index, Known, build_directory, refresh


class _Mark(NamedTuple):
    """The last change that was seen.  Its time and author tell whether the database still has the same past."""

    number: int
    at: float
    author: str


class Watcher:
    """Keeps a directory in step with the database.  Blocking; one thread at a time calls it.

    Attributes:
        directory: the last one that was read, None before the first successful :meth:`poll`.
    """

    def __init__(self, engine: Engine, known: Known, index: Index, clock: Clock) -> None:
        self.directory: Directory | None = None
        self._engine = engine
        self._known = known
        self._index = index
        self._clock = clock
        self._mark: _Mark | None = None

    def poll(self) -> Directory | None:
        """Return the new directory when the registry changed since the last call, else None; the first call reads all.

        Raises :class:`~esb.registry.errors.RegistryUnavailable` when the database cannot be asked.  ``directory`` then
        stays as it was, and the next call catches up; how long an old directory may be relied upon is the caller's
        decision.
        """
        with reading(self._engine) as session:
            connection = session.connection()
            mark = _last(connection)
            if self.directory is not None and mark == self._mark:
                return None
            if self.directory is not None and _still_there(connection, self._mark):
                fresh = refresh(self.directory, connection, self._known, self._index, self._clock.now())
            else:
                # The first reading; or the database was put back to an earlier state, and its numbers start again.
                fresh = build_directory(connection, self._known, self._index, self._clock.now())
        self.directory, self._mark = fresh, mark
        return fresh

    def rebuild(self) -> Directory:
        """Read everything anew, for when what ``known`` decides has changed (a CRL, an anchor).  Raises as poll."""
        with reading(self._engine) as session:
            connection = session.connection()
            mark = _last(connection)
            fresh = build_directory(connection, self._known, self._index, self._clock.now())
        self.directory, self._mark = fresh, mark
        return fresh


def _last(connection: Connection) -> _Mark | None:
    rows = select(ChangeRow.number, ChangeRow.at, ChangeRow.author).order_by(ChangeRow.number.desc()).limit(1)
    row = connection.execute(rows).one_or_none()
    return None if row is None else _Mark(*row)


def _still_there(connection: Connection, mark: _Mark | None) -> bool:
    if mark is None:
        return True
    rows = select(ChangeRow.number, ChangeRow.at, ChangeRow.author).where(ChangeRow.number == mark.number)
    row = connection.execute(rows).one_or_none()
    return row is not None and _Mark(*row) == mark
