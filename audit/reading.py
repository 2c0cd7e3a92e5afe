"""Reading a place of the evidence log that another thread or process may be writing, on either database."""

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import psycopg

from esb.audit import postgres, sqlite
from esb.audit.month_files import ANYWHERE, FACTS, NEWEST, MonthFile, Where, check_new, chosen, flaws, likely, named
from esb.audit.record import StoreUnavailable, check_schema

_FILES_OPEN: Final = 12
Rows = list[tuple[Any, ...]]


class _Connection(Protocol):
    def rows(self, query: str, values: Sequence[object]) -> Rows: ...
    def close(self) -> None: ...


class Reading:
    """Asks a database, and opens it again where it was lost.  Blocks; may be called from any thread.

    Args:
        place: an SQLite file, or a libpq URL.  Opened at the first question, for reading only.
        check: looks whether the tables are those of this program, by ``rows``.
    """

    def __init__(self, place: Path | str, check: Callable[["Reading.Ask"], None]) -> None:
        self._place = place
        self._check = check
        self._lock = threading.Lock()
        self._connection: _Connection | None = None

    Ask = Callable[[str, Sequence[object]], Rows]
    """Asks one question: SQL with a question mark for each value."""

    @property
    def sqlite(self) -> bool:
        """Whether the place is a file."""
        return isinstance(self._place, Path)

    @property
    def place(self) -> Path | str:
        """The file, or the libpq URL."""
        return self._place

    def rows(self, query: str, values: Sequence[object] = (), where: Where = ANYWHERE) -> Rows:
        """Ask one question.

        Args:
            where: what it is about; one place answers all, so it says nothing here.

        Raises:
            StoreUnavailable: the place cannot be read now.
        """
        with self._lock:
            if self._connection is not None:
                with suppress(StoreUnavailable):  # a connection may have died since; a new one decides
                    return self._connection.rows(query, values)
                self._drop()
            opened = _sqlite(self._place) if isinstance(self._place, Path) else _postgres(self._place)
            self._connection = opened
            try:
                self._check(opened.rows)
                return opened.rows(query, values)
            except StoreUnavailable:
                self._drop()
                raise

    def close(self) -> None:
        """Let go of the place; the next question opens it again."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class LogReading(Protocol):
    """Reads the log's own tables.  Blocks; may be called from any thread."""

    @property
    def sqlite(self) -> bool:
        """Whether the log is in files."""

    def rows(self, query: str, values: Sequence[object] = (), where: Where = ANYWHERE) -> Rows:
        """Ask one question, of all of the log.

        Args:
            query: SQL with a question mark for each value.
            where: which records it is about, and in which order it asks for them.

        Raises:
            StoreUnavailable: the place cannot be read now.
        """

    def close(self) -> None:
        """Let go of the place; the next question opens it again."""


def log_reading(place: Path | str) -> LogReading:
    """What reads the log's own tables: of an earlier version once they are brought up to this one, of a later never."""
    if isinstance(place, Path):
        return FilesReading(place)
    return Reading(place, partial(_check_database, place))


def last_number(log: LogReading) -> int:
    """The number of a log's newest record; 0 where there is none.

    Raises:
        StoreUnavailable: the log cannot be read now.
    """
    rows = log.rows("SELECT id FROM record ORDER BY id DESC LIMIT 1", (), NEWEST)
    return int(rows[0][0]) if rows else 0


def files_of(log: Path) -> list[MonthFile]:
    """The files of an SQLite log, in their order.

    Raises:
        StoreUnavailable: one cannot be read now.
    """
    reading = FilesReading(log)
    try:
        return reading.files()
    finally:
        reading.close()


class FilesReading:
    """A :class:`LogReading` of the files of an SQLite log, of which it has a few open at a time.

    Args:
        log: the first file.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._files: list[MonthFile] = []  # as far as they are known; the last may have got a next one since
        self._open: OrderedDict[Path, Reading] = OrderedDict()  # the last used one at the end

    @property
    def sqlite(self) -> bool:
        """See :class:`LogReading`."""
        return True

    def rows(self, query: str, values: Sequence[object] = (), where: Where = ANYWHERE) -> Rows:
        """See :class:`LogReading`."""
        with self._lock:
            files = self._follow()
            if where.names:
                return self._named(query, values, where, files)
            found: Rows = []
            for file in chosen(files, where):
                found += self._reading(file.path).rows(query, values)
                if where.most is not None and len(found) >= where.most:
                    return found[: where.most]
            return found

    def files(self) -> list[MonthFile]:
        """The log's files, in their order.

        Raises:
            StoreUnavailable: one cannot be read now.
        """
        with self._lock:
            return self._follow()

    def flaws(self) -> list[tuple[str, str]]:
        """What is wrong with the order of the files: the name of each about which something is, and what.

        Raises:
            StoreUnavailable: one cannot be read now.
        """
        ends = "SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM record"
        files = self.files()
        with self._lock:
            return flaws(files, [self._reading(file.path).rows(ends)[0] for file in files])

    def close(self) -> None:
        """See :class:`LogReading`."""
        with self._lock:
            for reading in self._open.values():
                reading.close()
            self._open.clear()
            self._files = []

    def _follow(self) -> list[MonthFile]:
        """The log's files.

        Each is asked for the next one before it is asked for records: where it names one, it has all that it will have.
        """
        if not self._files:
            self._files = [self._facts(self._log)]
        last = self._facts(self._files[-1].path)
        self._files[-1] = last
        while (following := last.following) is not None:
            check_new(last, following, [file.path for file in self._files])
            last = self._facts(following)
            self._files.append(last)
        return list(self._files)

    def _facts(self, path: Path) -> MonthFile:
        return named(path, self._reading(path).rows(FACTS))

    def _reading(self, path: Path) -> Reading:
        reading = self._open.get(path)
        if reading is None:
            sqlite.check_there(self._log, path)
            while len(self._open) >= _FILES_OPEN:
                self._open.popitem(last=False)[1].close()
            reading = self._open[path] = Reading(path, partial(_check_file, path))
        self._open.move_to_end(path)
        return reading

    def _named(self, query: str, values: Sequence[object], where: Where, files: list[MonthFile]) -> Rows:
        """Ask for records by their names: the likely files first, the others while some were not found."""
        first = likely(files, where.names)
        rest = [file for file in reversed(files) if file not in first]
        found: dict[Path, Rows] = {}
        missing = len(where.names) if where.most is None else min(where.most, len(where.names))
        for file in [*first, *rest]:
            found[file.path] = self._reading(file.path).rows(query, values)
            missing -= len(found[file.path])
            if missing <= 0:
                break
        order = reversed(files) if where.newest_first else files
        rows = [row for file in order for row in found.get(file.path, [])]
        return rows if where.most is None else rows[: where.most]


def _check_file(place: Path, ask: Reading.Ask) -> None:
    if 0 < ask("PRAGMA user_version", ())[0][0] < sqlite.SCHEMA_VERSION:
        sqlite.bring_up(place)
    check_schema(ask("PRAGMA user_version", ())[0][0], sqlite.SCHEMA_VERSION)


def _check_database(place: str, ask: Reading.Ask) -> None:
    version = "SELECT version FROM evidence.version"
    if ask(version, ())[0][0] < postgres.SCHEMA_VERSION:
        try:
            with postgres.connect(place) as connection:
                postgres.bring_up(connection)
        except psycopg.Error as error:
            raise StoreUnavailable(postgres.reason(error)) from error
    check_schema(ask(version, ())[0][0], postgres.SCHEMA_VERSION)


@dataclass(frozen=True, slots=True)
class _Sqlite:
    connection: sqlite3.Connection

    def rows(self, query: str, values: Sequence[object]) -> Rows:
        try:
            return self.connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(sqlite.reason(error)) from error
        except OverflowError as error:  # worked out of numbers that somebody altered
            raise StoreUnavailable(
                "the evidence log holds a number that is none of its own: it was altered; stop the bus and restore it"
            ) from error

    def close(self) -> None:
        self.connection.close()


def _sqlite(path: Path) -> _Sqlite:
    try:
        return _Sqlite(sqlite.open_read(path))
    except sqlite3.Error as error:
        raise StoreUnavailable(sqlite.reason(error)) from error


@dataclass(frozen=True, slots=True)
class _Postgres:
    connection: psycopg.Connection

    def rows(self, query: str, values: Sequence[object]) -> Rows:
        try:
            return self.connection.execute(query.replace("?", "%s").encode(), values, binary=True).fetchall()
        except psycopg.Error as error:
            raise StoreUnavailable(postgres.reason(error)) from error

    def close(self) -> None:
        self.connection.close()


def _postgres(url: str) -> _Postgres:
    try:
        connection = postgres.connect(url)
        try:
            connection.execute("SET default_transaction_read_only = on")
        except BaseException:
            connection.close()
            raise
    except psycopg.Error as error:
        raise StoreUnavailable(postgres.reason(error)) from error
    return _Postgres(connection)
