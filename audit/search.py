"""Searching the evidence log: by its index as far as that goes, and record by record where it does not yet.

What is found is read from the log and judged by its leaf, so an index that names too much shows nothing wrong; one that
names too little is found by :mod:`esb.audit.index_check`.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Final

from esb.audit.entry import Entry, Kind, record_id
from esb.audit.indexer import check_same_log
from esb.audit.leaf import LeafInvalid, leaf_hash, read_leaf
from esb.audit.log import EvidenceReader, Leaves
from esb.audit.past import Away, Past, let_go, stretches
from esb.audit.postings import (
    PIECE,
    PIECES,
    VOLUME,
    bucket_of,
    columns,
    fresh_bucket_of,
    numbers_dense,
    numbers_sparse,
    offsets_of,
    unit,
)
from esb.audit.query import Query
from esb.audit.record import StoreUnavailable
from esb.audit.search_index import State, index_reading, read_state
from esb.audit.store import locate
from esb.audit.tree_reader import TreeReader
from esb.audit.tree_sqlite import tree_path

_CHUNK: Final = 200  # candidates read from the log at a time
_STRIDE: Final = 16_384  # numbers looked through at a time where there is no index
_MOST_VOLUMES: Final = 64  # whose lists are read at a time: 4 million records
_COLUMNS_KEPT: Final = 8
_END: Final = 2**62

# Everything of a term in one statement, so that a merge between two does not show.
_LISTS: Final = """
SELECT {place}, 0, volume, entries FROM search_sparse WHERE bucket = ? AND volume >= ? AND volume <= ?
UNION ALL SELECT {place}, 1, volume, offsets FROM search_dense WHERE term = ? AND volume >= ? AND volume <= ?
UNION ALL SELECT {place}, 2, volume, entries FROM search_fresh_sparse WHERE bucket = ? AND volume >= ? AND volume <= ?
UNION ALL SELECT {place}, 3, volume, offsets FROM search_fresh_dense WHERE term = ? AND volume >= ? AND volume <= ?
"""
_NEXT: Final = "SELECT -1, 0, next, leaf FROM search_state"


@dataclass(frozen=True, slots=True)
class Found:
    """A record that was looked for.

    Attributes:
        number: in the order of insertion; what a page goes on from.
        entry: its facts.
        leaf_hash: 32 bytes, the hash that receipts cite.
    """

    number: int
    entry: Entry
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the index goes.

    Attributes:
        indexed: the first number that is not in the index; 0 without an index.
        newest: number of the newest record.
    """

    indexed: int
    newest: int

    @property
    def behind(self) -> int:
        """How many numbers are looked through one by one."""
        return max(0, self.newest + 1 - max(self.indexed, 1))


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found.

    Attributes:
        records: in order.
        next: what ``after`` of the next page is; None where this is the last.
        reach: how far the index went.
        damaged: names of records that stand where a fitting one would and cannot be read.
        gone: how many records that may fit have left the log, for the archive or otherwise, since they were indexed.
        away: what has left the log of the time asked for and was not looked into, oldest first.
    """

    records: tuple[Found, ...]
    next: int | None
    reach: Reach
    damaged: tuple[str, ...] = ()
    gone: int = 0
    away: tuple[Away, ...] = ()


class Searcher:
    """Searches a log that may be written meanwhile.  Blocks; for one thread.

    Args:
        url: as for :func:`~esb.audit.store.locate`.  Opened at the first question.
        past: gives what has left the log; whoever made it closes it.  None to search the log alone.

    Attributes:
        damaged, gone: as in :class:`Page`, of the last search.
        lost: how many of those that are gone are in no package that the log names.

    Every method raises :class:`~esb.audit.record.StoreUnavailable` when the log cannot be read now, and
    :class:`~esb.audit.search_index.IndexUnfit` when there is an index, and it is of another log or program.
    """

    def __init__(self, url: str, past: Past | None = None) -> None:
        self._past = past
        self._log = EvidenceReader(url)
        self._tree = TreeReader(url)
        self._place = locate(url)
        self._index = index_reading(self._place)
        self._pieces: dict[int, tuple[int, int, int]] = {}
        self._kept: OrderedDict[tuple[str, int], Sequence[int]] = OrderedDict()
        self.damaged: list[str] = []
        self.gone = self.lost = 0

    def search(self, query: Query, limit: int = 50, after: int | None = None, *, oldest_first: bool = False) -> Page:
        """One page of the records that fit, newest first.

        Args:
            limit: how many at most.
            after: go on after this number: ``next`` of the page before.
            oldest_first: the other way round.
        """
        self.damaged, self.gone, self.lost = [], 0, 0
        found = list(islice(self.every(query, after, oldest_first=oldest_first), limit + 1))
        following = found[limit - 1].number if len(found) > limit else None
        return Page(tuple(found[:limit]), following, self.reach(), tuple(self.damaged), self.gone, self.away(query))

    def away(self, query: Query) -> tuple[Away, ...]:
        """What has left the log of the time that a query asks for, and is not looked into; oldest first."""
        if self._past is not None:
            return self._past.away
        try:
            packages = self._tree.packages()
        except StoreUnavailable:
            if self._has_tree():
                raise
            return ()  # nothing leaves a log before it is in a tree
        return let_go(packages, query.since, query.until)

    def _has_tree(self) -> bool:
        return isinstance(self._place, Path) and tree_path(self._place).exists()

    def every(self, query: Query, after: int | None = None, *, oldest_first: bool = False) -> Iterator[Found]:
        """Every record that fits, as it is found; ``damaged`` and ``gone`` grow as a :class:`Page` tells."""
        low, high = 0, _END
        if after is not None:
            low, high = (after + 1, high) if oldest_first else (low, after)
        if query.name:
            yield from self._named(query, low, high, oldest_first)
            return
        state = self._state()
        border = state.next if state is not None else 0
        uncovered = [] if self._past is None else self._past.uncovered(low, high)
        parts = stretches(low, high, border, uncovered)
        for start, end, way in parts if oldest_first else reversed(parts):
            if way == "index":
                yield from self._indexed(query, start, end, border, oldest_first)
            elif way == "log":
                yield from self._direct(query, start, end, oldest_first)
            else:
                yield from self._through(query, start, end, oldest_first)

    def reach(self) -> Reach:
        """How far the index goes now."""
        state = read_state(self._index)
        return Reach(0 if state is None else state.next, self._log.last_number())

    def close(self) -> None:
        """Let go of log and index; the next question opens them again."""
        for place in (self._log, self._tree, self._index):
            place.close()

    def _state(self) -> State | None:
        state = read_state(self._index)
        if state is not None:
            check_same_log(state, self._log, self._tree)
        self._pieces.clear()
        self._kept.clear()
        return state

    def _named(self, query: Query, low: int, high: int, oldest_first: bool) -> Iterator[Found]:
        names = [query.name, *(record_id(query.name, kind) for kind in Kind)]
        named = {one[0]: one for one in (() if self._past is None else self._past.named(query.name))}
        named |= {one[0]: one for one in self._log.leaves_named(names)}
        leaves = [named[number] for number in sorted(named) if low <= number < high and named[number][1] in names]
        yield from self._fitting(query, leaves if oldest_first else leaves[::-1])

    def _direct(self, query: Query, low: int, high: int, oldest_first: bool) -> Iterator[Found]:
        """Look through records one by one; the database leaves out most of those that do not fit."""
        needles = query.needles()
        low, high = max(low, 1), min(high, self._log.last_number() + 1)
        while low < high:
            if oldest_first:
                stretch = (low, min(low + _STRIDE, high))
                low = stretch[1]
            else:
                stretch = (max(high - _STRIDE, low), high)
                high = stretch[0]
            at, end = stretch
            while at < end:
                leaves = self._log.leaves(at, end, _CHUNK, oldest_first=oldest_first, needles=needles)
                yield from self._fitting(query, leaves)
                if len(leaves) < _CHUNK:
                    break
                at, end = (leaves[-1][0] + 1, end) if oldest_first else (at, leaves[-1][0])

    def _through(self, query: Query, low: int, high: int, oldest_first: bool) -> Iterator[Found]:
        """Look through what the log still has, and what has left it, one by one."""
        assert self._past is not None
        away = self._past.leaves(low, high, oldest_first=oldest_first, needles=query.needles())
        both = (self._direct(query, low, high, oldest_first), self._each_fitting(query, away))
        last = None
        for each in merge(*both, key=lambda found: found.number, reverse=not oldest_first):
            if each.number != last:  # the registry's changes are in both
                yield each
            last = each.number

    def _each_fitting(self, query: Query, leaves: Iterator[tuple[int, str, int, bytes]]) -> Iterator[Found]:
        for leaf in leaves:
            yield from self._fitting(query, [leaf])

    def _indexed(self, query: Query, low: int, high: int, border: int, oldest_first: bool) -> Iterator[Found]:
        terms = query.terms()
        timed = query.since is not None or query.until is not None or query.slower_than is not None
        if timed or not terms:
            self._read_pieces()
        bounds = _Bounds(low, high)
        candidates = self._candidates(query, terms, bounds, border, oldest_first)
        while chunk := list(islice(candidates, _CHUNK)):
            leaves = self._log.leaves_of(chunk)
            leaves = self._with_past(chunk, leaves)
            yield from self._fitting(query, leaves if oldest_first else leaves[::-1])
            if not leaves:
                # Where months have left the log: on to the next record that is still in it.
                if oldest_first:
                    left = self._log.leaves(chunk[-1] + 1, high, 1)
                    bounds.low = left[0][0] if left else high
                    if self._past is not None:
                        bounds.low = min(bounds.low, self._past.nearest(chunk[-1], newer=True) or bounds.low)
                else:
                    left = self._log.leaves(low, chunk[-1], 1, oldest_first=False)
                    bounds.high = left[0][0] + 1 if left else low
                    if self._past is not None:
                        bounds.high = max(bounds.high, (self._past.nearest(chunk[-1], newer=False) or -1) + 1)

    def _with_past(self, numbers: Sequence[int], leaves: Leaves) -> Leaves:
        """The leaves of some records, of which those that the log has are given; counts those that are nowhere."""
        if len(leaves) == len(numbers):
            return leaves
        if self._past is not None:
            known = {number for number, *_ in leaves}
            leaves = sorted([*leaves, *self._past.leaves_of([each for each in numbers if each not in known])])
        known = {number for number, *_ in leaves}
        gone = [each for each in numbers if each not in known]
        self.gone += len(gone)
        self.lost += len(gone) if self._past is None else sum(not self._past.accounts_for(each) for each in gone)
        return leaves

    def _candidates(
        self, query: Query, terms: Sequence[int], bounds: "_Bounds", border: int, oldest_first: bool
    ) -> Iterator[int]:
        width = 1
        while bounds.low < bounds.high:
            # Few at first, because a page of what is frequent is full soon.
            first, last = bounds.low // VOLUME, (bounds.high - 1) // VOLUME
            if oldest_first:
                last = min(first + width - 1, last)
            else:
                first = max(last - width + 1, first)
            width = min(2 * width, _MOST_VOLUMES)
            volumes = self._volumes(query, terms, border, first, last)
            for volume in sorted(volumes, reverse=not oldest_first):
                for offset in offsets_of(volumes[volume], oldest_first):
                    number = volume * VOLUME + offset
                    if bounds.low <= number < bounds.high and self._may_fit(query, number, bare=not terms):
                        yield number
            if oldest_first:
                bounds.low = max(bounds.low, (last + 1) * VOLUME)
            else:
                bounds.high = min(bounds.high, first * VOLUME)

    def _volumes(self, query: Query, terms: Sequence[int], border: int, first: int, last: int) -> dict[int, int]:
        """For each of these volumes the records that have every term and stand in a piece of the right time."""
        found: list[dict[int, int]] = [{} for _ in terms]
        values: list[object] = []
        for each in terms:
            for key in (bucket_of(each), each, fresh_bucket_of(each), each):
                values += (key, first, last)
        lists = [_LISTS.format(place=place) for place in range(len(terms))]
        for place, form, volume, octets in self._index.rows(" UNION ALL ".join([*lists, _NEXT]), values):
            if place < 0:
                if volume < border:
                    raise StoreUnavailable("the search index is being made anew: search again in a moment")
                continue
            if form in (0, 2):
                bits = numbers_sparse(terms[place], octets, fresh=form == 2)
            else:
                bits = numbers_dense(octets, fresh=form == 3)
            found[place][volume] = found[place].get(volume, 0) | bits
        if self._pieces:
            found.append(self._timely(query, first, last))
        volumes = set.intersection(*(set(each) for each in found))
        both = {}
        for volume in volumes:
            bits = -1
            for one in found:
                bits &= one[volume]
            if bits:
                both[volume] = bits
        return both

    def _read_pieces(self) -> None:
        for number, oldest, newest, slowest in self._index.rows(
            "SELECT piece, oldest, newest, slowest FROM search_piece"
        ):
            self._pieces[number] = (oldest, newest, slowest)

    def _timely(self, query: Query, first: int, last: int) -> dict[int, int]:
        """A bit for every number of every piece in which a record of the right time and duration can stand."""
        whole = (1 << PIECE) - 1
        volumes: dict[int, int] = {}
        for volume in range(first, last + 1):
            bits = 0
            for place in range(PIECES):
                piece = self._pieces.get(volume * PIECES + place)
                if piece is not None and _overlaps(query, *piece):
                    bits |= whole << (place * PIECE)
            if bits:
                volumes[volume] = bits
        return volumes

    def _may_fit(self, query: Query, number: int, bare: bool) -> bool:
        """Whether time and duration, as the index has them, leave open that a record fits.

        ``bare`` says that no term shows that there is such a record.
        """
        piece = self._pieces.get(number // PIECE)
        if piece is None:
            return True
        oldest, newest, _ = piece
        place = number % PIECE
        since, until = query.since, query.until
        inside = (since is None or since <= oldest) and (until is None or newest < until)
        if bare or not inside:
            at = self._column("times", number // PIECE)[place]
            if not at:
                return False  # no record has this number
            shift = unit(oldest, newest)
            if since is not None and at - 1 < (since - oldest) >> shift:
                return False
            if until is not None and at - 1 > (until - 1 - oldest) >> shift:
                return False
        if query.slower_than is None:
            return True
        return self._column("durations", number // PIECE)[place] >= min(query.slower_than, 2**32 - 1)

    def _column(self, name: str, piece: int) -> Sequence[int]:
        key = (name, piece)
        kept = self._kept.get(key)
        if kept is None:
            rows = self._index.rows(f"SELECT {name} FROM search_column WHERE piece = ?", (piece,))  # noqa: S608
            kept = columns(rows[0][0]) if rows else [1] * PIECE
            self._kept[key] = kept
            if len(self._kept) > _COLUMNS_KEPT:
                self._kept.popitem(last=False)
        return kept

    def _fitting(self, query: Query, leaves: Sequence[tuple[int, str, int, bytes]]) -> Iterator[Found]:
        for number, name, _, leaf in leaves:
            if not query.glance(leaf):
                continue
            try:
                entry = read_leaf(leaf)
            except LeafInvalid:
                self.damaged.append(name)
                continue
            if query.fits(entry):
                yield Found(number, entry, leaf_hash(leaf))


@dataclass(slots=True)
class _Bounds:
    """What is still to be looked through: numbers from ``low`` on and below ``high``."""

    low: int
    high: int


def _overlaps(query: Query, oldest: int, newest: int, slowest: int) -> bool:
    if query.slower_than is not None and slowest < min(query.slower_than, 2**32 - 1):
        return False
    return (query.since is None or newest >= query.since) and (query.until is None or oldest < query.until)
