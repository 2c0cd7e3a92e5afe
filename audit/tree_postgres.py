"""The tree of a log in PostgreSQL, in the log's own schema."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, LiteralString

import psycopg
from psycopg import errors

from esb.audit import postgres
from esb.audit.partitions import WIDTH, make_room
from esb.audit.record import StoreUnavailable, check_schema
from esb.audit.record_partitions import last_moment, make_months
from esb.audit.replays import forget
from esb.audit.tiles import Place
from esb.audit.tree import BATCH, SignCheckpoint, addition, tree_root

_FIRST: Final[LiteralString] = """
CREATE TABLE tree (one integer PRIMARY KEY CHECK (one = 1), version integer NOT NULL, size bigint NOT NULL,
    mark bigint NOT NULL);
INSERT INTO tree VALUES (1, 1, 0, 0);
CREATE TABLE span (first bigint PRIMARY KEY, record bigint NOT NULL UNIQUE, count bigint NOT NULL);
CREATE TABLE tile (level smallint NOT NULL, number bigint NOT NULL, hashes bytea NOT NULL, PRIMARY KEY (level, number));
CREATE TABLE checkpoint (size bigint PRIMARY KEY, root bytea NOT NULL, note bytea NOT NULL);
-- Hashes cannot be compressed: to try would only cost.
ALTER TABLE tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
"""
_WITH_OTHERS_WORDS: Final[LiteralString] = """
CREATE TABLE stamp (size bigint NOT NULL, at bigint NOT NULL, token bytea NOT NULL, PRIMARY KEY (size, at));
CREATE TABLE cosignature (size bigint NOT NULL, name text NOT NULL, line text NOT NULL, PRIMARY KEY (size, name));
CREATE INDEX cosignature_of ON cosignature (name, size);
"""
_STEPS: Final[tuple[LiteralString, ...]] = (_FIRST, _WITH_OTHERS_WORDS)
"""What brings the tables from each version to the next; of version 0 there are none."""
SCHEMA_VERSION: Final = len(_STEPS)
_LOCK: Final = 0x53686C757B  # one process makes the tables; any number that the processes agree on
_HOUR: Final = 3_600_000_000  # microseconds
_TURN: Final = 0x53686C757C  # whoever holds it in its session is the one who sequences


class PostgresTree:
    """A :class:`~esb.audit.tree.TreeStore` in the log's database, its tables made at the first use.

    Args:
        url: a libpq URL, ``postgresql://…``.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection | None = None
        self._elected = False
        self._roomy: int | None = None  # the partition of messages, by its number, behind which there are more
        self._hour: int | None = None  # of the last record, when there were months for it and for what comes

    def elect(self) -> bool:
        """See :class:`~esb.audit.tree.TreeStore`.  The lock goes with the session, and the session with its process."""
        with self._place() as tree:
            if not self._elected:
                self._elected = bool(_one(tree, "SELECT pg_try_advisory_lock(%s)", _TURN))
            return self._elected

    def add(self, most: int = BATCH) -> int:
        """See :class:`~esb.audit.tree.TreeStore`."""
        with self._place() as tree:
            mark = _one(tree, "SELECT mark FROM tree")
            # By its order, or a plan for any mark might read the whole table to find that there is nothing behind it.
            if _one(tree, "SELECT id FROM record WHERE id > %s ORDER BY id LIMIT 1", mark) is None:
                return 0
            last = _settled(tree)
            with tree.transaction():
                size, mark = tree.execute("SELECT size, mark FROM tree FOR UPDATE").fetchall()[0]
                records = tree.execute(
                    "SELECT id, leaf FROM record WHERE id > %s AND id <= %s ORDER BY id LIMIT %s",
                    (mark, last, most),
                    binary=True,
                )
                added = addition(size, mark, records, _reading(tree))
                if added.size == size:
                    return 0
                with tree.cursor() as cursor:
                    cursor.executemany(
                        "INSERT INTO span VALUES (%s, %s, %s)",
                        [(span.index, span.record, span.count) for span in added.spans],
                    )
                    cursor.executemany(
                        "INSERT INTO tile VALUES (%s, %s, %s) "
                        "ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes",
                        [(place.level, place.number, hashes) for place, hashes in added.tiles.items()],
                    )
                tree.execute("UPDATE tree SET size = %s, mark = %s", (added.size, added.mark))
                return int(added.size - size)

    def publish(self, sign: SignCheckpoint) -> bytes | None:
        """See :class:`~esb.audit.tree.TreeStore`."""
        with self._place() as tree:
            self._tend(tree)
            with tree.transaction():
                return _publish(tree, sign)

    def oldest_waiting(self) -> int | None:
        """See :class:`~esb.audit.tree.TreeStore`."""
        with self._place() as tree:
            found = _one(tree, "SELECT at FROM record WHERE id > (SELECT mark FROM tree) ORDER BY id LIMIT 1")
            return found if isinstance(found, int) else None

    def keep_stamp(self, size: int, at: int, token: bytes) -> None:
        """See :class:`~esb.audit.tree.TreeStore`."""
        with self._place() as tree:
            tree.execute("INSERT INTO stamp VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", (size, at, token))

    def keep_cosignature(self, size: int, name: str, line: str) -> None:
        """See :class:`~esb.audit.tree.TreeStore`."""
        with self._place() as tree:
            tree.execute(
                "INSERT INTO cosignature VALUES (%s, %s, %s) "
                "ON CONFLICT (size, name) DO UPDATE SET line = excluded.line",
                (size, name, line),
            )

    def close(self) -> None:
        """See :class:`~esb.audit.tree.TreeStore`."""
        connection, self._connection, self._elected = self._connection, None, False
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    def _tend(self, tree: psycopg.Connection) -> None:
        """Have partitions ready before records come that belong there, and forget old message ids."""
        mark = int(str(_one(tree, "SELECT mark FROM tree")))
        if mark // WIDTH != self._roomy:
            self._roomy = mark // WIDTH if make_room(tree, mark) else None
        moment = last_moment(tree)
        if moment // _HOUR != self._hour:
            self._hour = moment // _HOUR if make_months(tree, moment) else None
        forget(tree)

    @contextmanager
    def _place(self) -> Iterator[psycopg.Connection]:
        """The database; a lost connection, and with it the election, is let go of."""
        try:
            if self._connection is None:
                connection = postgres.connect(self._url)
                try:
                    _prepare(connection)
                except BaseException:
                    connection.close()
                    raise
                self._connection = connection
            yield self._connection
        except psycopg.Error as error:
            if self._connection is not None and (self._connection.broken or self._connection.closed):
                self.close()
            raise StoreUnavailable(postgres.reason(error)) from error


def _publish(tree: psycopg.Connection, sign: SignCheckpoint) -> bytes | None:
    size = tree.execute("SELECT size FROM tree FOR UPDATE").fetchall()[0][0]
    last = _one(tree, "SELECT max(size) FROM checkpoint")
    if size == (last or 0):
        return None
    found = tree_root(size, _reading(tree))
    note = sign(size, found)
    tree.execute("INSERT INTO checkpoint VALUES (%s, %s, %s)", (size, found, note))
    return note


def _settled(tree: psycopg.Connection) -> int:
    """The highest number under which nothing can appear any more.

    Numbers are given when a statement begins and are seen when it has committed, so a lower one can come after a higher
    one.  A share lock waits for the inserts that are under way and holds new ones up for the moment of one look.  All
    of them come through the table of all months, so that no other need be locked.
    """
    try:
        with tree.transaction():
            tree.execute("SET LOCAL lock_timeout = '2s'")
            tree.execute("LOCK TABLE ONLY record IN SHARE MODE")
            return int(str(_one(tree, "SELECT last_value FROM record_number")))
    except errors.LockNotAvailable:
        return 0  # somebody tends the table: the next round comes in a second


def _prepare(connection: psycopg.Connection) -> None:
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        found = 0
        if _one(connection, "SELECT to_regclass('evidence.tree') IS NOT NULL"):
            found = int(str(_one(connection, "SELECT version FROM tree")))
        for step in _STEPS[found:]:
            connection.execute(step)
        if found < SCHEMA_VERSION:
            connection.execute("UPDATE tree SET version = %s", (SCHEMA_VERSION,))
    postgres.check_version(connection)
    check_schema(_one(connection, "SELECT version FROM tree"), SCHEMA_VERSION)


def _one(connection: psycopg.Connection, query: LiteralString, *values: object) -> object:
    row = connection.execute(query, values).fetchone()
    return None if row is None else row[0]


def _reading(tree: psycopg.Connection) -> Callable[[Place], bytes | None]:
    def read(place: Place) -> bytes | None:
        row = tree.execute(
            "SELECT hashes FROM tile WHERE level = %s AND number = %s", (place.level, place.number), binary=True
        ).fetchone()
        return None if row is None else bytes(row[0])

    return read
