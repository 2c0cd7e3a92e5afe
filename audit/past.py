"""Leaves that a log has let go of, by their numbers, out of its archive: what a search goes on with where the log ends.

Which packages are at hand is asked before anything is looked for, and alike for everybody: what is said to be missing
does not tell what would have been found there.  No record of a package that is at hand can be missing unnoticed: the
tree says which numbers there are, and has the hash of each leaf.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from esb.audit.entry import Kind
from esb.audit.leaf import leaf_hash
from esb.audit.log import Leaves
from esb.audit.package import PackageInvalid
from esb.audit.package_files import EARLY, ArchivedAway, PackageFiles
from esb.audit.postings import PIECE
from esb.audit.raw import RawReader
from esb.audit.reading import Reading
from esb.audit.search_index import State, read_state
from esb.audit.spans import runs
from esb.audit.tiles import HASH_BYTES, WIDTH, Place
from esb.audit.tree_reader import Kept
from esb.audit.vault import Vault

_PAGE: Final = 1_000
_SECOND: Final = 1_000_000  # of microseconds: what is said to people is said in whole ones, and meant so
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Away:
    """A part of the log that has left it, and that cannot be looked into here.

    Attributes:
        package: what holds it.
        since, until: the time that its records are of, microseconds since the Unix epoch: none is older, or as new as
            ``until``.
        records: how many they are, the few of them that stayed in the log among them.
        place: where the package was put.
        archived: when, Unix seconds.
        why: it cannot be looked into.
    """

    package: str
    since: int
    until: int
    records: int
    place: str
    archived: int
    why: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A package at hand: numbers from ``low`` on and below ``high``."""

    low: int
    high: int
    kept: Kept
    files: PackageFiles


class Past:
    """The records of a time that a log has let go of.  Blocks; for one thread.

    Args:
        url: of the log.
        vault: where they are; whoever made it closes it.
        since, until: microseconds since the Unix epoch; what is of another time is not looked at.  None for any.
        through: how many records of a package may be read through where the search index does not tell what it holds;
            None for all.
        index: the search index, for what it covers.
        told: is told how many records were read through, and of how many.

    Attributes:
        away: what cannot be looked into, oldest first.

    Raises:
        PackageInvalid: what the log says of a package was not sealed by its key.
        StoreUnavailable, IndexUnfit: log or index cannot be read now.
    """

    def __init__(
        self,
        url: str,
        vault: Vault,
        index: Reading,
        since: int | None = None,
        until: int | None = None,
        *,
        through: int | None = None,
        told: Told = lambda _done, _of: None,
    ) -> None:
        self._tree = RawReader(url)
        self._vault = vault
        self._told = told
        self._parts: list[_Part] = []
        self._outside: list[tuple[int, int]] = []
        self._uncovered: list[tuple[int, int]] = []
        self._done = self._of = 0
        self.away: tuple[Away, ...] = ()
        state: State | None = None
        away: list[Away] = []
        self._known = vault.let_go()
        for kept in self._known:
            manifest = kept.manifest
            low, high = self._numbers(manifest.first, manifest.end)
            if not _is_of(kept, since, until):
                self._outside.append((low, high))
                continue
            try:
                files = vault.files(kept)
                why = files.missing()
            except ArchivedAway as error:
                files, why = None, error.why
            if not why:
                state = state or read_state(index)
                uncovered = self._not_indexed(index, 0 if state is None else state.next, low, high)
                if through is not None and sum(end - start for start, end in uncovered) > through:
                    why = "the search index does not hold it, and only a command reads it through"
            if why or files is None:
                away.append(_away(kept, why))
                self._outside.append((low, high))
            else:
                self._parts.append(_Part(low, high, kept, files))
                self._uncovered += uncovered
        self.away = tuple(away)
        vault.passed_by = frozenset(each.package for each in away)

    def is_outdated(self) -> bool:
        """Whether the log has begun to let go of more since: what left it under way was perhaps found nowhere."""
        return len(self._vault.let_go()) != len(self._known)

    def accounts_for(self, number: int) -> bool:
        """Whether a record of this number has left the log for a package that is not looked into here."""
        return any(low <= number < high for low, high in self._outside)

    def uncovered(self, low: int, high: int) -> list[tuple[int, int]]:
        """Ranges of numbers within these that have left the log and are not in the index, in order."""
        cut = [(max(low, start), min(high, end)) for start, end in self._uncovered]
        return [(start, end) for start, end in cut if start < end]

    def nearest(self, number: int, *, newer: bool) -> int | None:
        """The number nearest to this one, on one side of it, that a package at hand may have; None without one."""
        if newer:
            return min((max(each.low, number + 1) for each in self._parts if each.high > number + 1), default=None)
        return max((min(each.high, number) - 1 for each in self._parts if each.low < number), default=None)

    def leaves_of(self, numbers: Sequence[int]) -> Leaves:
        """Read the leaves of those of some records that packages at hand hold, in the order of their numbers.

        Raises:
            PackageInvalid: what lies there is not what the log has sealed, or not what is in its tree.
            ArchivedAway: a file has just gone.
            StoreUnavailable: the tree cannot be read now.
        """
        found: Leaves = []
        for part in self._parts:
            wanted: dict[int, dict[int, int]] = {}
            for number in numbers:
                index = self._tree.place_of(number) if part.low <= number < part.high else None
                if index is not None:
                    wanted.setdefault(part.files.holding(index), {})[number] = index
            for file in sorted(wanted):
                leaves = part.files.leaves(file, sorted(wanted[file]))
                self._check(part, leaves, wanted[file])
                found += leaves
        return sorted(found)

    def named(self, name: str) -> Leaves:
        """As :meth:`leaves_of`, of an exchange or a record of this name; raises as :meth:`leaves_of` does."""
        exchange = next((name.removesuffix(each.suffix) for each in Kind if name.endswith(each.suffix)), name)
        return [(each.number, each.record, 0, each.leaf) for each in self._vault.find(exchange)]

    def leaves(
        self, low: int, high: int, *, oldest_first: bool = True, needles: Sequence[bytes] = ()
    ) -> Iterator[tuple[int, str, int, bytes]]:
        """Read through the leaves of records with numbers from ``low`` on and below ``high``, in their order.

        Args:
            needles: only leaves that hold all of these octets somewhere.

        Raises as :meth:`leaves_of` does.
        """
        self._of += high - low
        for part in self._parts if oldest_first else reversed(self._parts):
            if part.low >= high or part.high <= low:
                continue
            order = range(part.files.count)
            for file in order if oldest_first else reversed(order):
                start, end = part.files.range_of(file)
                first, last = self._numbers(start, end)
                if first >= high or last <= low:
                    continue
                stretches = runs(self._tree.numbers(start, end), _PAGE)
                for run in stretches if oldest_first else reversed(list(stretches)):
                    wanted = {
                        span.record + at: span.index + at
                        for span in run
                        for at in range(span.count)
                        if low <= span.record + at < high
                    }
                    if not wanted:
                        continue
                    leaves = part.files.stretch(file, min(wanted), max(wanted) + 1)
                    self._check(part, leaves, wanted)
                    self._done += len(leaves)
                    self._told(min(self._done, self._of), self._of)
                    for leaf in leaves if oldest_first else reversed(leaves):
                        if all(needle in leaf[3] for needle in needles):
                            yield leaf

    def close(self) -> None:
        """Let go of the log's tree."""
        self._tree.close()

    def _check(self, part: _Part, leaves: Leaves, wanted: dict[int, int]) -> None:
        """Each of these records is there, and its leaf the one that the tree has."""
        manifest = part.kept.manifest
        there = {number: leaf for number, _, _, leaf in leaves}
        for number, index in wanted.items():
            tile = self._tree.tile(Place(0, index // WIDTH), manifest.end) or b""
            at = index % WIDTH * HASH_BYTES
            if number not in there or leaf_hash(there[number]) != tile[at : at + HASH_BYTES]:
                raise PackageInvalid(
                    f"record {number} (leaf {index}) in package {manifest.name} is not the one in the log's tree, or "
                    "is not there: esb log verify"
                )

    def _numbers(self, start: int, end: int) -> tuple[int, int]:
        """The number of the record at an index, and the one behind that of the record before another."""
        (first,), (last,) = self._tree.numbers(start, start + 1), self._tree.numbers(end - 1, end)
        return first.record, last.record + 1

    def _not_indexed(self, index: Reading, border: int, low: int, high: int) -> list[tuple[int, int]]:
        """The ranges of numbers within these of which the index does not have every record."""
        start, end = low // PIECE, -(-high // PIECE)
        pieces: dict[int, int] = {}
        if border:
            query = "SELECT piece, records FROM search_piece WHERE piece >= ? AND piece < ?"
            pieces = {int(piece): int(records) for piece, records in index.rows(query, (start, end))}
        if end * PIECE <= border:
            there = self._tree.before(end * PIECE) - self._tree.before(start * PIECE)
            if sum(pieces.values()) == there:
                return []
        found: list[tuple[int, int]] = []
        for piece in range(start, end):
            first, last = piece * PIECE, (piece + 1) * PIECE
            there = self._tree.before(last) - self._tree.before(first)
            if last <= border and pieces.get(piece, 0) == there:
                continue
            first, last = max(first, low), min(last, high)
            if found and found[-1][1] == first:
                found[-1] = (found[-1][0], last)
            else:
                found.append((first, last))
        return found


def let_go(packages: Sequence[Kept], since: int | None, until: int | None) -> tuple[Away, ...]:
    """What has left the log of a time, for who does not look into its archive: as the log says it, unverified."""
    why = "the archive was not asked"
    return tuple(_away(each, why) for each in packages if each.dropped is not None and _is_of(each, since, until))


def _away(kept: Kept, why: str) -> Away:
    manifest = kept.manifest
    records = manifest.end - manifest.first
    return Away(manifest.name, *_times(kept), records, kept.place, kept.archived, why)


def _is_of(kept: Kept, since: int | None, until: int | None) -> bool:
    first, last = _times(kept)
    return (since is None or last > since) and (until is None or first < until)


def _times(kept: Kept) -> tuple[int, int]:
    """The time that a package's records are of, in whole seconds."""
    first = (kept.manifest.earliest - EARLY) // _SECOND * _SECOND
    return first, (kept.manifest.latest + EARLY) // _SECOND * _SECOND + _SECOND


def stretches(low: int, high: int, border: int, uncovered: Sequence[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """How numbers from ``low`` on and below ``high`` are searched, in order: by ``index``, in the ``log``, ``through``.

    Args:
        border: the first number that is not in the index.
        uncovered: what has left the log and is not in the index: in order.
    """
    if low >= high:
        return []
    cuts = sorted(
        {low, high, *(max(low, min(at, high)) for pair in uncovered for at in pair), max(low, min(border, high))}
    )
    found: list[tuple[int, int, str]] = []
    starts = [start for start, _ in uncovered]
    for start, end in pairwise(cuts):
        at = bisect_right(starts, start) - 1
        if at >= 0 and start < uncovered[at][1]:
            found.append((start, end, "through"))
        else:
            found.append((start, end, "index" if start < border else "log"))
    return found
