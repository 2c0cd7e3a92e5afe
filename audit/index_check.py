"""Is the search index what the leaves give?  Whoever alters it could hide records from whoever searches.

All of it is made again from the leaves, a volume at a time, and held against what is stored.  The lists of a volume
stand far from one another, so both sides are summed up by a keyed hash of each row, and sums are compared.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from secrets import token_bytes
from typing import Final

from esb.audit.crew import Crew
from esb.audit.indexer import IndexForeign, add_leaf, check_same_log
from esb.audit.log import EvidenceReader
from esb.audit.postings import PIECE, PIECES, VOLUME, Draft, Piece, merge
from esb.audit.reading import Reading
from esb.audit.search_index import SearchIndex, State, index_reading, read_state
from esb.audit.store import locate
from esb.audit.tree_reader import TreeReader

_PAGE: Final = 2_000
_SUM: Final = 2**256


@dataclass
class Checked:
    """What a check of the index came to.

    Attributes:
        records: how many it should know.
        left: numbers that were not compared because records of theirs have left the log for the archive.
        wrong: what is not as the leaves give it, a sentence each; empty where all is well.
    """

    records: int = 0
    left: int = 0
    wrong: list[str] = field(default_factory=list)


class _Sums:
    """A sum for each volume, over rows in any order; the key is of this run, so that nobody can prepare for it."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.by_volume: defaultdict[int, int] = defaultdict(int)

    def add(self, table: str, volume: int, row: int, octets: bytes) -> None:
        """Add one row."""
        text = f"{table} {volume} {row} ".encode() + octets
        found = int.from_bytes(blake2b(text, key=self._key, digest_size=32).digest())
        self.by_volume[volume] = (self.by_volume[volume] + found) % _SUM

    def add_volume(self, volume: int, pieces: Iterable[Piece]) -> None:
        """Add the rows that a volume of these pieces has."""
        made = list(pieces)
        for dense, sparse in merge(
            (one for each in made for one in each.dense), (one for e in made for one in e.sparse)
        ):
            for row, octets in dense:
                self.add("search_dense", volume, row, octets)
            for row, octets in sparse:
                self.add("search_sparse", volume, row, octets)

    def add_fresh(self, volume: int, pieces: Iterable[Piece]) -> None:
        """Add the rows that pieces have before they are merged."""
        for piece in pieces:
            for row, octets in piece.dense:
                self.add(f"fresh {piece.number} search_dense", volume, row, octets)
            for row, octets in piece.sparse:
                self.add(f"fresh {piece.number} search_sparse", volume, row, octets)


def check_index(url: str, told: Callable[[int, int], None] = lambda _done, _of: None, processes: int = 1) -> Checked:
    """Make the index again, as far as it goes, and compare; volumes that wait to be merged are merged first.

    Args:
        url: of the log.
        told: is told how many numbers were looked at, and of how many.
        processes: how many share the work; each holds a volume of records in memory.

    Raises:
        IndexUnfit: another version of the program made it.
        StoreUnavailable: log or index cannot be used.
    """
    log, tree, index = EvidenceReader(url), TreeReader(url), index_reading(locate(url))
    checked = Checked()
    try:
        if read_state(index) is None:
            return checked
        _merge(url)
        state = read_state(index) or State(0, 0, b"")
        try:
            check_same_log(state, log, tree)
        except IndexForeign as error:
            checked.wrong.append(str(error))
            return checked
        end, whole = state.next, state.next // VOLUME
        gone = {volume for low, high in tree.numbers_let_go() for volume in range(low // VOLUME, high // VOLUME + 1)}
        key = token_bytes(32)
        expected: dict[int, int] = {}
        volumes = [volume for volume in range(whole + 1) if volume not in gone]
        with Crew(partial(_tools, url, key, end), _Tools(log, index, key, end), processes) as crew:
            for volume, found in zip(volumes, crew.map(_volume, volumes), strict=True):
                expected[volume] = found.sum
                checked.records += found.records
                checked.wrong += found.wrong
                told(min((volume + 1) * VOLUME, end), max(end, 1))
        checked.left = VOLUME * sum(volume in gone for volume in range(whole + 1))
        stored = _Sums(key)
        _add_stored(stored, index, end)
        after = read_state(index)
        if after is None or after.next // VOLUME > whole:
            whole -= 1  # the last volume has become whole meanwhile, and has other rows now
        checked.wrong += [
            f"the lists of records {volume * VOLUME} to {volume * VOLUME + VOLUME - 1} are not what their leaves give"
            for volume in volumes
            if volume <= whole and expected[volume] != stored.by_volume[volume]
        ]
        return checked
    finally:
        for place in (log, tree, index):
            place.close()


@dataclass(frozen=True, slots=True)
class _Tools:
    """What a volume is made again with, and how far the index goes."""

    log: EvidenceReader
    index: Reading
    key: bytes
    end: int


@dataclass(frozen=True, slots=True)
class _Volume:
    """What a volume came to: how many records it has, the sum of its lists, and what is wrong with its columns."""

    records: int
    sum: int
    wrong: tuple[str, ...]


def _tools(url: str, key: bytes, end: int) -> _Tools:
    """For a process that opens log and index for itself."""
    return _Tools(EvidenceReader(url), index_reading(locate(url)), key, end)


def _volume(tools: _Tools, volume: int) -> _Volume:
    end, sums = tools.end, _Sums(tools.key)
    pieces = list(_pieces(tools.log, volume * VOLUME, min((volume + 1) * VOLUME, end)))
    (sums.add_volume if volume < end // VOLUME else sums.add_fresh)(volume, pieces)
    wrong = tuple(_wrong_pieces(tools.index, volume, end // PIECE, pieces))
    return _Volume(sum(piece.records for piece in pieces), sums.by_volume[volume], wrong)


def _merge(url: str) -> None:
    index = SearchIndex(locate(url))
    try:
        while index.merge():
            pass
    finally:
        index.close()


def _pieces(log: EvidenceReader, start: int, end: int) -> Iterator[Piece]:
    draft: Draft | None = None
    at = start
    while leaves := log.leaves(at, end, _PAGE):
        for number, _, row_at, leaf in leaves:
            if draft is None or number // PIECE != draft.number:
                if draft is not None:
                    yield draft.pack()
                draft = Draft(number // PIECE)
            add_leaf(draft, number, row_at, leaf)
        at = leaves[-1][0] + 1
    if draft is not None:
        yield draft.pack()


def _wrong_pieces(index: Reading, volume: int, end: int, pieces: Iterable[Piece]) -> Iterator[str]:
    first, last = volume * PIECES, min((volume + 1) * PIECES, end)
    stored = {
        piece: (records, oldest, newest, slowest, bytes(times), bytes(durations))
        for piece, records, oldest, newest, slowest, times, durations in index.rows(
            "SELECT search_piece.piece, records, oldest, newest, slowest, times, durations FROM search_piece "
            "JOIN search_column ON search_column.piece = search_piece.piece "
            "WHERE search_piece.piece >= ? AND search_piece.piece < ?",
            (first, last),
        )
    }
    made = {
        each.number: (each.records, each.oldest, each.newest, each.slowest, each.times, each.durations)
        for each in pieces
    }
    for number in sorted(set(stored) | set(made)):
        if stored.get(number) != made.get(number):
            yield (
                f"times and durations of records {number * PIECE} to {number * PIECE + PIECE - 1} "
                "are not what their leaves give"
            )


def _add_stored(sums: _Sums, index: Reading, end: int) -> None:
    for table, name, octets in (("search_dense", "term", "offsets"), ("search_sparse", "bucket", "entries")):
        row, volume = -1, -1
        # Both databases compare the two together, and go on in their index.
        while rows := index.rows(
            f"SELECT {name}, volume, {octets} FROM {table} WHERE ({name}, volume) > (?, ?) "  # noqa: S608  # our names
            f"ORDER BY {name}, volume LIMIT ?",
            (row, volume, _PAGE),
        ):
            for row, volume, given in rows:  # the last one is gone on from
                sums.add(table, volume, row, bytes(given))
        fresh = f"SELECT {name}, volume, piece, {octets} FROM search_fresh_{table[7:]} WHERE piece < ?"  # noqa: S608
        for each, volume, piece, given in index.rows(fresh, (end // PIECE,)):
            sums.add(f"fresh {piece} {table}", volume, each, bytes(given))
