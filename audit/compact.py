"""Giving the room that dropped months and expired messages left inside a log's SQLite files back to the disk.

SQLite writes a whole file anew for that, and lets nobody else write to it meanwhile.  The files of months that are over
are written by nobody, so it is done beside the serving bus; the file that takes records only while no bus serves.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from esb.audit import sqlite
from esb.audit.month_files import MonthFile
from esb.audit.reading import files_of
from esb.audit.record import StoreUnavailable
from esb.audit.store import locate
from esb.audit.tree_sqlite import SqliteTree
from esb.kernel.faults import EsbError


class CompactRefused(EsbError):
    """The log cannot be made smaller now; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What came of it.

    Attributes:
        before, after: bytes that the files took and take.
        left: whether this month's file was left as it is, because a bus serves.
    """

    before: int
    after: int
    left: bool


def compact(url: str) -> Compacted:
    """Write the log's files anew without what is free inside.

    Args:
        url: of the log.

    Raises:
        CompactRefused: the log is not in files; or a bus serves, and there is no file but the one that it writes.
        StoreUnavailable: a file cannot be written now, or its disk has no room for the copy; it is as it was.
    """
    log = locate(url)
    if not isinstance(log, Path):
        raise CompactRefused("PostgreSQL gives a dropped month's tables back by itself: there is nothing to do")
    turn = SqliteTree(log)
    free = turn.elect()
    try:
        files = files_of(log)
        chosen = [file for file in files if free or file.next is not None]
        if not chosen:
            raise CompactRefused("a bus is serving and would have to wait for all of it: stop it first")
        before = _bytes(files)
        for file in chosen:
            with closing(sqlite.open_write(file.path)) as connection:
                give_back(connection)
        return Compacted(before, _bytes(files), left=not free)
    except sqlite3.Error as error:
        raise StoreUnavailable(sqlite.reason(error)) from error
    except OSError as error:
        raise StoreUnavailable("the evidence log's file cannot be found") from error
    finally:
        turn.close()


def give_back(file: sqlite3.Connection) -> None:
    """Write a file anew without what is free inside, where there is anything.

    Raises:
        sqlite3.Error: it cannot be done now; the file is as it was.
    """
    if file.execute("PRAGMA freelist_count").fetchone()[0]:
        file.execute("VACUUM")
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _bytes(files: list[MonthFile]) -> int:
    return sum(file.path.stat().st_size for file in files)
