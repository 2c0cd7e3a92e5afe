"""Giving the room that dropped months left inside an SQLite log back to the disk.

SQLite writes the whole file anew for that, and lets nobody else write meanwhile; so it is done while no bus serves.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from esb.audit import sqlite
from esb.audit.record import StoreUnavailable
from esb.audit.store import locate
from esb.audit.tree_sqlite import SqliteTree
from esb.kernel.faults import EsbError

_BUSY_SECONDS: Final = 5.0


class CompactRefused(EsbError):
    """The log cannot be made smaller now; the text says why and what to do."""


def compact(url: str) -> tuple[int, int]:
    """Write the log's file anew without what is free inside.

    Args:
        url: of the log.

    Returns:
        Its bytes before and after.

    Raises:
        CompactRefused: a bus serves, or the log is no file.
        StoreUnavailable: the file cannot be written now, or its disk has no room for the copy; it is as it was.
    """
    path = locate(url)
    if not isinstance(path, Path):
        raise CompactRefused("PostgreSQL gives a dropped month's tables back by itself: there is nothing to do")
    turn = SqliteTree(path)
    if not turn.elect():
        raise CompactRefused("a bus is serving and would have to wait for all of it: stop it first")
    try:
        before = path.stat().st_size
        # Not opened to be made: a path that leads nowhere must stay empty.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=_BUSY_SECONDS, uri=True)) as log:
            sqlite.check_version(log)
            log.execute("VACUUM")
            log.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return before, path.stat().st_size
    except sqlite3.Error as error:
        raise StoreUnavailable(sqlite.reason(error)) from error
    except OSError as error:
        raise StoreUnavailable("the evidence log's file cannot be found") from error
    finally:
        turn.close()
