"""Data keys of a log that is an SQLite file, in a small file of their own beside it.

Of its own for two reasons: what is destroyed in it can be looked for in a moment; and it can be backed up apart from
the log, for a shorter time, so that a backup of the log does not outlive the keys of what it holds.

SQLite overwrites what is deleted (secure_delete), and after keys were destroyed the write-ahead log, which holds
earlier pages, is cut to nothing.  Blocks that a file system or a disk has put aside are beyond its reach:
docs/evidence.md.
"""

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from esb.audit import sqlite
from esb.audit.data_keys import DataKey, read_row
from esb.audit.record import StoreUnavailable, check_schema

SCHEMA_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE data_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    until TEXT NOT NULL,
    made INTEGER NOT NULL,
    first INTEGER NOT NULL,
    master TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    shredded INTEGER
) STRICT;
PRAGMA user_version = 1;
"""
_ONE: Final = "SELECT id, until, made, first, master, wrapped, shredded FROM data_key WHERE id = ?"
_ALL: Final = "SELECT id, until, made, first, master, wrapped, shredded FROM data_key ORDER BY id"
_BUSY_SECONDS: Final = 5.0


def keys_path(log: Path) -> Path:
    """The keys' file, beside the log's: ``evidence.db`` has ``evidence-keys.db``."""
    return log.with_name(f"{log.stem}-keys.db")


class SqliteDataKeys:
    """A :class:`~esb.audit.data_keys.DataKeys` beside an SQLite log, its file made at the first key.

    Args:
        log: the log's file.
    """

    def __init__(self, log: Path) -> None:
        self._path = keys_path(log)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def add(self, until: str, made: int, first: int, master: str, wrapped: bytes) -> DataKey:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        with self._place() as place:
            number = place.execute(
                "INSERT INTO data_key (until, made, first, master, wrapped) VALUES (?, ?, ?, ?, ?)",
                (until, made, first, master, wrapped),
            ).lastrowid
        return DataKey(int(number or 0), until, made, first, master, wrapped, None)

    def get(self, number: int) -> DataKey | None:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        rows = self._rows(_ONE, number)
        return rows[0] if rows else None

    def all(self) -> list[DataKey]:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        return self._rows(_ALL)

    def rewrap(self, key: DataKey, master: str, wrapped: bytes) -> bool:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        with self._place() as place:
            done = place.execute(
                "UPDATE data_key SET master = ?, wrapped = ? WHERE id = ? AND wrapped = ? AND shredded IS NULL",
                (master, wrapped, key.id, key.wrapped),
            )
        return done.rowcount == 1

    def shred(self, numbers: Iterable[int], at: int) -> None:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        with self._place() as place:
            place.execute("BEGIN IMMEDIATE")
            try:
                place.executemany(
                    "UPDATE data_key SET wrapped = x'', shredded = ? WHERE id = ? AND shredded IS NULL",
                    [(at, number) for number in numbers],
                )
            except BaseException:
                with suppress(sqlite3.Error):
                    place.execute("ROLLBACK")
                raise
            place.execute("COMMIT")
            until = time.monotonic() + _BUSY_SECONDS
            # Every reader has to leave the write-ahead log before it can be cut.
            while place.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > until:
                    raise StoreUnavailable("another process reads the log's keys without end: try again")
                time.sleep(0.01)

    def freed(self, numbers: Iterable[int]) -> None:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        with self._place() as place:
            place.executemany(
                "UPDATE data_key SET first = 0 WHERE id = ? AND shredded IS NOT NULL", [(number,) for number in numbers]
            )

    def close(self) -> None:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(sqlite3.Error):
                    connection.close()

    def _rows(self, query: str, *values: object) -> list[DataKey]:
        with self._lock:
            if self._connection is None and not self._path.exists():
                return []  # who only reads makes no file
            with self._place() as place:
                return [read_row(row) for row in place.execute(query, values)]

    @contextmanager
    def _place(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = _open(self._path)
                yield self._connection
            except sqlite3.Error as error:
                self.close()
                raise StoreUnavailable(f"the log's keys: {sqlite.reason(error)}") from error
            except OSError as error:
                raise StoreUnavailable(
                    "the log's keys cannot be opened: check that their folder is writable"
                ) from error


def _open(path: Path) -> sqlite3.Connection:
    sqlite.make_closed(path)
    place = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        place.execute("PRAGMA secure_delete = ON")
        place.execute("PRAGMA journal_mode = WAL")
        place.execute("PRAGMA synchronous = FULL")
        place.execute("PRAGMA trusted_schema = OFF")
        if place.execute("PRAGMA user_version").fetchone()[0] == 0:
            place.execute("BEGIN IMMEDIATE")  # two processes may meet here; the second finds the work done
            if place.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _SCHEMA.split(";\n"):
                    place.execute(statement)
            place.execute("COMMIT")
        check_schema(place.execute("PRAGMA user_version").fetchone()[0], SCHEMA_VERSION)
    except BaseException:
        place.close()
        raise
    return place
