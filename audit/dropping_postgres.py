"""Letting archived records of a PostgreSQL log go: a month whose records leave goes as a whole table.

What stays of a month, as the last of it that are in the next month's package do, goes to the rest; what leaves of other
months, as from the rest, is deleted in small commits.  Each step begins anew from what is there, so where one was
cut off the next attempt goes on.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import psycopg
from psycopg import errors, sql

from esb.audit import postgres
from esb.audit.partitions import PATIENCE, SCHEMA, Partition, drop_partition, partitions_of, whole_partitions
from esb.audit.record import StoreUnavailable
from esb.audit.record_partitions import border, last_moment
from esb.audit.replays import forget_leaving
from esb.audit.tree import Span

_ROWS: Final = 500  # deleted in one commit: some milliseconds
_MOST_LEFT: Final = 4_096
"""Records that stay of a month whose table goes: more are not moved while everybody waits."""
_ATTEMPTS: Final = 60  # at a table that others use
_PAUSE: Final = 0.5  # seconds between two of them, in which messages go on
_END: Final = 2**62
_LEFT: Final = """
SELECT least(
    (SELECT min(id) FROM record WHERE id >= %s AND id < %s AND kind <> 'change'),
    (SELECT min(id) FROM body WHERE id >= %s AND id < %s)
)
"""
_RECORDS: Final = (
    "DELETE FROM record WHERE id >= %s AND id < %s AND kind <> 'change' AND id < (SELECT max(id) FROM record)"
)
# Of whom there are no records any more; looked up for all at once, because any month may hold them.
_BODIES: Final = (
    "DELETE FROM body WHERE id >= %s AND id < %s AND id NOT IN (SELECT id FROM record WHERE id >= %s AND id < %s)"
)


def drop_from_database(url: str, spans: Sequence[Span], told: Callable[[int], None]) -> int:
    """Delete the rows of these records, where they are still there; see :func:`esb.audit.dropping.drop_rows`."""
    if not spans:
        return 0
    end = max(span.record + span.count for span in spans)
    try:
        with postgres.connect(url) as log:
            postgres.check_version(log)
            # First, so that nobody looks for the record of a message id and does not find it.
            forget_leaving(log, min(span.record for span in spans), end)
            gone = sum(_let_month_go(log, month, spans) for month in _past(log))
            whole = whole_partitions(log, end)
            # Messages in a partition that goes as a whole are not deleted one by one.
            behind = max((int(each.high) for each in whole), default=0)
            for span in spans:
                for low, high in _left(log, span, behind):
                    with log.transaction():
                        gone += log.execute(_RECORDS, (low, high)).rowcount
                        if high > behind:
                            log.execute(_BODIES, (low, high, low, high))
                    told(span.index + high - span.record)
                told(span.index + span.count)
            for each in whole:
                _patiently(each.name, lambda each=each: drop_partition(log, each))  # type: ignore[misc]
            return gone
    except psycopg.Error as error:
        raise StoreUnavailable(postgres.reason(error)) from error


def _past(log: psycopg.Connection) -> list[Partition]:
    """The months behind which there is a record already: theirs are over."""
    now = border(last_moment(log))
    return sorted((each for each in partitions_of(log, "record") if each.high <= now), key=lambda each: each.high)


def _left(log: psycopg.Connection, span: Span, behind: int) -> Iterator[tuple[int, int]]:
    """Ranges of numbers in a span under which there may still be rows to delete."""
    at, end = span.record, span.record + span.count
    while True:
        found = log.execute(_LEFT, (at, end, max(at, behind), end)).fetchone()
        if found is None or found[0] is None:
            return
        low = int(found[0])
        at = min(low + _ROWS, end)
        yield low, at


def _let_month_go(log: psycopg.Connection, month: Partition, spans: Sequence[Span]) -> int:
    """Drop a month's table, where nearly all that is in it leaves; how many records are gone with it."""
    table = sql.Identifier(SCHEMA, month.name)
    with log.transaction():
        log.execute("SET LOCAL statement_timeout = 0")  # nobody waits for this
        log.execute("SET LOCAL enable_seqscan = off")  # few stand between those that leave
        mark, top = log.execute("SELECT mark, (SELECT max(id) FROM record) FROM tree").fetchall()[0]
        low, high = log.execute(sql.SQL("SELECT min(id), max(id) FROM {}").format(table)).fetchall()[0]
        if low is None or not any(span.record <= high and low < span.record + span.count for span in spans):
            return 0
        rows = log.execute(
            sql.SQL(
                "SELECT id FROM {} JOIN unnest(%s::bigint[], %s::bigint[]) AS gap (low, high) "
                "ON id >= gap.low AND id < gap.high WHERE id <= %s LIMIT %s"
            ).format(table),
            (*_gaps(spans), mark, _MOST_LEFT + 1),
        ).fetchall()
        stay = {row[0] for row in rows}
        if len(stay) > _MOST_LEFT:
            return 0
        count = log.execute(sql.SQL("SELECT count(*) FROM {} WHERE id <= %s").format(table), (mark,)).fetchall()[0][0]
        stay |= {top}  # new ones are numbered after it

    def drop() -> bool:
        try:
            with log.transaction():
                log.execute(PATIENCE)
                log.execute(sql.SQL("ALTER TABLE record DETACH PARTITION {}").format(table))
                # Under numbers up to the mark nothing has come since.
                log.execute(
                    sql.SQL("INSERT INTO record SELECT * FROM {} WHERE id = ANY(%s) OR id > %s").format(table),
                    (list(stay), mark),
                )
                log.execute(sql.SQL("DROP TABLE {}").format(table))
        except errors.LockNotAvailable:
            return False
        return True

    _patiently(month.name, drop)
    return int(count) - len(rows)


def _gaps(spans: Sequence[Span]) -> tuple[list[int], list[int]]:
    """Where the ranges of numbers begin that belong to none of these, and where they end."""
    taken = sorted((span.record, span.record + span.count) for span in spans)
    return [0, *(end for _, end in taken)], [*(low for low, _ in taken), _END]


def _patiently(table: str, drop: Callable[[], bool]) -> None:
    for _ in range(_ATTEMPTS):
        if drop():
            return
        time.sleep(_PAUSE)
    raise StoreUnavailable(f"the table evidence.{table} is in use without a pause: the same command goes on from here")
