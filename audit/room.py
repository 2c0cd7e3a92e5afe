"""How much room the log takes on either database, and how much there is for it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from esb.audit import postgres, tree_sqlite
from esb.audit.month_files import NEWEST
from esb.audit.reading import FilesReading
from esb.audit.record import StoreUnavailable
from esb.audit.search_index import index_path
from esb.audit.store import locate

RECORDS: Final = "records and messages"
TREE: Final = "tree"
INDEX: Final = "search index"

_TABLES: Final = """
SELECT relname::text, pg_total_relation_size(pg_class.oid) FROM pg_class
JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = 'evidence' AND relkind IN ('r', 'm')
"""
_TREES: Final = frozenset({"tree", "span", "tile", "checkpoint", "package", "stamp", "cosignature"})


@dataclass(frozen=True, slots=True)
class Room:
    """What a log takes and has, in bytes.

    Attributes:
        parts: by name.
        reusable: of these, how much is free inside and taken by new records before anything grows; 0 where the
            database does not tell.
        free: how much there is beside; None where nobody knows.
    """

    parts: dict[str, int]
    reusable: int
    free: int | None

    @property
    def taken(self) -> int:
        """All that the log takes, without what is free inside."""
        return sum(self.parts.values()) - self.reusable


def room_of(url: str, capacity: int = 0) -> Room:
    """Measure a log's place.

    Args:
        url: of the log.
        capacity: bytes that it may take at most; 0 for as many as its disk has.

    Raises:
        StoreUnavailable: the place cannot be read now.
    """
    place = locate(url)
    room = _of_file(place) if isinstance(place, Path) else _of_database(place)
    if capacity:
        left = max(0, capacity - sum(room.parts.values()))
        room = Room(room.parts, room.reusable, left if room.free is None else min(left, room.free))
    return room


def _of_file(path: Path) -> Room:
    log = FilesReading(path)
    try:
        records = [file.path for file in log.files()]
        # Only the file that is written takes new records into what is free inside.
        ((pages,),), ((page,),) = (log.rows(f"PRAGMA {what}", (), NEWEST) for what in ("freelist_count", "page_size"))
        disk = os.statvfs(path.absolute().parent)
    except OSError as error:
        raise StoreUnavailable("the evidence log's disk cannot be asked how full it is") from error
    finally:
        log.close()
    files = {RECORDS: records, TREE: [tree_sqlite.tree_path(path)], INDEX: [index_path(path)]}
    parts = {
        name: sum(_size(Path(f"{file}{end}")) for file in those for end in ("", "-wal"))
        for name, those in files.items()
    }
    return Room(parts, int(pages) * int(page), disk.f_bavail * disk.f_frsize)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size  # without opening it: to close it again would take away SQLite's locks
    except OSError:
        return 0


def _of_database(url: str) -> Room:
    parts = dict.fromkeys((RECORDS, TREE, INDEX), 0)
    try:
        with postgres.connect(url) as log:
            for table, size in log.execute(_TABLES).fetchall():
                name = TREE if table in _TREES else INDEX if table.startswith("search_") else RECORDS
                parts[name] += int(size)
            return Room(parts, 0, _free_beside(log))
    except psycopg.Error as error:
        raise StoreUnavailable(postgres.reason(error)) from error


def _free_beside(log: psycopg.Connection) -> int | None:
    """What the server's disk has, where the server is on this machine and lets us know where its data is."""
    host = log.info.host
    if not host.startswith("/") and host not in ("localhost", "127.0.0.1", "::1"):
        return None
    try:
        row = log.execute("SELECT current_setting('data_directory')").fetchone()
        disk = os.statvfs("" if row is None else str(row[0]))
    except (psycopg.errors.InsufficientPrivilege, OSError):
        return None
    return disk.f_bavail * disk.f_frsize
