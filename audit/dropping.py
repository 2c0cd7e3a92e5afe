"""Letting archived records go: their rows leave the log; tree, checkpoints and the registry's changes stay.

Changes stay because the recorder finds by them how far it has come, and the last record stays because new ones are
numbered after it.  What is deleted is deleted in small commits, so that no message waits long for one.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg

from esb.audit import postgres, sqlite
from esb.audit.partitions import drop_partition, whole_partitions
from esb.audit.raw import TABLES
from esb.audit.record import StoreUnavailable
from esb.audit.store import locate
from esb.audit.tree import Span

_ROWS: Final = 500  # in one commit: some milliseconds
_BREATH: Final = 0.005  # seconds between two commits in a file: its writer looks for its turn every half a millisecond
_BUSY_SECONDS: Final = 30.0
_ATTEMPTS: Final = 60  # at a partition that others use
_PAUSE: Final = 0.5  # seconds between two of them, in which messages go on
_CHOSEN: Final = (
    "SELECT id FROM record WHERE id >= ? AND id < ? AND kind <> 'change' AND id < (SELECT max(id) FROM record)"
)
# Messages first: a row of "record" says which they are.
_STATEMENTS: Final = tuple(
    f"DELETE FROM {table} WHERE id IN ({_CHOSEN})"  # noqa: S608  # our own names
    for table in sorted(TABLES)
)


def drop_rows(url: str, spans: Iterable[Span], told: Callable[[int], None] = lambda _: None) -> int:
    """Delete the rows of these records, where they are still there.

    Args:
        url: of the log; others may be writing it.
        spans: whose; whether they may go is for the caller to say.
        told: is told the index up to which they are gone.

    Returns:
        How many records are gone now that were there before.

    Raises:
        StoreUnavailable: the log cannot be written now; what was deleted stays deleted.
    """
    place = locate(url)
    return _from_file(place, spans, told) if isinstance(place, Path) else _from_database(place, spans, told)


def _pieces(spans: Iterable[Span]) -> Iterable[tuple[int, int, int]]:
    for span in spans:
        for at in range(0, span.count, _ROWS):
            count = min(_ROWS, span.count - at)
            yield span.record + at, span.record + at + count, span.index + at + count


def _from_file(path: Path, spans: Iterable[Span], told: Callable[[int], None]) -> int:
    gone = 0
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as log:
            log.execute("PRAGMA synchronous = FULL")
            sqlite.check_version(log)
            for low, high, index in _pieces(spans):
                log.execute("BEGIN IMMEDIATE")
                for statement in _STATEMENTS:
                    count = log.execute(statement, (low, high)).rowcount
                log.execute("COMMIT")
                gone += count
                told(index)
                time.sleep(_BREATH)
            log.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    except sqlite3.Error as error:
        raise StoreUnavailable(sqlite.reason(error)) from error
    return gone


def _from_database(url: str, spans: Iterable[Span], told: Callable[[int], None]) -> int:
    gone = 0
    try:
        with postgres.connect(url) as log:
            postgres.check_version(log)
            given = list(spans)
            # Messages in a partition that goes as a whole are not deleted one by one.
            whole = whole_partitions(log, max((span.record + span.count for span in given), default=0))
            behind = max((end for _, end in whole), default=0)
            for low, high, index in _pieces(given):
                with log.transaction():
                    for statement in _STATEMENTS[high <= behind :]:
                        count = log.execute(statement.replace("?", "%s").encode(), (low, high)).rowcount
                gone += count
                told(index)
            for name, _ in whole:
                _let_go(log, name)
    except psycopg.Error as error:
        raise StoreUnavailable(postgres.reason(error)) from error
    return gone


def _let_go(log: psycopg.Connection, name: str) -> None:
    for _ in range(_ATTEMPTS):
        if drop_partition(log, name):
            return
        time.sleep(_PAUSE)
    raise StoreUnavailable(
        f"the table evidence.{name} is in use without a pause: its records are gone, and the same command drops it"
    )
