"""The evidence log in SQLite files, one a month: the embedded store.

One commit is one ``fsync`` of a write-ahead log (synchronous=FULL).  Several processes may share the files: each
commit takes the write lock first, of the one file that is written (:mod:`esb.audit.month_files`).  ``record`` holds the
facts, ``body`` the messages, so that messages can have a retention of their own.  The columns beside ``leaf`` are a
clipped index over it; what counts is the leaf.  ``id`` is the order of insertion in all files, not a place in a tree.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from esb.audit.month_files import PLACE, MonthFile, begin_first, begin_next, check_new, close_file, read_file
from esb.audit.record import (
    REMEMBERED,
    WRITTEN,
    Outcome,
    Record,
    RecordUnwritable,
    StoreUnavailable,
    check_schema,
    write_apart,
)
from esb.audit.sqlite_rows import found, insert_bodies, insert_records, known

SCHEMA_VERSION: Final = 3
_SCHEMA: Final = """
CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    record TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    consumer TEXT NOT NULL,
    service TEXT NOT NULL,
    outcome TEXT NOT NULL,
    grant_id INTEGER,
    replay_key BLOB,
    leaf BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_replay ON record (replay_key) WHERE replay_key IS NOT NULL;
CREATE INDEX record_use ON record (at, grant_id) WHERE kind = 'request';
CREATE TABLE body (
    id INTEGER PRIMARY KEY,
    message BLOB NOT NULL,
    sent BLOB NOT NULL,
    key INTEGER
) STRICT;
"""
# From each version to the next, in place.
_UPGRADES: Final[dict[int, tuple[str, ...]]] = {1: ("ALTER TABLE body ADD COLUMN key INTEGER",), 2: ()}
_BUSY_MS: Final = 5_000
_PATIENCE_SECONDS: Final = 30.0
# Another process's commit takes a few milliseconds.  SQLite's own waiting sleeps ever longer, up to a tenth of a
# second, and whoever sleeps so long meets the other's next commit: this is how long we sleep between two attempts.
_TURN: Final = 0.000_5
_PAGE: Final = 16_384  # three messages to a page: measured a third cheaper than the default
# A checkpoint inside a commit makes every waiting answer wait: only the backstop for a log that is never idle.
_PAGES_FORCED: Final = 1_000
_WAL_BYTES_KEPT: Final = 64 * 1024 * 1024

_REASONS: Final = {
    sqlite3.SQLITE_FULL: "the evidence log's disk is full: make room",
    sqlite3.SQLITE_READONLY: "the evidence log is read-only: give the bus leave to write it",
    sqlite3.SQLITE_CANTOPEN: "the evidence log cannot be opened: check that its folder is there and writable",
    sqlite3.SQLITE_PERM: "the evidence log cannot be opened: check that its folder is there and writable",
    sqlite3.SQLITE_BUSY: "another process has held the evidence log's write lock too long",
    sqlite3.SQLITE_LOCKED: "another process has held the evidence log's write lock too long",
    sqlite3.SQLITE_CORRUPT: "the evidence log is damaged: stop the bus and restore it",
    sqlite3.SQLITE_NOTADB: "the file configured as evidence log is not one",
}
_OTHER_REASON: Final = "the evidence log's disk failed: look at the system's log"

_UNFIT: Final = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    UnicodeError,
    OverflowError,
    TypeError,
)


def reason(error: sqlite3.Error) -> str:
    """Say for a person, without paths or statements, why the file failed and what to do."""
    return _REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, _OTHER_REASON)


class SqliteStore:
    """An :class:`~esb.audit.record.EvidenceStore` in a file a month, the first made at the first use.

    Args:
        path: the first file; the others stand beside it.  Beside each SQLite keeps ``-wal`` and ``-shm``.
        now: Unix seconds; decides which month's file takes a batch.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._now = now
        self._file = MonthFile(path, "1970-01", 1, None)  # the one that is written, once it is open
        self._over = 0.0  # when its month is over
        self._connection: sqlite3.Connection | None = None
        self._earlier: sqlite3.Connection | None = None  # the month before, while it is looked at
        self._doubtful = False  # a commit has failed: what its log holds may not be on the disk

    def write(self, batch: Sequence[Record]) -> list[Outcome]:
        """See :class:`~esb.audit.record.EvidenceStore`."""
        try:
            return self._write(batch)
        except RecordUnwritable:
            return write_apart(self._write, batch)

    def idle(self) -> None:
        """Move what the write-ahead log has gathered into the file, without making anybody wait."""
        connection = self._open()
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:
            self._fail()
            raise StoreUnavailable(reason(error)) from error

    def close(self) -> None:
        """Close the file; the last one out leaves no write-ahead log behind."""
        for connection in (self._connection, self._earlier):
            if connection is not None:
                with suppress(sqlite3.Error):
                    connection.close()
        self._connection = self._earlier = None

    def _write(self, batch: Sequence[Record]) -> list[Outcome]:
        connection = self._open()
        try:
            connection, first = self._turn(connection)
            earlier = self._known(batch)
            new = [record for place, record in enumerate(batch) if place not in earlier] if earlier else batch
            numbered = list(enumerate(new, first))
            if insert_records(connection, numbered) == len(new):
                insert_bodies(connection, numbered)
                outcomes: list[Outcome] = [WRITTEN] * len(new)
            else:
                new_ones = {row[0] for row in connection.execute("SELECT id FROM record WHERE id >= ?", (first,))}
                insert_bodies(connection, [(number, record) for number, record in numbered if number in new_ones])
                outcomes = [WRITTEN if number in new_ones else found(connection, record) for number, record in numbered]
            connection.execute("COMMIT")
        except _UNFIT as error:
            self._roll_back(connection)
            raise RecordUnwritable("the record holds a value that the evidence log cannot store") from error
        except sqlite3.Error as error:
            self._fail()
            raise StoreUnavailable(reason(error)) from error
        except OSError as error:
            self._fail()
            raise StoreUnavailable(_REASONS[sqlite3.SQLITE_CANTOPEN]) from error
        except BaseException:
            self._fail()
            raise
        with suppress(sqlite3.Error, OSError):  # what was committed is durable whatever comes of this
            self._keep_small(connection)
        if earlier:
            rest = iter(outcomes)
            return [earlier[place] if place in earlier else next(rest) for place in range(len(batch))]
        return outcomes

    def _turn(self, connection: sqlite3.Connection) -> tuple[sqlite3.Connection, int]:
        """Take the write lock of the file that is written now, having made it where its month has begun.

        Returns:
            That file, and the number of its next record.
        """
        while True:
            _begin(connection)
            first, following = connection.execute(PLACE).fetchone()
            if following is not None:  # another process was here before
                connection.execute("ROLLBACK")
            elif (now := self._now()) < self._over:
                return connection, first
            else:
                close_file(connection, begin_next(self._path, now, first, lambda path: _connect(path, now)))
                connection.execute("COMMIT")
            self.close()
            connection = self._open()

    def _known(self, batch: Sequence[Record]) -> dict[int, Outcome]:
        """What became of records of a batch in the month before, as long as that is looked at; by their places.

        Under the write lock of this month's file: whoever wrote to the one before had done so when it was made.
        """
        if self._earlier is None:
            return {}
        if self._now() >= self._file.began + REMEMBERED:
            self._earlier.close()
            self._earlier = None
            return {}
        return known(self._earlier, batch)

    def _keep_small(self, connection: sqlite3.Connection) -> None:
        """Have the write-ahead log begin again where it has grown too long.

        With one writer each forced checkpoint does that.  Several that never rest add to the log while another copies
        it, so that it is never copied whole: then one of them keeps the others out for as long as that takes.
        """
        # After such a checkpoint the file is cut to what is kept, so a longer one is one that is in use.
        if os.stat(f"{self._file.path}-wal").st_size <= _WAL_BYTES_KEPT:
            return
        until = time.monotonic() + _BUSY_MS / 1000
        while connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()[0] and time.monotonic() < until:
            time.sleep(_TURN)

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            self._fail()
            raise StoreUnavailable(reason(error)) from error

    def _fail(self) -> None:
        self._doubtful = True
        self.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                connection, file, before = self._follow()
                try:
                    if before is not None and self._now() < file.began + REMEMBERED:
                        self._earlier = open_read(before)
                except BaseException:
                    connection.close()
                    raise
            except sqlite3.Error as error:
                raise StoreUnavailable(reason(error)) from error
            except OSError as error:
                raise StoreUnavailable(_REASONS[sqlite3.SQLITE_CANTOPEN]) from error
            self._connection, self._file, self._over, self._doubtful = connection, file, file.over, False
        return self._connection

    def _follow(self) -> tuple[sqlite3.Connection, MonthFile, Path | None]:
        """Open the file that is written now, by the names that lead to it; with it the path of the one before."""
        path, seen = self._path, list[Path]()
        while True:
            check_there(self._path, path)
            connection = _connect(path, self._now())
            try:
                self._make_sure(connection, doubtful=self._doubtful and path == self._file.path)
                file = read_file(path, connection)
                if file.following is None:
                    connection.execute("PRAGMA busy_timeout = 0")  # from now on _begin waits
                    return connection, file, seen[-1] if seen else None
            except BaseException:
                connection.close()
                raise
            connection.close()
            seen.append(path)
            check_new(file, file.following, seen)
            path = file.following

    def _make_sure(self, connection: sqlite3.Connection, *, doubtful: bool) -> None:
        # After a failed fsync a log can be read whose bytes never reached the disk, and a second fsync would not tell.
        # Copied into the file and synced there, what is found again is durable before anybody is told that it is.  And
        # the log is begun anew, for which every reader has to leave it: what is written behind such bytes is lost with
        # them when the power fails.
        kind = "RESTART" if doubtful else "FULL"
        busy, logged, copied = connection.execute(f"PRAGMA wal_checkpoint({kind})").fetchone()
        if doubtful and (busy or logged != copied):
            raise StoreUnavailable(_REASONS[sqlite3.SQLITE_BUSY])


def _connect(path: Path, now: float) -> sqlite3.Connection:
    """Open a file for writing, making it and its tables where they are missing."""
    make_closed(path)
    connection = sqlite3.connect(
        path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False, cached_statements=64
    )
    try:
        connection.execute(f"PRAGMA page_size = {_PAGE}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_FORCED}")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES_KEPT}")
        connection.execute("PRAGMA trusted_schema = OFF")
        _make_tables(connection, now)
    except BaseException:
        connection.close()
        raise
    return connection


def make_closed(path: Path) -> None:
    """Make a database's file where it is missing, because SQLite would make it readable for everybody.

    A file that is there is not even opened: closing it again would take away the locks that other connections of this
    process hold on it (fcntl(2)), and another process, believing itself the last, would throw their log away.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(f"{path} cannot be written") from None


def open_read(path: Path) -> sqlite3.Connection:
    """Open a file for reading only.

    Raises:
        sqlite3.Error: it cannot be opened, as when it is not there.
    """
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )


def open_write(path: Path) -> sqlite3.Connection:
    """Open a file that is there, for what is not the bus's own writing: it waits its turn.

    Raises:
        StoreUnavailable: it is missing, or of another version.
        sqlite3.Error: it cannot be opened.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", timeout=_PATIENCE_SECONDS, uri=True, isolation_level=None
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        check_version(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def check_there(log: Path, path: Path) -> None:
    """Refuse to go on without a file that the log must have: nothing may be put in its place.

    Args:
        log: the log's first file.
        path: one that is named by another, or the first, which others stand beside.

    Raises:
        StoreUnavailable: it is missing; says which.
    """
    if path.exists():
        return
    if path != log or any(log.parent.glob(f"{log.stem}-[0-9][0-9][0-9][0-9]-[0-9][0-9]*.db")):
        raise StoreUnavailable(
            f"the evidence log's file {path.name} is missing: put it back, out of a backup where it is lost"
        )


def _begin(connection: sqlite3.Connection) -> None:
    """Take the write lock, as soon as another process has given it back."""
    until = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
        time.sleep(_TURN)


def _make_tables(connection: sqlite3.Connection, now: float) -> None:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if 0 <= version < SCHEMA_VERSION:
        connection.execute("BEGIN IMMEDIATE")  # two processes may meet here; the second finds the work done
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in _SCHEMA.split(";\n"):
                connection.execute(statement)
        for earlier in range(version or SCHEMA_VERSION, SCHEMA_VERSION):
            for statement in _UPGRADES[earlier]:
                connection.execute(statement)
        if version < SCHEMA_VERSION:
            begin_first(connection, now)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    check_version(connection)


def bring_up(path: Path) -> None:
    """Bring the tables of an earlier version up to this one, in place and in one transaction.

    Raises:
        StoreUnavailable: the file cannot be written.
    """
    try:
        _connect(path, time.time()).close()
    except sqlite3.Error as error:
        raise StoreUnavailable(reason(error)) from error
    except OSError as error:
        raise StoreUnavailable(_REASONS[sqlite3.SQLITE_CANTOPEN]) from error


def check_version(connection: sqlite3.Connection) -> None:
    """Refuse a file whose tables are not those of this program.

    Raises:
        StoreUnavailable: another version made them.
    """
    check_schema(connection.execute("PRAGMA user_version").fetchone()[0], SCHEMA_VERSION)
