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

from esb.audit import sqlite
from esb.audit.dropping_postgres import drop_from_database
from esb.audit.raw import TABLES
from esb.audit.record import StoreUnavailable
from esb.audit.store import locate
from esb.audit.tree import Span

_ROWS: Final = 500  # in one commit: some milliseconds
_BREATH: Final = 0.005  # seconds between two commits in a file: its writer looks for its turn every half a millisecond
_BUSY_SECONDS: Final = 30.0
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
    if isinstance(place, Path):
        return _from_file(place, spans, told)
    return drop_from_database(place, list(spans), told)


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
