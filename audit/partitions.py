"""The messages of a log in PostgreSQL, in partitions by their numbers, which grow with time.

Messages are nearly all of a log, and to let go of a month is then to drop tables: no row is deleted, nothing is left to
be vacuumed, and the room goes back to the disk.  The elected sequencer makes partitions ahead; what none was made for
stands in ``body_rest``.  No statement about ``body`` need know of any of this.  Records' own rows stand in partitions
by months (:mod:`esb.audit.record_partitions`).
"""

import re
from dataclasses import dataclass
from typing import Final, LiteralString

import psycopg
from psycopg import errors, sql

WIDTH: Final = 1 << 21
"""Numbers in a partition: at ten million records a month, five partitions."""

SCHEMA: Final = "evidence"
# Who waits for a whole table makes everybody who comes after wait too, messages among them.
PATIENCE: Final[LiteralString] = "SET LOCAL lock_timeout = '200ms'"
_BOUNDS: Final = re.compile(r"FOR VALUES FROM \((?:MINVALUE|'([^']*)')\) TO \('([^']*)'\)")


@dataclass(frozen=True, slots=True)
class Partition:
    """A table that holds a range of a partitioned one.

    Attributes:
        name: of the table.
        low: the first value that belongs there; None where all below ``high`` do.
        high: the first value that does not belong there any more.
    """

    name: str
    low: str | None
    high: str


def partitions_of(connection: psycopg.Connection, table: str) -> list[Partition]:
    """The partitions of a table of the log, but for the one of all the rest, in no order."""
    rows = connection.execute(
        "SELECT relname::text, pg_get_expr(relpartbound, pg_class.oid) FROM pg_class "
        "JOIN pg_inherits ON inhrelid = pg_class.oid WHERE inhparent = to_regclass('evidence.' || %s)",
        (table,),
    ).fetchall()
    found = ((name, _BOUNDS.fullmatch(bound)) for name, bound in rows)
    return [Partition(name, bounds[1], bounds[2]) for name, bounds in found if bounds is not None]


def partition_name(number: int) -> str:
    """The table that holds the messages of the record of this number."""
    return f"body_{number // WIDTH:06d}"


def partition_bodies(connection: psycopg.Connection) -> None:
    """Make the table of messages a partitioned one, in the caller's transaction; nothing where it is one already.

    What is there becomes the first partition as it is; it is read once, for PostgreSQL to see that it fits.
    """
    if _is(connection, "SELECT relkind <> 'r' FROM pg_class WHERE oid = 'evidence.body'::regclass"):
        return
    connection.execute("LOCK TABLE evidence.record, evidence.body IN ACCESS EXCLUSIVE MODE")
    last = _number(connection, "SELECT greatest((SELECT max(id) FROM evidence.record), 0)")
    end = (last // WIDTH + 1) * WIDTH
    for statement in (
        "ALTER TABLE evidence.body RENAME TO body_first",
        "ALTER TABLE evidence.body_first RENAME CONSTRAINT body_pkey TO body_first_pkey",
        "CREATE TABLE evidence.body (LIKE evidence.body_first INCLUDING STORAGE, PRIMARY KEY (id)) "
        "PARTITION BY RANGE (id)",
        "CREATE TABLE evidence.body_rest PARTITION OF evidence.body DEFAULT",
        f"ALTER TABLE evidence.body ATTACH PARTITION evidence.body_first FOR VALUES FROM (MINVALUE) TO ({end})",
    ):
        connection.execute(statement.encode())
    make_room(connection, last)


def make_room(connection: psycopg.Connection, number: int) -> bool:
    """See to it that the two partitions behind the one of ``number`` are there; whether they are.

    Where they cannot be made now nothing is lost: what belongs there stands in ``body_rest`` until they can.
    """
    for start in range((number // WIDTH + 1) * WIDTH, (number // WIDTH + 3) * WIDTH, WIDTH):
        name = partition_name(start)
        if _is(connection, "SELECT to_regclass('evidence.' || %s) IS NOT NULL", name):
            continue
        try:
            with connection.transaction():
                connection.execute(PATIENCE)
                _make(connection, name, start)
        except psycopg.Error:
            if connection.broken or connection.closed:
                raise
            return False  # somebody tends the table, or another makes it, or we may not: the next round looks again
    return True


def _make(connection: psycopg.Connection, name: str, start: int) -> None:
    table = sql.Identifier(SCHEMA, name)
    # A table that is attached when it is ready holds up nobody who writes to another partition.
    connection.execute(sql.SQL("CREATE TABLE {} (LIKE evidence.body INCLUDING ALL)").format(table))
    connection.execute("LOCK TABLE evidence.body_rest IN ACCESS EXCLUSIVE MODE")
    connection.execute(
        sql.SQL(
            "WITH strayed AS (DELETE FROM evidence.body_rest WHERE id >= %s AND id < %s RETURNING *) "
            "INSERT INTO {} SELECT * FROM strayed"
        ).format(table),
        (start, start + WIDTH),
    )
    connection.execute(
        sql.SQL("ALTER TABLE evidence.body ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            table, sql.Literal(start), sql.Literal(start + WIDTH)
        )
    )


def whole_partitions(connection: psycopg.Connection, end: int) -> list[Partition]:
    """Partitions all of whose numbers lie below ``end``, the oldest first.  The last record's is never among them."""
    top = _number(connection, "SELECT coalesce(max(id), 0) FROM evidence.record")
    found = [each for each in partitions_of(connection, "body") if int(each.high) <= min(end, top)]
    return sorted(found, key=lambda each: int(each.high))


def drop_partition(connection: psycopg.Connection, partition: Partition) -> bool:
    """Drop a partition whose records have left the log; messages of those that stay, as changes do, stay too.

    Returns:
        Whether it is gone; False where another held the table too long.
    """
    low, high = int(partition.low or 0), int(partition.high)
    # Looked up before anybody has to wait.  Under these numbers nothing comes any more.
    rows = connection.execute("SELECT id FROM evidence.record WHERE id >= %s AND id < %s", (low, high)).fetchall()
    table = sql.Identifier(SCHEMA, partition.name)
    try:
        with connection.transaction():
            connection.execute(PATIENCE)
            connection.execute(sql.SQL("ALTER TABLE evidence.body DETACH PARTITION {}").format(table))
            connection.execute(
                sql.SQL("INSERT INTO evidence.body SELECT * FROM {} WHERE id = ANY(%s)").format(table),
                ([row[0] for row in rows],),
            )
            connection.execute(sql.SQL("DROP TABLE {}").format(table))
    except errors.LockNotAvailable:
        return False
    return True


def _is(connection: psycopg.Connection, query: LiteralString, *values: object) -> bool:
    row = connection.execute(query, values).fetchone()
    return row is not None and bool(row[0])


def _number(connection: psycopg.Connection, query: LiteralString) -> int:
    row = connection.execute(query).fetchone()
    return 0 if row is None else int(row[0])
