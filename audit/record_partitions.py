"""The records of a log in PostgreSQL, in partitions by the month in which their exchanges began.

A record's name begins with the time of its exchange (:mod:`esb.kernel.ids`), so a month is a range of names: each name
has its place in one partition, and what is unique there is unique in the log.  Names of the registry's changes begin
otherwise; they stand in ``record_rest`` for ever, with what no partition was made for.  The elected sequencer makes
months ahead.  A month that has left the log goes as a whole table; the few of its records that stay go to the rest.

Numbers (``id``) are one ascending order over all months, and each partition has its own index of them: a record is
found by its name in one of them, and by its number in whichever has it.
"""

from typing import Final, LiteralString

import psycopg
from psycopg import sql

from esb.audit.months import MonthInvalid, month_at, month_begin, month_end
from esb.audit.partitions import PATIENCE, SCHEMA, partitions_of

TABLE: Final = "record"
INDICES: Final[tuple[LiteralString, ...]] = (
    "CREATE INDEX record_use ON evidence.record (at, grant_id) WHERE kind = 'request'",
    "CREATE TABLE evidence.record_rest PARTITION OF evidence.record (PRIMARY KEY (id)) DEFAULT",
)
"""What makes a new partitioned table of records ready."""
_LAST_MOMENT: Final[LiteralString] = """
SELECT coalesce((
    SELECT at FROM evidence.record
    WHERE id > (SELECT last_value FROM evidence.record_number) - 1000 AND kind <> 'change' ORDER BY id DESC LIMIT 1
), (extract(epoch FROM now()) * 1000000)::bigint)
"""


def border(moment: int) -> str:
    """What the names of exchanges that began at a moment, or later, come behind; those of earlier ones before.

    Args:
        moment: microseconds since the Unix epoch.
    """
    digits = f"{moment // 1000:012x}"
    return f"{digits[:8]}-{digits[8:]}"


def partition_records(connection: psycopg.Connection) -> None:
    """Make the table of records of schema 2 a partitioned one, in the caller's transaction, who has it to himself.

    What is there becomes one partition, up to the end of the month of the last record, and is not copied: PostgreSQL
    reads it once, and makes the index of names anew in the order of octets.  Changes go to the rest.
    """
    connection.execute("CREATE SEQUENCE evidence.record_number")
    connection.execute("SELECT setval('evidence.record_number', last_value, is_called) FROM evidence.record_id_seq")
    end = border(month_end(month_at(last_moment(connection))))
    for statement in (
        "ALTER TABLE evidence.record ALTER COLUMN id DROP IDENTITY",
        "ALTER TABLE evidence.record RENAME TO record_first",
        "ALTER TABLE evidence.record_first RENAME CONSTRAINT record_pkey TO record_first_pkey",
        "ALTER TABLE evidence.record_first RENAME CONSTRAINT record_record_key TO record_first_record_key",
        "DROP INDEX evidence.record_replay",
        "ALTER INDEX evidence.record_use RENAME TO record_first_use",
        'ALTER TABLE evidence.record_first ALTER COLUMN record TYPE text COLLATE "C"',
        "CREATE TABLE evidence.record (LIKE evidence.record_first, UNIQUE (record)) PARTITION BY RANGE (record)",
        *INDICES,
    ):
        connection.execute(statement.encode())
    _move(connection, "record_first", "record_rest", sql.SQL("record >= {}").format(sql.Literal(end)))
    _attach(connection, "record_first", sql.SQL("MINVALUE"), sql.Literal(end))


def last_moment(connection: psycopg.Connection) -> int:
    """When the last exchange was recorded, in microseconds since the Unix epoch; where none was of late, now.

    Changes are passed over: they are put on record later than they were made, sometimes years.
    """
    row = connection.execute(_LAST_MOMENT).fetchone()
    return 0 if row is None else int(row[0])


def make_months(connection: psycopg.Connection, moment: int) -> bool:
    """See to it that there are partitions for the month of a moment and for the next one; whether there are.

    Where they cannot be made now nothing is lost: what belongs there stands in ``record_rest`` until they can.
    """
    try:
        month = month_at(moment)
        following = month_at(month_end(month))
    except (MonthInvalid, ValueError, OverflowError):
        return True  # no month of any calendar: somebody altered a row, and the walk says so
    for each in (month, following):
        try:
            with connection.transaction():
                connection.execute(PATIENCE)
                _make(connection, each)
        except psycopg.Error:
            if connection.broken or connection.closed:
                raise
            return False  # somebody tends the table, or another makes it, or we may not: the next round looks again
    return True


def _make(connection: psycopg.Connection, month: str) -> None:
    low, high = border(month_begin(month)), border(month_end(month))
    if any((each.low or "") <= low < each.high for each in partitions_of(connection, TABLE)):
        return
    name = f"record_{month.replace('-', '_')}"
    # A table that is attached when it is ready holds up nobody who writes to another partition.
    connection.execute(
        sql.SQL("CREATE TABLE {} (LIKE evidence.record INCLUDING ALL, PRIMARY KEY (id))").format(
            sql.Identifier(SCHEMA, name)
        )
    )
    connection.execute("LOCK TABLE evidence.record_rest IN ACCESS EXCLUSIVE MODE")
    within = sql.SQL("record >= {} AND record < {}").format(sql.Literal(low), sql.Literal(high))
    _move(connection, "record_rest", name, within)
    _attach(connection, name, sql.Literal(low), sql.Literal(high))


def _move(connection: psycopg.Connection, source: str, target: str, which: sql.Composable) -> None:
    connection.execute(
        sql.SQL("WITH strayed AS (DELETE FROM {} WHERE {} RETURNING *) INSERT INTO {} SELECT * FROM strayed").format(
            sql.Identifier(SCHEMA, source), which, sql.Identifier(SCHEMA, target)
        )
    )


def _attach(connection: psycopg.Connection, name: str, low: sql.Composable, high: sql.Composable) -> None:
    connection.execute(
        sql.SQL("ALTER TABLE evidence.record ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            sql.Identifier(SCHEMA, name), low, high
        )
    )
