"""Rows out of an archive, for a reader whose log has let go of them."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from esb.audit.depot import Depot
from esb.audit.package import read_package_name, read_rows_name
from esb.audit.package_read import open_member


class Archive:
    """Rows of packages, as the log would give them: for a reader whose log has let go of them.

    What it gives is no more believed than what a log's tables hold: whoever reads holds leaves against tiles.

    Args:
        depots: where packages are.
    """

    def __init__(self, depots: Sequence[Depot]) -> None:
        self._depots = depots
        self._packages: list[tuple[int, int, Depot, str]] | None = None
        self._stretches: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
        self._workshop: TemporaryDirectory[str] | None = None
        self._open: tuple[str, str, sqlite3.Connection, Path] | None = None

    def rows(self, select: str, index: int, number: int, count: int) -> list[tuple[Any, ...]]:
        """Rows of records whose indices and numbers follow one another; none for what no package holds.

        Args:
            select: a question about the log's tables without its condition.
            index, number: of the first record.
            count: how many.

        Raises:
            DepotUnavailable: a depot cannot be read now.
        """
        found: list[tuple[Any, ...]] = []
        for first, end, depot, package in self._holding(index, index + count):
            for name, (start, stop) in self._members(depot, package).items():
                low, high = max(index, first, start), min(index + count, end, stop)
                if low < high:
                    found += self._rows(depot, package, name, select, number + low - index, number + high - index)
        return found

    def _members(self, depot: Depot, package: str) -> dict[str, tuple[int, int]]:
        """Which leaves each file of rows holds; asked once, because a package does not change and a store is far."""
        known = self._stretches.get((depot.place, package))
        if known is None:
            found = ((name, read_rows_name(name)) for name in depot.members(package))
            known = {name: stretch for name, stretch in found if stretch is not None}
            self._stretches[depot.place, package] = known
        return known

    def _rows(self, depot: Depot, package: str, name: str, select: str, low: int, high: int) -> list[tuple[Any, ...]]:
        file = self._member(depot, package, name)
        if file is None:
            return []
        try:
            return file.execute(f"{select} WHERE record.id >= ? AND record.id < ?", (low, high)).fetchall()
        except sqlite3.Error:
            return []  # an altered file: the walk over the archive names it

    def _member(self, depot: Depot, package: str, name: str) -> sqlite3.Connection | None:
        if self._open is not None and self._open[:2] == (package, name):
            return self._open[2]
        self._let_go()
        if self._workshop is None:
            self._workshop = TemporaryDirectory(prefix="esb-archive-")
        path = depot.fetch(package, name, Path(self._workshop.name))
        if path is None:
            return None
        self._open = (package, name, as_now(open_member(path)), path)
        return self._open[2]

    def _holding(self, start: int, end: int) -> Iterator[tuple[int, int, Depot, str]]:
        if self._packages is None:
            self._packages = [
                (found[1], found[2], depot, name)
                for depot in self._depots
                for name in depot.packages()
                if (found := read_package_name(name)) is not None
            ]
        return (each for each in self._packages if each[0] < end and start < each[1])

    def close(self) -> None:
        """Let go of files, and of copies that were fetched."""
        self._let_go()
        if self._workshop is not None:
            self._workshop.cleanup()
            self._workshop = None

    def _let_go(self) -> None:
        if self._open is None:
            return
        _, _, file, path = self._open
        self._open = None
        file.close()
        if self._workshop is not None and path.parent == Path(self._workshop.name):
            path.unlink(missing_ok=True)


def as_now(file: sqlite3.Connection) -> sqlite3.Connection:
    """Give rows that an earlier version of the log wrote the columns that it had not yet."""
    with suppress(sqlite3.Error):  # what is no database gives no rows either
        names = {row[0] for row in file.execute("SELECT name FROM pragma_table_info('body')")}
        if names and "key" not in names:
            file.execute("CREATE TEMP VIEW body AS SELECT *, NULL AS key FROM main.body")
    return file
