"""Where the search index is kept: a file beside an SQLite log, tables beside a PostgreSQL one; the statements are one.

Everything here is derived from the leaves.  A piece and the mark that it moves are written in one transaction, so an
indexer killed at any moment leaves neither a gap nor a double, and any number of them may be at work.
"""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import psycopg

from esb.audit import postgres, sqlite
from esb.audit.month_files import ANYWHERE, Where
from esb.audit.postings import PIECES, VOLUME, Piece, merge
from esb.audit.reading import Reading, Rows
from esb.audit.record import StoreUnavailable
from esb.kernel.faults import EsbError

SCHEMA_VERSION: Final = 1
# A dense list is of the whole volume, or of a piece that waits to be merged ("fresh"); so is a bucket of sparse ones.
_SQLITE: Final = """
CREATE TABLE search_state (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, next INTEGER NOT NULL,
    last INTEGER NOT NULL, leaf BLOB NOT NULL) STRICT;
INSERT INTO search_state VALUES (1, 1, 0, 0, x'');
CREATE TABLE search_piece (piece INTEGER PRIMARY KEY, records INTEGER NOT NULL, oldest INTEGER NOT NULL,
    newest INTEGER NOT NULL, slowest INTEGER NOT NULL) STRICT;
CREATE TABLE search_column (piece INTEGER PRIMARY KEY, times BLOB NOT NULL, durations BLOB NOT NULL) STRICT;
CREATE TABLE search_dense (term INTEGER NOT NULL, volume INTEGER NOT NULL, offsets BLOB NOT NULL,
    PRIMARY KEY (term, volume)) STRICT, WITHOUT ROWID;
CREATE TABLE search_sparse (bucket INTEGER NOT NULL, volume INTEGER NOT NULL, entries BLOB NOT NULL,
    PRIMARY KEY (bucket, volume)) STRICT, WITHOUT ROWID;
CREATE TABLE search_fresh_dense (term INTEGER NOT NULL, volume INTEGER NOT NULL, piece INTEGER NOT NULL,
    offsets BLOB NOT NULL, PRIMARY KEY (term, volume, piece)) STRICT, WITHOUT ROWID;
CREATE TABLE search_fresh_sparse (bucket INTEGER NOT NULL, volume INTEGER NOT NULL, piece INTEGER NOT NULL,
    entries BLOB NOT NULL, PRIMARY KEY (bucket, volume, piece)) STRICT, WITHOUT ROWID
"""
_POSTGRES: Final = """
CREATE TABLE search_state (one integer PRIMARY KEY CHECK (one = 1), version integer NOT NULL, next bigint NOT NULL,
    last bigint NOT NULL, leaf bytea NOT NULL);
INSERT INTO search_state VALUES (1, 1, 0, 0, '');
CREATE TABLE search_piece (piece bigint PRIMARY KEY, records integer NOT NULL, oldest bigint NOT NULL,
    newest bigint NOT NULL, slowest bigint NOT NULL);
CREATE TABLE search_column (piece bigint PRIMARY KEY, times bytea NOT NULL, durations bytea NOT NULL);
CREATE TABLE search_dense (term bigint NOT NULL, volume bigint NOT NULL, offsets bytea NOT NULL,
    PRIMARY KEY (term, volume));
CREATE TABLE search_sparse (bucket bigint NOT NULL, volume bigint NOT NULL, entries bytea NOT NULL,
    PRIMARY KEY (bucket, volume));
CREATE TABLE search_fresh_dense (term bigint NOT NULL, volume bigint NOT NULL, piece bigint NOT NULL,
    offsets bytea NOT NULL, PRIMARY KEY (term, volume, piece));
CREATE TABLE search_fresh_sparse (bucket bigint NOT NULL, volume bigint NOT NULL, piece bigint NOT NULL,
    entries bytea NOT NULL, PRIMARY KEY (bucket, volume, piece));
-- Lists are packed already, and a bucket is best read with its row.
ALTER TABLE search_dense ALTER COLUMN offsets SET STORAGE EXTERNAL;
ALTER TABLE search_sparse ALTER COLUMN entries SET STORAGE EXTERNAL;
ALTER TABLE search_sparse SET (toast_tuple_target = 8160)
"""
_TABLES: Final = (
    "search_state", "search_piece", "search_column", "search_dense", "search_sparse", "search_fresh_dense",
    "search_fresh_sparse",
)  # fmt: skip
_PAGE: Final = 16_384  # ten buckets to a page, and none of them outside of it
_BUSY_SECONDS: Final = 5.0
_LOCK: Final = 0x53686C757D  # one process makes the tables; any number that the processes agree on
_WAITING: Final = "SELECT min(volume) FROM search_fresh_sparse UNION ALL SELECT min(volume) FROM search_fresh_dense"
_ANEW: Final = "and is best made anew: esb log index --rebuild"
_STATE: Final = "SELECT version, next, last, leaf FROM search_state"


class IndexUnfit(EsbError):
    """The search index is of another version of the program, or of another log."""


@dataclass(frozen=True, slots=True)
class State:
    """How far the index goes.

    Attributes:
        next: the first number that is not in it; all below are.
        last: number of the last record that is in it; 0 where none is.
        leaf: the leaf hash of that record.
    """

    next: int
    last: int
    leaf: bytes


def index_path(log: Path) -> Path:
    """The index's file, beside the log's: ``evidence.db`` has ``evidence-search.db``."""
    return log.with_name(f"{log.stem}-search.db")


def index_reading(place: Path | str) -> Reading:
    """What reads the index of the log at ``place``."""
    return _IndexReading(index_path(place) if isinstance(place, Path) else place, lambda _ask: None)


class _IndexReading(Reading):
    """Says of what cannot be read that it is the index: the log may be as well as ever."""

    def rows(self, query: str, values: Sequence[object] = (), where: Where = ANYWHERE) -> Rows:
        try:
            return super().rows(query, values, where)
        except StoreUnavailable as error:
            if self.sqlite:
                raise StoreUnavailable(f"the search index cannot be read, {_ANEW}") from error
            raise


def read_state(index: Reading) -> State | None:
    """How far the index goes; None where there is none.

    Raises:
        IndexUnfit: another version of the program made it.
        StoreUnavailable: it cannot be read now.
    """
    if not _there(index):
        return None
    return _state(index.rows(_STATE))


def _there(index: Reading) -> bool:
    if isinstance(index.place, Path):
        if not index.place.exists():
            return False
        return bool(index.rows("SELECT 1 FROM sqlite_master WHERE name = 'search_state'"))
    return bool(index.rows("SELECT to_regclass('evidence.search_state') IS NOT NULL")[0][0])


def _state(rows: list[tuple[Any, ...]]) -> State:
    version, following, last, leaf = rows[0]
    if version != SCHEMA_VERSION:
        raise IndexUnfit("another version of this program made the search index: esb log index --rebuild")
    return State(following, last, bytes(leaf))


class SearchIndex:
    """Writes the index.  Used by one thread at a time; other processes may write it too.

    Args:
        place: of the log, as :func:`~esb.audit.store.locate` tells it.  Opened, and its tables made, at the first use.

    Every method raises :class:`~esb.audit.record.StoreUnavailable` when the place cannot be written now.
    """

    def __init__(self, place: Path | str) -> None:
        self._place = place
        self._writing: _Writing | None = None

    def state(self) -> State:
        """How far it goes.  Raises :class:`IndexUnfit`."""
        with self._open() as writing:
            return _state(writing.rows(_STATE))

    def add(self, before: int, piece: Piece | None, state: State) -> bool:
        """Write a piece and where the index goes then, where it still goes to ``before``.

        Args:
            before: ``next`` as the caller knows it.
            piece: None where no record has any of the numbers.
            state: from then on.

        Returns:
            False where another has written meanwhile: ask :meth:`state` again.
        """
        with self._open() as writing, writing.transaction():
            if writing.rows(writing.locking) != [(before,)]:
                return False
            if piece is not None:
                facts = (piece.number, piece.records, piece.oldest, piece.newest, piece.slowest)
                volume = piece.number // PIECES
                writing.put("search_piece", [facts])
                writing.put("search_column", [(piece.number, piece.times, piece.durations)])
                writing.put("search_fresh_dense", [(each, volume, piece.number, given) for each, given in piece.dense])
                writing.put(
                    "search_fresh_sparse", [(each, volume, piece.number, given) for each, given in piece.sparse]
                )
            writing.rows("UPDATE search_state SET next = ?, last = ?, leaf = ?", (state.next, state.last, state.leaf))
            return True

    def merge(self, pause: Callable[[], object] = lambda: None) -> bool:
        """Merge the pieces of one volume that is whole, where there is one; returns whether there was.

        Args:
            pause: is called every few milliseconds of work.
        """
        with self._open() as writing:
            whole = _state(writing.rows(_STATE)).next // VOLUME
            waits = min(
                (row[0] for row in writing.rows(_WAITING) if row[0] is not None and row[0] < whole), default=None
            )
            if waits is None:
                return False
            dense, sparse = _fresh(writing, waits)
            lists: list[tuple[int, int, bytes]] = []
            buckets: list[tuple[int, int, bytes]] = []
            for more, rest in merge(dense, sparse):
                lists += [(each, waits, given) for each, given in more]
                buckets += [(each, waits, given) for each, given in rest]
                pause()
            with writing.transaction():
                writing.rows(writing.locking)
                if [len(each) for each in _fresh(writing, waits)] != [len(dense), len(sparse)]:
                    return True  # another has merged them, or they are being made anew
                writing.put("search_dense", lists)
                writing.put("search_sparse", buckets)
                writing.rows("DELETE FROM search_fresh_dense WHERE volume = ?", (waits,))
                writing.rows("DELETE FROM search_fresh_sparse WHERE volume = ?", (waits,))
            return True

    def clear(self) -> None:
        """Make it empty, whatever it was."""
        try:
            with self._open() as writing, writing.transaction():
                for table in _TABLES:
                    writing.rows(f"DROP TABLE IF EXISTS {table}")
                writing.make()
        except StoreUnavailable:
            if not isinstance(self._place, Path):
                raise
            # A file that SQLite cannot even empty.  Who has it open finds that it is another's, and opens the new one.
            path = index_path(self._place)
            for ending in ("-wal", "-shm", ""):
                path.with_name(path.name + ending).unlink(missing_ok=True)
            with self._open():
                pass

    def close(self) -> None:
        """Let go of the place; the next use opens it again."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.close()

    @contextmanager
    def _open(self) -> "Iterator[_Writing]":
        if self._writing is not None and self._writing.lost():
            self.close()
        try:
            if self._writing is None:
                place = self._place
                self._writing = _Sqlite(index_path(place)) if isinstance(place, Path) else _Postgres(place)
            yield self._writing
        except (sqlite3.IntegrityError, psycopg.IntegrityError) as error:
            self.close()
            raise IndexUnfit(f"the search index contradicts itself, {_ANEW}") from error
        except sqlite3.Error as error:
            self.close()
            broken = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
            why = f"the search index is damaged, {_ANEW}" if broken else f"the search index: {sqlite.reason(error)}"
            raise StoreUnavailable(why) from error
        except psycopg.Error as error:
            self.close()
            raise StoreUnavailable(postgres.reason(error)) from error
        except OSError as error:
            raise StoreUnavailable("the search index cannot be opened: check that its folder is writable") from error


def _fresh(writing: "_Writing", volume: int) -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]]:
    """The lists of a volume's pieces, dense and sparse."""
    dense = "SELECT term, offsets FROM search_fresh_dense WHERE volume = ? ORDER BY term, piece"
    sparse = "SELECT bucket, entries FROM search_fresh_sparse WHERE volume = ? ORDER BY bucket, piece"
    lists = [[(each, bytes(given)) for each, given in writing.rows(one, (volume,))] for one in (dense, sparse)]
    return lists[0], lists[1]


class _Writing(Protocol):
    locking: str  # reads how far the index goes, and keeps others from changing that

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]: ...
    def put(self, table: str, rows: Iterable[Sequence[object]]) -> None: ...
    def transaction(self) -> Any: ...
    def make(self) -> None: ...
    def lost(self) -> bool: ...
    def close(self) -> None: ...


_WIDTHS: Final = {
    "search_piece": 5, "search_column": 3, "search_dense": 3, "search_sparse": 3, "search_fresh_dense": 4,
    "search_fresh_sparse": 4,
}  # fmt: skip


class _Sqlite:
    locking = "SELECT next FROM search_state"  # its transactions have the file to themselves

    def __init__(self, path: Path) -> None:
        sqlite.make_closed(path)
        self._path = path
        self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._connection.execute(f"PRAGMA page_size = {_PAGE}")
            self._connection.execute("PRAGMA journal_mode = WAL")
            # A commit that a power cut takes back is made again from the leaves: it need not wait for the disk.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA trusted_schema = OFF")
            with self.transaction():
                if not self.rows("SELECT 1 FROM sqlite_master WHERE name = 'search_state'"):
                    self.make()
        except BaseException:
            self._connection.close()
            raise
        self._file = os.stat(path).st_ino

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, values).fetchall()

    def put(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        places = ", ".join("?" * _WIDTHS[table])
        self._connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608  # our own names

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def make(self) -> None:
        for statement in _SQLITE.split(";\n"):
            self._connection.execute(statement)

    def lost(self) -> bool:
        """Whether the file was deleted or another put in its place."""
        try:
            return os.stat(self._path).st_ino != self._file
        except OSError:
            return True

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()


class _Postgres:
    locking = "SELECT next FROM search_state FOR UPDATE"

    def __init__(self, url: str) -> None:
        self._connection = postgres.connect(url)
        try:
            with self.transaction():
                self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                if self.rows("SELECT to_regclass('evidence.search_state') IS NULL")[0][0]:
                    self.make()
        except BaseException:
            self._connection.close()
            raise

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(query.replace("?", "%s").encode(), values, binary=True)
        return cursor.fetchall() if cursor.description else []

    def put(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)

    def transaction(self) -> Any:
        return self._connection.transaction()

    def make(self) -> None:
        self._connection.execute(_POSTGRES.encode())

    def lost(self) -> bool:
        return bool(self._connection.closed or self._connection.broken)

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._connection.close()
