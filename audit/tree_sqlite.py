"""The tree of a log that is an SQLite file, in a file of its own beside it.

Of its own, so that the sequencer's commit never makes a record wait: a file has one writer at a time.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from esb.audit import sqlite
from esb.audit.month_files import Where
from esb.audit.reading import FilesReading
from esb.audit.record import StoreUnavailable, check_schema
from esb.audit.tiles import Place
from esb.audit.tree import BATCH, SignCheckpoint, addition, tree_root

_FIRST: Final = """
CREATE TABLE tree (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, mark INTEGER NOT NULL) STRICT;
INSERT INTO tree VALUES (1, 0, 0);
CREATE TABLE span (
    first INTEGER PRIMARY KEY,
    record INTEGER NOT NULL UNIQUE,
    count INTEGER NOT NULL
) STRICT;
CREATE TABLE tile (
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    root BLOB NOT NULL,
    note BLOB NOT NULL
) STRICT;
"""
_WITH_OTHERS_WORDS: Final = """
CREATE TABLE stamp (
    size INTEGER NOT NULL,
    at INTEGER NOT NULL,
    token BLOB NOT NULL,
    PRIMARY KEY (size, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE cosignature (
    size INTEGER NOT NULL,
    name TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (size, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX cosignature_of ON cosignature (name, size);
"""
_STEPS: Final = (_FIRST, _WITH_OTHERS_WORDS)
"""What brings the file from each version to the next; one of version 0 is empty."""
SCHEMA_VERSION: Final = len(_STEPS)
_TILE: Final = "SELECT hashes FROM tile WHERE level = ? AND number = ?"
_BUSY_SECONDS: Final = 5.0


def tree_path(log: Path) -> Path:
    """The tree's file, beside the log's: ``evidence.db`` has ``evidence-tree.db``."""
    return log.with_name(f"{log.stem}-tree.db")


class SqliteTree:
    """A :class:`~esb.audit.tree.TreeStore` beside an SQLite log.

    Args:
        log: the log's file.
    """

    def __init__(self, log: Path) -> None:
        self._log = FilesReading(log)
        self._path = tree_path(log)
        self._tree: sqlite3.Connection | None = None
        self._turn: int | None = None  # the open file whose lock is our being elected

    def elect(self) -> bool:
        """See :class:`~esb.audit.tree.TreeStore`.  The lock goes with the process that holds it, however it ends."""
        if self._turn is not None:
            return True
        try:
            turn = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnavailable("the log's tree cannot be opened: check that its folder is writable") from error
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(turn)
            return False
        self._turn = turn
        return True

    def add(self, most: int = BATCH) -> int:
        """See :class:`~esb.audit.tree.TreeStore`."""
        with self._places() as (tree, log), _transaction(tree):
            size, mark = tree.execute("SELECT size, mark FROM tree").fetchone()
            # What is committed has every lower number before it: a number is given under the log's one write lock.
            records = log.rows(
                "SELECT id, leaf FROM record WHERE id > ? ORDER BY id LIMIT ?", (mark, most), Where(mark + 1, most=most)
            )
            added = addition(size, mark, records, _reading(tree))
            if added.size == size:
                return 0
            tree.executemany(
                "INSERT INTO span VALUES (?, ?, ?)", [(span.index, span.record, span.count) for span in added.spans]
            )
            tree.executemany(
                "INSERT OR REPLACE INTO tile VALUES (?, ?, ?)",
                [(place.level, place.number, hashes) for place, hashes in added.tiles.items()],
            )
            tree.execute("UPDATE tree SET size = ?, mark = ?", (added.size, added.mark))
            return int(added.size - size)

    def publish(self, sign: SignCheckpoint) -> bytes | None:
        """See :class:`~esb.audit.tree.TreeStore`."""
        with self._places() as (tree, _), _transaction(tree):
            size: int = tree.execute("SELECT size FROM tree").fetchone()[0]
            last = tree.execute("SELECT max(size) FROM checkpoint").fetchone()[0]
            if size == (last or 0):
                return None
            found = tree_root(size, _reading(tree))
            note = sign(size, found)
            tree.execute("INSERT INTO checkpoint VALUES (?, ?, ?)", (size, found, note))
            return note

    def oldest_waiting(self) -> int | None:
        """See :class:`~esb.audit.tree.TreeStore`."""
        with self._places() as (tree, log):
            mark: int = tree.execute("SELECT mark FROM tree").fetchone()[0]
            rows = log.rows("SELECT at FROM record WHERE id > ? ORDER BY id LIMIT 1", (mark,), Where(mark + 1, most=1))
            return int(rows[0][0]) if rows else None

    def keep_stamp(self, size: int, at: int, token: bytes) -> None:
        """See :class:`~esb.audit.tree.TreeStore`."""
        with self._places() as (tree, _), _transaction(tree):
            tree.execute("INSERT OR IGNORE INTO stamp VALUES (?, ?, ?)", (size, at, token))

    def keep_cosignature(self, size: int, name: str, line: str) -> None:
        """See :class:`~esb.audit.tree.TreeStore`."""
        with self._places() as (tree, _), _transaction(tree):
            tree.execute("INSERT OR REPLACE INTO cosignature VALUES (?, ?, ?)", (size, name, line))

    def close(self) -> None:
        """See :class:`~esb.audit.tree.TreeStore`."""
        if self._tree is not None:
            with suppress(sqlite3.Error):
                self._tree.close()
        self._tree = None
        self._log.close()
        if self._turn is not None:
            os.close(self._turn)
            self._turn = None

    @contextmanager
    def _places(self) -> Iterator[tuple[sqlite3.Connection, FilesReading]]:
        """The tree and the log, opened where they are not; closed again after an error of either."""
        try:
            if self._tree is None:
                self._tree = open_file(self._path)
            yield self._tree, self._log
        except sqlite3.Error as error:
            self._drop()
            raise StoreUnavailable(sqlite.reason(error)) from error
        except OSError as error:
            raise StoreUnavailable("the log's tree cannot be opened: check that its folder is writable") from error

    def _drop(self) -> None:
        """Close both, and stay elected."""
        turn, self._turn = self._turn, None
        self.close()
        self._turn = turn


def open_file(path: Path) -> sqlite3.Connection:
    """Open the tree's file for writing; it and its tables are made where they are missing."""
    sqlite.make_closed(path)
    tree = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        tree.execute("PRAGMA journal_mode = WAL")
        tree.execute("PRAGMA synchronous = FULL")
        tree.execute("PRAGMA trusted_schema = OFF")
        if tree.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
            with _transaction(tree):  # two processes may meet here; the second finds the work done
                for step in _STEPS[tree.execute("PRAGMA user_version").fetchone()[0] :]:
                    for statement in step.split(";\n"):
                        tree.execute(statement)
                tree.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        check_schema(tree.execute("PRAGMA user_version").fetchone()[0], SCHEMA_VERSION)
    except BaseException:
        tree.close()
        raise
    return tree


@contextmanager
def _transaction(tree: sqlite3.Connection) -> Iterator[None]:
    tree.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            tree.execute("ROLLBACK")
        raise
    tree.execute("COMMIT")


def _reading(tree: sqlite3.Connection) -> Callable[[Place], bytes | None]:
    def read(place: Place) -> bytes | None:
        row = tree.execute(_TILE, (place.level, place.number)).fetchone()
        return None if row is None else bytes(row[0])

    return read
