"""Which records have a term: lists of numbers, packed, a stretch of the log at a time.

The numbers of 4,096 records that could follow one another are a *piece*, those of 65,536 a *volume*.  A piece is made
of leaves as soon as no record can appear in it any more; sixteen of them are merged into a volume.  Both are made of
nothing but the leaves, so whoever makes them again gets the same octets.

In a stretch, a term of many records is *dense* and has a list of its own; those of few records are *sparse* and stand
together, sorted, in buckets by the term's first bits.  A number is kept as its offset in the volume, two octets.
"""

import re
import sys
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from esb.audit.query import INDEXED, step_terms, steps_of, terms_for

PIECE: Final = 4_096
VOLUME: Final = 65_536
PIECES: Final = VOLUME // PIECE
_BITMAP: Final = VOLUME // 8
_AS_BITMAP: Final = 1_024  # records from which a volume keeps a bit for each number, which is read at once
DENSE: Final = 16  # records of a term from which a list of its own is smaller, the row's own octets counted

_FRESH_SHIFT: Final = 34  # a piece has 64 buckets
_SHIFT: Final = 30  # a volume has 1,024
_LOW: Final = 2**32 - 1

_ENTRIES: Final = re.compile(rb".{7}", re.DOTALL)

Lists = list[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece, packed.

    Attributes:
        number: the number of its first record, by :data:`PIECE`.
        records: how many records it has.
        oldest, newest: the least and the greatest of their times, microseconds since the epoch.
        slowest: the longest of their durations, microseconds; 0 where none has one.
        times: for each number four octets: the time since ``oldest`` in units of :func:`unit`, and one more; zero where
            there is no record.
        durations: for each number four octets: microseconds, zero for none.
        dense: offsets by term.
        sparse: entries of a term's five octets and an offset, by bucket.
    """

    number: int
    records: int
    oldest: int
    newest: int
    slowest: int
    times: bytes
    durations: bytes
    dense: Lists
    sparse: Lists


class Draft:
    """Gathers the records of one piece, in the order of their numbers."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._values: list[tuple[str, dict[Any, list[int]]]] = [(name, {}) for name in INDEXED]
        self._steps: dict[int, list[int]] = {}
        self._times: list[tuple[int, int]] = []
        self._durations = array("I", bytes(4 * PIECE))

    def __len__(self) -> int:
        return len(self._times)

    def add(self, number: int, at: int, facts: Mapping[str, Any]) -> None:
        """Add a record.

        Args:
            number: in the log, of this piece.
            at: its time; the row's, where its leaf cannot be read.
            facts: its leaf read as JSON; empty where that cannot be read, so that it is found by its time alone.
        """
        offset, place = number % VOLUME, number % PIECE
        # What is the same in many records is hashed once, when the piece is whole.
        for name, values in self._values:
            value = facts.get(name)
            if value:
                values.setdefault(value, []).append(offset)
        took = facts.get("duration_us")
        if took:
            self._steps.setdefault(steps_of(took), []).append(offset)
            self._durations[place] = min(max(took, 0), _LOW)
        self._times.append((place, at))

    def pack(self) -> Piece:
        """What has been gathered; at least one record."""
        oldest = min(at for _, at in self._times)
        newest = max(at for _, at in self._times)
        shift = unit(oldest, newest)
        times = array("I", bytes(4 * PIECE))
        for place, at in self._times:
            times[place] = ((at - oldest) >> shift) + 1
        dense: Lists = []
        entries: list[bytes] = []
        for each, offsets in self._by_term().items():
            if len(offsets) >= DENSE:
                dense.append((each, _packed(offsets)))
            else:
                head = each.to_bytes(5)
                entries += [head + offset.to_bytes(2) for offset in offsets]
        entries.sort()
        sparse = [(bucket, b"".join(group)) for bucket, group in groupby(entries, lambda entry: entry[0] >> 2)]
        return Piece(
            self.number,
            len(self._times),
            oldest,
            newest,
            max(self._durations),
            _octets(times),
            _octets(self._durations),
            sorted(dense),
            sparse,
        )

    def _by_term(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        mixed: set[int] = set()

        def put(each: int, offsets: list[int]) -> None:
            known = found.get(each)
            if known is None:
                found[each] = offsets
            else:
                found[each] = known + offsets
                mixed.add(each)

        for name, values in self._values:
            for value, offsets in values.items():
                for each in terms_for(name, value):
                    put(each, offsets)
        for steps, offsets in self._steps.items():
            for each in step_terms(steps):
                put(each, offsets)
        for each in mixed:  # as of the versions of one service, or of a member that asked itself
            found[each] = sorted(set(found[each]))
        return found


def unit(oldest: int, newest: int) -> int:
    """By how many bits times between these two are shortened to be kept in 31 bits; none within half an hour."""
    return max(0, (newest - oldest).bit_length() - 31)


def merge(dense: Iterable[tuple[int, bytes]], sparse: Iterable[tuple[int, bytes]]) -> Iterator[tuple[Lists, Lists]]:
    """Make a volume of its pieces' lists, some milliseconds' work at a time.

    Args:
        dense: term and offsets, the pieces in their order.
        sparse: bucket of a piece and entries.

    Yields:
        Lists that the volume has: by term, and by its own buckets.
    """
    lists: dict[int, list[bytes]] = {}
    for each, offsets in dense:
        lists.setdefault(each, []).append(offsets)
    buckets: dict[int, list[bytes]] = {}
    for bucket, entries in sparse:
        buckets.setdefault(bucket, []).append(entries)
    for bucket in sorted(buckets):
        cut = sorted(entry for given in buckets.pop(bucket) for entry in _ENTRIES.findall(given))
        counts = Counter(entry[:5] for entry in cut)
        heads = {head for head, count in counts.items() if count >= DENSE or int.from_bytes(head) in lists}
        if heads:
            for entry in cut:
                if entry[:5] in heads:
                    lists.setdefault(int.from_bytes(entry[:5]), []).append(entry[6:4:-1])
            cut = [entry for entry in cut if entry[:5] not in heads]
        # A bucket of a piece is sixteen of a volume.
        edges = [bisect_left(cut, (bucket << 10 | part << 6).to_bytes(2)) for part in range(16)] + [len(cut)]
        yield (
            [],
            [
                (bucket << 4 | part, b"".join([entry[1:] for entry in cut[edges[part] : edges[part + 1]]]))
                for part in range(16)
                if edges[part] < edges[part + 1]
            ],
        )
    packed = []
    for each in sorted(lists):
        offsets = b"".join(lists[each])
        if len(lists[each]) > 1:
            offsets = _packed(sorted(_unpacked(offsets)))
        packed.append((each, offsets if len(offsets) < 2 * _AS_BITMAP else _bitmap(_unpacked(offsets))))
        if len(packed) >= 500:
            yield packed, []
            packed = []
    yield packed, []


def bucket_of(each: int) -> int:
    """The bucket of a volume in which a term stands where it is sparse."""
    return each >> _SHIFT


def fresh_bucket_of(each: int) -> int:
    """The bucket of a piece."""
    return each >> _FRESH_SHIFT


def numbers_dense(offsets: bytes, fresh: bool) -> int:
    """The offsets of a dense list, as a number with a bit for each."""
    if not fresh and len(offsets) == _BITMAP:
        return int.from_bytes(offsets, "little")
    return int.from_bytes(_bitmap(_unpacked(offsets)), "little")


def numbers_sparse(each: int, entries: bytes, fresh: bool) -> int:
    """The offsets of a term in a bucket, as a number with a bit for each."""
    head = each.to_bytes(5) if fresh else (each & _LOW).to_bytes(4)
    length = len(head) + 2
    found, at = 0, entries.find(head)
    while at >= 0:
        if at % length:
            at = entries.find(head, at + 1)
            continue
        found |= 1 << int.from_bytes(entries[at + length - 2 : at + length])
        at = entries.find(head, at + length)
    return found


def offsets_of(bits: int, oldest_first: bool) -> Iterator[int]:
    """The offsets that a number has a bit for, in order."""
    if oldest_first:
        while bits:
            lowest = bits & -bits
            yield lowest.bit_length() - 1
            bits ^= lowest
    while bits:
        highest = bits.bit_length() - 1
        yield highest
        bits ^= 1 << highest


def columns(octets: bytes) -> "array[int]":
    """Times or durations of a piece, a number for each place."""
    read = array("I", octets)
    if sys.byteorder == "big":
        read.byteswap()
    return read


def _packed(offsets: Iterable[int]) -> bytes:
    return _octets(array("H", offsets))


def _unpacked(offsets: bytes) -> "array[int]":
    read = array("H", offsets)
    if sys.byteorder == "big":
        read.byteswap()
    return read


def _octets(numbers: "array[int]") -> bytes:
    if sys.byteorder == "big":
        numbers = array(numbers.typecode, numbers)
        numbers.byteswap()
    return numbers.tobytes()


def _bitmap(offsets: Iterable[int]) -> bytes:
    bits = bytearray(_BITMAP)
    for offset in offsets:
        bits[offset >> 3] |= 1 << (offset & 7)
    return bytes(bits)
