"""Does an exchange cost more in a state that has grown?  A home is copied and filled: services, grants, log rows.

Rows are written by the database itself, each copied from a real one with another name, because ten thousand operators'
acts would take longer than what is to be measured.  SQLite only.
"""

import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from esb.audit.sqlite import SqliteStore

_MEMBERS: Final = 500
_LEAF_BYTES: Final = 600
_MONTH_US: Final = 30 * 86_400 * 1_000_000
_COUNTING: Final = "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?) "


@dataclass(frozen=True, slots=True)
class Size:
    """How much a registry and a log hold."""

    services: int
    grants: int
    rows: int


SMALL: Final = Size(10, 10, 10)
LARGE: Final = Size(10_000, 100_000, 1_000_000)


def copy_home(home: Path, to: Path) -> Path:
    """A copy of a home that is not served."""
    shutil.copytree(home, to)
    return to


def fill(home: Path, size: Size, now: float) -> None:
    """Fill a home that :func:`esb.bench.place.make_place` made, up to ``size``; what stood there stays.

    Args:
        now: Unix seconds; the log's rows lie in the month before.
    """
    _fill_registry(home / "registry.db", size)
    SqliteStore(home / "evidence.db").idle()  # makes the tables
    _fill_log(home / "evidence.db", size, now)


def _fill_registry(path: Path, size: Size) -> None:
    connection = sqlite3.connect(path)
    with connection:
        members = min(_MEMBERS, size.services)
        _copy(connection, "members", {"code": "'M' || n", "voen": "NULL"}, "code = 'EESMN'", members)
        _copy(connection, "systems", {"member": "'M' || n"}, "member = 'DIN'", members)
        have = connection.execute("SELECT count(*), max(id) FROM services").fetchone()
        more = size.services - have[0]
        if more > 0:
            named = {"member": f"'M' || (n % {members} + 1)", "code": "'S' || n", "id": f"{have[1]} + n"}
            _copy(connection, "services", named, "id = (SELECT min(id) FROM services)", more)
        granted = connection.execute("SELECT count(*), max(id) FROM grants").fetchone()
        more = size.grants - granted[0]
        if more > 0:
            named = {
                "id": f"{granted[1]} + n",
                "consumer_member": f"'M' || (n * 7 % {members} + 1)",
                "service_id": f"{have[1]} + n % {max(1, size.services - have[0])} + 1",
            }
            _copy(connection, "grants", named, "id = (SELECT min(id) FROM grants)", more)
    connection.close()


def _copy(connection: sqlite3.Connection, table: str, changed: dict[str, str], which: str, count: int) -> None:
    """Copy the row that ``which`` names ``count`` times, with ``changed`` columns as SQL over the copy's number n."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changed.get(column, f"{table}.{column}") for column in columns)
    connection.execute(
        f"{_COUNTING} INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM counted, {table} WHERE {which}",
        (count,),
    )


def _fill_log(path: Path, size: Size, now: float) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    first: int = connection.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()[0]
    began = int(now * 1e6) - _MONTH_US
    step = max(1, (_MONTH_US - 86_400_000_000) // max(1, size.rows))
    with connection:
        # Requests and answers by turns; messages of an octet, so that a million rows fit on an ordinary disk.
        kind = "CASE n % 2 WHEN 0 THEN 'request' ELSE 'answer' END"
        connection.execute(
            f"{_COUNTING} INSERT INTO record"
            " (id, record, kind, at, consumer, service, outcome, grant_id, replay_key, leaf)"
            f" SELECT ? + n, printf('%032x-', n / 2) || {kind}, {kind}, ? + n * ?, 'M' || (n % 500),"
            " 'M1/BENCH/S' || (n % 1000), '', n % 100, CASE n % 2 WHEN 0 THEN randomblob(32) END, randomblob(?)"
            " FROM counted",
            (size.rows, first, began, step, _LEAF_BYTES),
        )
        connection.execute(
            f"{_COUNTING} INSERT INTO body SELECT ? + n, x'00', x'', NULL FROM counted", (size.rows, first)
        )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
