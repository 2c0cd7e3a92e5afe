"""The files of a log in SQLite: one a month, each of which names the next.

A file takes records until its month (UTC) is over.  The first writer to come after that makes the next file and then,
under the write lock of the old one, writes its name there.  So there is always one file that is written; whoever
follows the names finds all, in the order of their records' numbers; and what is in a file that names another never
becomes more.  A month that leaves the log gives its room back to the disk at once, and keeping a file small keeps a
backup small: one that is closed does not change any more.
"""

import os
import re
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from esb.audit.months import MonthInvalid, moment_of, month_at, month_begin, month_end
from esb.audit.record import StoreUnavailable

TABLE: Final = """
CREATE TABLE file (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    month TEXT NOT NULL,
    first INTEGER NOT NULL,
    next TEXT
) STRICT;
"""
FACTS: Final = "SELECT month, first, next FROM file"
PLACE: Final = "SELECT max(coalesce((SELECT max(id) FROM record), 0) + 1, first), next FROM file"
"""The number of the next record in a file, and the name of the next file."""

# Whoever does not know of months, or has not looked, must not add to a file behind whose last number others count on.
_CLOSED: Final = """
CREATE TRIGGER closed BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'the file of a month that is over'); END
"""
_MICRO: Final = 1_000_000
_NAME: Final = re.compile(r"-(\d{4}-\d{2})(?:-\d+)?\.db")


@dataclass(frozen=True, slots=True)
class MonthFile:
    """A file of a log.

    Attributes:
        path: where it is.
        month: ``YYYY-MM``, the one in which it takes, or took, records; the first file of a log may hold older ones.
        first: number that its first record has at least.
        next: name of the file after it; None of the one that is written.
    """

    path: Path
    month: str
    first: int
    next: str | None

    @property
    def began(self) -> float:
        """When its month began, Unix seconds."""
        return month_begin(self.month) / _MICRO

    @property
    def over(self) -> float:
        """When its month is over, Unix seconds."""
        return month_end(self.month) / _MICRO

    @property
    def following(self) -> Path | None:
        """Where the next file is."""
        return None if self.next is None else self.path.with_name(self.next)


@dataclass(frozen=True, slots=True)
class Where:
    """Which records a question is about, so that not every file has to be asked.

    Attributes:
        low, high: numbers, from ``low`` on and below ``high``.
        numbers: these alone, where there are any.
        names: of records; those found by them are unique.  Where a name tells when its exchange began (UUIDv7), the
            file of then is asked first, and the others only for what it does not have.
        since: microseconds since the Unix epoch; only what was written then or later.
        newest_first: the order that the question asks for; else the oldest first.
        most: how many rows are wanted; the question says so too.
    """

    low: int = 0
    high: int | None = None
    numbers: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    since: int | None = None
    newest_first: bool = False
    most: int | None = None


ANYWHERE: Final = Where()
NEWEST: Final = Where(newest_first=True, most=1)
ONE_FILE: Final = Where(high=2)
"""The first file: for what is the same in every one."""


def read_file(path: Path, connection: sqlite3.Connection) -> MonthFile:
    """Read which file of a log an open one is.

    Raises:
        sqlite3.Error: it cannot be read.
        StoreUnavailable: what it says of itself makes no sense.
    """
    return named(path, connection.execute(FACTS).fetchall())


def named(path: Path, rows: Sequence[tuple[Any, ...]]) -> MonthFile:
    """Read what a file says of itself.

    Args:
        rows: what :data:`FACTS` gave.

    Raises:
        StoreUnavailable: it makes no sense.
    """
    try:
        ((month, first, following),) = rows
        month_end(str(month))
        # A name leads nowhere but to a file beside this one.
        return MonthFile(path, str(month), int(first), None if following is None else Path(following).name)
    except (ValueError, TypeError, MonthInvalid) as error:
        raise StoreUnavailable(
            f"the evidence log's file {path.name} does not say of which month it is: "
            "it is damaged; stop the bus and restore it"
        ) from error


def check_new(file: MonthFile, following: Path, seen: Collection[Path]) -> None:
    """Refuse to follow names in a circle.

    Args:
        file: which names ``following`` as the next.
        seen: those that led to it.

    Raises:
        StoreUnavailable: it was there before; says which file is wrong.
    """
    if following in seen:
        raise StoreUnavailable(
            f"the evidence log's file {file.path.name} names an earlier one as the next: "
            "it is damaged; stop the bus and restore it"
        )


def begin_first(connection: sqlite3.Connection, now: float) -> None:
    """Say in a log's first file, within a transaction, that it is one, and takes records until this month is over."""
    connection.execute(TABLE.strip().rstrip(";"))
    connection.execute("INSERT INTO file VALUES (1, ?, 1, NULL)", (month_at(int(now * _MICRO)),))


def begin_next(log: Path, now: float, first: int, make: Callable[[Path], sqlite3.Connection]) -> str:
    """Make the file of the month of ``now``, durably; it is part of the log once the last one names it.

    To be called under the write lock of the last one, so that nobody else makes one meanwhile.  What an attempt left
    that came to nothing is taken away; a file with records in it, as is there when an older file was put back out of a
    backup, never is.

    Args:
        log: the log's first file.
        now: Unix seconds.
        first: number of its first record.
        make: opens a file for writing, making it and its tables.

    Returns:
        Its name.

    Raises:
        OSError, sqlite3.Error: it cannot be made.
    """
    month = month_at(int(now * _MICRO))
    draft = log.with_name(f"{log.stem}-next.db")
    _remove(draft)
    with closing(make(draft)) as connection:
        connection.execute("UPDATE file SET month = ?, first = ?", (month, first))
    # Closed by its only connection, all of it stands in the one file.
    _sync(draft, os.O_RDWR)
    count = 1
    while True:
        path = log.with_name(f"{log.stem}-{month}{'' if count == 1 else f'-{count}'}.db")
        if not path.exists() or _came_to_nothing(path):
            break
        count += 1
    _remove(path)
    os.rename(draft, path)
    _sync(log.parent, os.O_RDONLY | os.O_DIRECTORY)
    return path.name


def close_file(connection: sqlite3.Connection, following: str) -> None:
    """Within a transaction, name the file after this one: from its commit on no record comes to this one any more."""
    connection.execute("UPDATE file SET next = ?", (following,))
    connection.execute(_CLOSED)


def _came_to_nothing(path: Path) -> bool:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute("SELECT 1 FROM record LIMIT 1").fetchone() is None
        except sqlite3.DatabaseError:
            return False


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            os.unlink(f"{path}{ending}")


def _sync(path: Path, flags: int) -> None:
    opened = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def chosen(files: list[MonthFile], where: Where) -> list[MonthFile]:
    """Those of a log's files that a question is about, in the order in which their rows are wanted."""
    found, numbers = [], sorted(where.numbers)
    for place, file in enumerate(files):
        end = files[place + 1].first if place + 1 < len(files) else None
        in_time = where.since is None or end is None or file.month >= month_at(where.since)
        in_range = (where.high is None or file.first < where.high) and (end is None or end > where.low)
        at = bisect_left(numbers, file.first)
        among = not numbers or (at < len(numbers) and (end is None or numbers[at] < end))
        if in_time and in_range and among:
            found.append(file)
    return found[::-1] if where.newest_first else found


def likely(files: list[MonthFile], names: Iterable[str]) -> list[MonthFile]:
    """The files in which records of these names are to be looked for first; without a time in a name, the newest."""
    found: set[int] = set()
    for name in names:
        began = moment_of(name)
        month = "" if began is None else month_at(began)
        at = next((n for n, file in enumerate(files) if month and file.month >= month), len(files) - 1)
        found |= {at, min(at + 1, len(files) - 1)}  # what began in a month's last moments may be written in the next
    return [files[at] for at in sorted(found)]


def flaws(files: list[MonthFile], ends: Sequence[tuple[int, int]]) -> list[tuple[str, str]]:
    """What is wrong with the order of a log's files: the name of each file about which something is, and what.

    Args:
        ends: the least and the greatest number of a record in each file; (0, 0) of one without any.
    """
    found: list[tuple[str, str]] = []
    for number, (file, (least, greatest)) in enumerate(zip(files, ends, strict=True)):
        named = _NAME.search(file.path.name)
        earlier = files[number - 1].month if number else ""
        if (number and (named is None or named[1] != file.month)) or not _is_later(file.month, earlier):
            found.append((file.path.name, "its month is not the one that follows"))
        if file.first < 1 or (number == 0 and file.first != 1) or (least and least < file.first):
            found.append((file.path.name, "it says another first number than that of its records"))
        if number + 1 < len(files) and greatest >= files[number + 1].first:
            found.append((file.path.name, "it holds records with the numbers of the next file"))
    return found


def _is_later(month: str, earlier: str) -> bool:
    try:
        return month_end(month) > 0 and month > earlier
    except MonthInvalid:
        return False
