"""The files of a package in an archive, read by a record's name, its number or its time, each verified when opened."""

import sqlite3
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import Any, Final

from esb.audit.archive import as_now
from esb.audit.depot import Depot, DepotUnavailable, digest_of
from esb.audit.log import Leaves
from esb.audit.package import Member, PackageInvalid, read_rows_name
from esb.audit.package_read import open_member
from esb.audit.tree_reader import Kept
from esb.kernel.faults import EsbError

EARLY: Final = 120_000_000
"""Microseconds by which records may stand out of the order of their times: they waited, or a clock was set right."""
_Stamp = tuple[int, int, int]
_OPEN: Final = 4
"""Files that stay open: what is asked of a package lies near to what was asked before."""
_NAMED: Final = (
    "SELECT record.id, record, leaf, coalesce(message, x''), coalesce(sent, x''), key "
    "FROM record LEFT JOIN body ON body.id = record.id WHERE record IN (?, ?, ?) ORDER BY record.id"
)
# Changes are passed over: they are put on record later than they were made, sometimes years.
_FIRST: Final = "SELECT at FROM record WHERE kind <> 'change' ORDER BY id LIMIT 1"
_LAST: Final = "SELECT at FROM record WHERE kind <> 'change' ORDER BY id DESC LIMIT 1"


class ArchivedAway(EsbError):
    """What is asked for has left the log, and its package is not at hand; the text says which, and what to type.

    Attributes:
        why: it is not.
    """

    def __init__(self, text: str, why: str) -> None:
        super().__init__(text)
        self.why = why


@dataclass(frozen=True, slots=True)
class Shelved:
    """A record out of the archive, as the log had it.

    Attributes:
        number: in the log.
        record, leaf: its name, and its leaf, which is the one in the tree.
        message, sent: as the table of messages had them, sealed where there is a key.
        key: number of the data key; None of messages in the clear.
    """

    number: int
    record: str
    leaf: bytes
    message: bytes = field(repr=False)
    sent: bytes = field(repr=False)
    key: int | None


def away(kept: Kept, why: str) -> ArchivedAway:
    """What says that a package is not at hand, and why."""
    date = f"{datetime.fromtimestamp(kept.archived, UTC):%Y-%m-%d}"
    return ArchivedAway(
        f"Records of that time have left the log: package {kept.manifest.name} holds them, which was put to "
        f"{kept.place} on {date}. It is not at hand: {why}. Give the same command --archive {quote(kept.place)}, or "
        "the place where it is now; archive.place in the settings says it once for all.",
        why,
    )


class PackageFiles:
    """The files of rows of a package, a few of them open at a time: each is first held against its sealed digest.

    Every method raises :class:`ArchivedAway` where a file is not at hand, and
    :class:`~esb.audit.package.PackageInvalid` where it is not the one that was sealed.

    Args:
        kept: the package; whoever makes this has looked that the log's key sealed it.
        depots: where it may be.
    """

    def __init__(self, kept: Kept, depots: Sequence[Depot]) -> None:
        self._kept = kept
        self._depots = depots
        self._members = [each for each in kept.manifest.members if read_rows_name(each.name) is not None]
        self._workshop = TemporaryDirectory(prefix="esb-archive-")
        self._ranges = [read_rows_name(each.name) or (0, 0) for each in self._members]
        self._open: OrderedDict[int, tuple[sqlite3.Connection, Path, _Stamp]] = OrderedDict()
        self._moments: dict[tuple[int, str], int | None] = {}
        self.count = len(self._members)

    def missing(self) -> str:
        """Why the package is not at hand, all of it; "" where every file lies there in its size.

        Raises nothing of a depot that cannot be read: that is why.
        """
        name = self._kept.manifest.name
        try:
            sizes = [depot.members(name) for depot in self._depots]
        except DepotUnavailable as error:
            return str(error)
        for member in self._members:
            if all(each.get(member.name) != member.size for each in sizes):
                return f"{self._places()} has no {member.name} of it, or not all of it"
        return ""

    def range_of(self, number: int) -> tuple[int, int]:
        """The indices of a file's first record and behind its last."""
        return self._ranges[number]

    def holding(self, index: int) -> int:
        """The file with the record of this index."""
        return bisect_right(self._ranges, (index, 1 << 62)) - 1

    def leaves(self, number: int, numbers: Sequence[int]) -> Leaves:
        """Number, name, time and leaf of those of some records that a file holds, in the order of their numbers."""
        places = ", ".join("?" * len(numbers))
        return self._leaves(number, f"id IN ({places})", numbers)

    def stretch(self, number: int, low: int, high: int) -> Leaves:
        """As ``leaves``, of the records with numbers from ``low`` on and below ``high``."""
        return self._leaves(number, "id >= ? AND id < ?", (low, high))

    def _leaves(self, number: int, where: str, values: Sequence[int]) -> Leaves:
        rows = self._rows(number, f"SELECT id, record, at, leaf FROM record WHERE {where} ORDER BY id", values)  # noqa: S608  # no values
        return [(int(at), str(name), int(made), leaf if type(leaf) is bytes else b"") for at, name, made, leaf in rows]

    def start(self, moment: int) -> int:
        """The last file whose first record was made at a moment or before; 0 without one.

        Guessed by the times between which it must lie, as evenly as records come, and by halves where that misleads.
        """
        low, high = 0, self.count
        early, late = self._kept.manifest.earliest, self._kept.manifest.latest
        by_halves = False
        while high - low > 1:
            share = (moment - early) / (late - early) if late > early else 0.5
            guess = (low + high) // 2 if by_halves else low + int(min(max(share, 0.0), 1.0) * (high - low))
            guess, by_halves = min(max(guess, low + 1), high - 1), not by_halves
            at = self._moment(guess, _FIRST)
            if at is not None and at <= moment:
                low, early = guess, at
            else:
                high, late = guess, late if at is None else at
        return low

    def last(self, number: int) -> int:
        """When the last record of a file was made; 0 where it has only changes of the registry."""
        return self._moment(number, _LAST) or 0

    def named(self, number: int, names: Sequence[str]) -> list[Shelved]:
        """The records of these three names that a file holds."""
        return [
            Shelved(int(at), str(name), bytes(leaf), bytes(message), bytes(sent), key)
            for at, name, leaf, message, sent, key in self._rows(number, _NAMED, names)
        ]

    def _moment(self, number: int, which: str) -> int | None:
        if (number, which) not in self._moments:
            rows = self._rows(number, which, ())
            self._moments[number, which] = int(rows[0][0]) if rows else None
        return self._moments[number, which]

    def _rows(self, number: int, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        try:
            return self._file(number).execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise PackageInvalid(f"{self._where(self._members[number])} cannot be read: {error}") from error

    def _file(self, number: int) -> sqlite3.Connection:
        if number in self._open and _stamp(self._open[number][1]) != self._open[number][2]:
            self._let_go(number)  # somebody has touched it since
        if number not in self._open:
            while len(self._open) >= _OPEN:
                self._let_go(next(iter(self._open)))
            path, stamp = self._fetched(self._members[number])
            self._open[number] = (as_now(open_member(path)), path, stamp)
        self._open.move_to_end(number)
        return self._open[number][0]

    def _fetched(self, member: Member) -> tuple[Path, "_Stamp"]:
        for depot in self._depots:
            try:
                path = depot.fetch(self._kept.manifest.name, member.name, Path(self._workshop.name))
            except DepotUnavailable as error:
                raise away(self._kept, str(error)) from error
            if path is None:
                continue
            stamp = _stamp(path)
            if path.stat().st_size != member.size or digest_of(path) != member.sha256:
                raise PackageInvalid(
                    f"{self._where(member)} in {depot.place} was altered: it is not the file that the log sealed "
                    f"(esb log verify --archive {depot.place})"
                )
            return path, stamp
        raise away(self._kept, f"{self._places()} has no {member.name} of it")

    def _where(self, member: Member) -> str:
        return f"{self._kept.manifest.name}/{member.name}"

    def _places(self) -> str:
        return ", ".join(depot.place for depot in self._depots)

    def close(self) -> None:
        """Let go of the files, and of copies that were fetched."""
        for number in list(self._open):
            self._let_go(number)
        self._workshop.cleanup()

    def _let_go(self, number: int) -> None:
        file, path, _ = self._open.pop(number)
        file.close()
        if path.parent == Path(self._workshop.name):
            path.unlink()


def _stamp(path: Path) -> "_Stamp":
    """What changes when anybody changes a file, or puts another in its place."""
    try:
        facts = path.stat()
    except OSError:
        return (0, 0, 0)
    return (facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns)
