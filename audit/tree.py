"""The log's tree: where records stand in it, its tiles and its checkpoints, and what a place for them promises.

Records are made durable by the writers, at once and in no order that anybody relies upon.  One sequencer at a time then
gives each its index, grows the tiles and signs what came of it.  All of that is derived: the same records give the same
tree again, so a tree that is lost with its place can be built anew, and one that differs shows that a record does.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from esb.audit.leaf import leaf_hash
from esb.audit.merkle import root
from esb.audit.tiles import HASH_BYTES, Place, grow, last_tiles, subtrees, width_at
from esb.kernel.faults import EsbError

BATCH: Final = 2_000  # records that are sequenced in one transaction: some 10 ms of the interpreter

SignCheckpoint = Callable[[int, bytes], bytes]
"""Writes the signed note that says: the tree of this size has this root."""


class TreeDamaged(EsbError):
    """The tree's tiles, its marks and the records do not fit one another; the text says where."""


@dataclass(frozen=True, slots=True)
class Span:
    """Records whose numbers follow one another, as do their indices in the tree.

    Attributes:
        index: of the first one in the tree.
        record: number of the first one in the log.
        count: how many.
    """

    index: int
    record: int
    count: int


@dataclass(frozen=True, slots=True)
class Addition:
    """What one transaction of the sequencer writes.

    Attributes:
        size: leaves in the tree now.
        mark: number of the last record that has its index.
        spans: of the records that got one.
        tiles: those that are new or have grown.
    """

    size: int
    mark: int
    spans: tuple[Span, ...]
    tiles: Mapping[Place, bytes]


class TreeStore(Protocol):
    """Where the tree is kept.  Used by one thread at a time, the sequencer's; other processes may use it too."""

    def elect(self) -> bool:
        """Try to become the one who sequences; whoever is, stays it until its process ends or :meth:`close`."""

    def add(self, most: int = BATCH) -> int:
        """Give records that wait their indices, at most ``most``, in one transaction; returns how many got one.

        Raises:
            TreeDamaged: the tiles are not those of the tree.
            StoreUnavailable: the place cannot be written or the log not read.
        """

    def publish(self, sign: SignCheckpoint) -> bytes | None:
        """Sign and keep a checkpoint of the tree, where it has grown since the last; returns it."""

    def oldest_waiting(self) -> int | None:
        """When the oldest record without an index was made, in microseconds since the Unix epoch; None without any."""

    def keep_stamp(self, size: int, at: int, token: bytes) -> None:
        """Keep a time-stamp of the checkpoint of this size: an RFC 3161 token, verified before.

        Args:
            at: the time that it states, in microseconds since the Unix epoch.
        """

    def keep_cosignature(self, size: int, name: str, line: str) -> None:
        """Keep a witness's signature line on the checkpoint of this size, verified before; a newer one replaces it."""

    def close(self) -> None:
        """Let go of the place, and of being the one who sequences."""


def addition(
    size: int, mark: int, records: Iterable[tuple[int, bytes]], read: Callable[[Place], bytes | None]
) -> Addition:
    """Work out what adding records comes to.

    Args:
        size, mark: of the tree as it is.
        records: number and leaf of each, in the order of their numbers, all above ``mark``.
        read: a tile's hashes.

    Raises:
        TreeDamaged: a tile that is to be grown is not of the size that it must have.
    """
    last: dict[int, bytes] = {}
    for place, width in last_tiles(size).items():
        tile = read(place)
        if tile is None or len(tile) != width * HASH_BYTES:
            raise TreeDamaged(f"the log's tile {place.level}/{place.number} is not that of a tree of {size} leaves")
        last[place.level] = tile
    spans: list[Span] = []
    hashes: list[bytes] = []
    for number, leaf in records:
        if number <= mark:
            raise TreeDamaged("records came in another order than that of their numbers")
        if spans and number == mark + 1:
            spans[-1] = Span(spans[-1].index, spans[-1].record, spans[-1].count + 1)
        else:
            spans.append(Span(size + len(hashes), number, 1))
        hashes.append(leaf_hash(leaf))
        mark = number
    grown = grow(size, last, hashes)
    return Addition(grown.size, mark, tuple(spans), grown.tiles)


def tree_root(size: int, read: Callable[[Place], bytes | None]) -> bytes:
    """The root of the tree of ``size`` leaves, out of its tiles.

    Raises:
        TileMissing: a tile is missing or too short.
    """
    return root(size, subtrees(size, read))


def tile_of_size(size: int, place: Place, tile: bytes | None) -> bytes | None:
    """What a tile held when the tree had ``size`` leaves; None where it did not exist, or is cut short."""
    wanted = width_at(size, place) * HASH_BYTES
    return None if not wanted or tile is None or len(tile) < wanted else tile[:wanted]
