"""The evidence log in an SQLite file: the embedded store.

One commit is one ``fsync`` of the write-ahead log (synchronous=FULL).  Several processes may share the file: each
commit takes the write lock first.  ``record`` holds the facts, ``body`` the messages, so that messages can have a
retention of their own.  The columns beside ``leaf`` are a clipped index over it; what counts is the leaf.  ``id`` is
the order of insertion in this file, not a place in a tree.
"""

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from esb.audit.entry import clip
from esb.audit.leaf import LeafInvalid, read_leaf
from esb.audit.record import (
    WRITTEN,
    Duplicate,
    NotWritten,
    Outcome,
    Record,
    RecordUnwritable,
    StoreUnavailable,
    check_schema,
    write_apart,
)

SCHEMA_VERSION: Final = 2
_SCHEMA: Final = f"""
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
PRAGMA user_version = {SCHEMA_VERSION};
"""
# From each version to the next, in place.
_UPGRADES: Final = {1: ("ALTER TABLE body ADD COLUMN key INTEGER", "PRAGMA user_version = 2")}
_BUSY_MS: Final = 5_000
# Another process's commit takes a few milliseconds.  SQLite's own waiting sleeps ever longer, up to a tenth of a
# second, and whoever sleeps so long meets the other's next commit: this is how long we sleep between two attempts.
_TURN: Final = 0.000_5
_PAGE: Final = 16_384  # three messages to a page: measured a third cheaper than the default
# A checkpoint inside a commit makes every waiting answer wait: only the backstop for a log that is never idle.
_PAGES_FORCED: Final = 1_000
_WAL_BYTES_KEPT: Final = 64 * 1024 * 1024

_RECORD_COLUMNS: Final = 10
_BODY_COLUMNS: Final = 4
# Statements come in sizes of powers of two, so that a handful of them, prepared once, writes a batch of any size;
# a single statement of many rows gives the interpreter's lock back and takes it once, not once for each row.
_LARGEST_STATEMENT: Final = 64

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
    """An :class:`~esb.audit.record.EvidenceStore` in one file, made at the first use.

    Args:
        path: the file; beside it SQLite keeps ``-wal`` and ``-shm``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = f"{path}-wal"
        self._connection: sqlite3.Connection | None = None
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
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _write(self, batch: Sequence[Record]) -> list[Outcome]:
        connection = self._open()
        try:
            _begin(connection)
            first: int = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM record").fetchone()[0]
            numbered = list(enumerate(batch, first))
            if _insert_records(connection, numbered) == len(batch):
                _insert_bodies(connection, numbered)
                outcomes: list[Outcome] = [WRITTEN] * len(batch)
            else:
                new = {row[0] for row in connection.execute("SELECT id FROM record WHERE id >= ?", (first,))}
                _insert_bodies(connection, [(number, record) for number, record in numbered if number in new])
                outcomes = [WRITTEN if number in new else _found(connection, record) for number, record in numbered]
            connection.execute("COMMIT")
        except _UNFIT as error:
            self._roll_back(connection)
            raise RecordUnwritable("the record holds a value that the evidence log cannot store") from error
        except sqlite3.Error as error:
            self._fail()
            raise StoreUnavailable(reason(error)) from error
        except BaseException:
            self._fail()
            raise
        with suppress(sqlite3.Error, OSError):  # what was committed is durable whatever comes of this
            self._keep_small(connection)
        return outcomes

    def _keep_small(self, connection: sqlite3.Connection) -> None:
        """Have the write-ahead log begin again where it has grown too long.

        With one writer each forced checkpoint does that.  Several that never rest add to the log while another copies
        it, so that it is never copied whole: then one of them keeps the others out for as long as that takes.
        """
        # After such a checkpoint the file is cut to what is kept, so a longer one is one that is in use.
        if os.stat(self._log).st_size <= _WAL_BYTES_KEPT:
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
                connection = _connect(self._path)
                try:
                    self._make_sure(connection)
                    connection.execute("PRAGMA busy_timeout = 0")  # from now on _begin waits
                except BaseException:
                    connection.close()
                    raise
            except sqlite3.Error as error:
                raise StoreUnavailable(reason(error)) from error
            except OSError as error:
                raise StoreUnavailable(_REASONS[sqlite3.SQLITE_CANTOPEN]) from error
            self._connection, self._doubtful = connection, False
        return self._connection

    def _make_sure(self, connection: sqlite3.Connection) -> None:
        # After a failed fsync a log can be read whose bytes never reached the disk, and a second fsync would not tell.
        # Copied into the file and synced there, what is found again is durable before anybody is told that it is.  And
        # the log is begun anew, for which every reader has to leave it: what is written behind such bytes is lost with
        # them when the power fails.
        kind = "RESTART" if self._doubtful else "FULL"
        busy, logged, copied = connection.execute(f"PRAGMA wal_checkpoint({kind})").fetchone()
        if self._doubtful and (busy or logged != copied):
            raise StoreUnavailable(_REASONS[sqlite3.SQLITE_BUSY])


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file for writing, making it and its tables where they are missing."""
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
        _make_tables(connection)
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


def _make_tables(connection: sqlite3.Connection) -> None:
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
        connection.execute("COMMIT")
    check_version(connection)


def bring_up(path: Path) -> None:
    """Bring the tables of an earlier version up to this one, in place and in one transaction.

    Raises:
        StoreUnavailable: the file cannot be written.
    """
    try:
        _connect(path).close()
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


def _pieces(rows: list[tuple[int, Record]]) -> Iterator[list[tuple[int, Record]]]:
    start = 0
    while start < len(rows):
        size = min(_LARGEST_STATEMENT, 1 << ((len(rows) - start).bit_length() - 1))
        yield rows[start : start + size]
        start += size


def _statement(table: str, columns: int, rows: int, ending: str = "") -> str:
    row = "(" + ",".join("?" * columns) + ")"
    return f"INSERT INTO {table} VALUES {','.join([row] * rows)}{ending}"  # noqa: S608  # our own names, no values


_SIZES: Final = [1 << power for power in range(_LARGEST_STATEMENT.bit_length())]
_INSERT_RECORDS: Final = {n: _statement("record", _RECORD_COLUMNS, n, " ON CONFLICT DO NOTHING") for n in _SIZES}
_INSERT_BODIES: Final = {n: _statement("body", _BODY_COLUMNS, n) for n in _SIZES}


def _insert_records(connection: sqlite3.Connection, rows: list[tuple[int, Record]]) -> int:
    """Insert what is new; return how many were."""
    count = 0
    for piece in _pieces(rows):
        values: list[object] = []
        for number, record in piece:
            entry = record.entry
            values += (
                number,
                entry.record,
                entry.kind.value,
                entry.at,
                clip(entry.consumer),
                clip(entry.service),
                clip(entry.outcome),
                entry.grant,
                record.replay_key,
                record.leaf,
            )
        count += connection.execute(_INSERT_RECORDS[len(piece)], values).rowcount
    return count


def _insert_bodies(connection: sqlite3.Connection, rows: list[tuple[int, Record]]) -> None:
    for piece in _pieces(rows):
        values: list[object] = []
        for number, record in piece:
            values += (number, record.message, record.sent, record.key)
        connection.execute(_INSERT_BODIES[len(piece)], values)


def _found(connection: sqlite3.Connection, record: Record) -> Outcome:
    """Say what an insert that did nothing ran into."""
    name = record.entry.record
    row = connection.execute("SELECT leaf FROM record WHERE record = ?", (name,)).fetchone()
    if row is not None:
        return WRITTEN if row[0] == record.leaf else NotWritten("another record has this record's name")
    row = connection.execute("SELECT leaf FROM record WHERE replay_key = ?", (record.replay_key,)).fetchone()
    try:
        first = read_leaf(row[0])
    except LeafInvalid:
        return NotWritten("the record of the first message with this id is damaged: an operator must look into it")
    return Duplicate(first.exchange, first.message_sha256)
