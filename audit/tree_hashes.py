"""The tree's hashes as a reader has them: tiles by their places, and hashes of whole subtrees for roots and proofs.

A tile that is full, and a subtree that the tree has whole, never change any more, so that much of both is kept in
memory.  What a proof needs besides is read with one question.
"""

from collections.abc import Iterable
from typing import Final

from esb.audit.merkle import Whole
from esb.audit.reading import Reading
from esb.audit.tiles import HASH_BYTES, HEIGHT, WIDTH, Place, subtrees, width_at
from esb.audit.tree import tile_of_size

_TILES_KEPT: Final = 512  # of 8 KiB each
_SUBTREES_KEPT: Final = 16_384
_FULL: Final = WIDTH * HASH_BYTES


class TreeHashes:
    """Reads hashes.  Blocks; may be called from any thread.

    Args:
        tree: where they are kept.

    Every method raises :class:`~esb.audit.record.StoreUnavailable` when the tree cannot be read now.
    """

    def __init__(self, tree: Reading) -> None:
        self._tree = tree
        self._tiles: dict[Place, bytes] = {}
        self._subtrees: dict[tuple[int, int], bytes] = {}
        self._near_leaves: dict[tuple[int, int], bytes] = {}

    def tile(self, place: Place, size: int) -> bytes | None:
        """A tile's hashes as they were in the tree of ``size`` leaves; None where there was no such tile."""
        found = self._tiles.get(place)
        if found is None:
            rows = self._tree.rows(
                "SELECT hashes FROM tile WHERE level = ? AND number = ?", (place.level, place.number)
            )
            found = self._keep(place, rows[0][0]) if rows else None
        return tile_of_size(size, place, found)

    def whole(self, size: int, *leaves: int) -> Whole:
        """Gives hashes of subtrees of the tree of ``size`` leaves.

        Args:
            leaves: indices about which a proof is wanted: the tiles that they and the tree's end stand in are read
                together.

        Raises (when called):
            TileMissing: a tile is not there or too short.
        """
        read = self._read(_places(size, leaves), size) if leaves else {}
        found = subtrees(size, lambda place: read[place] if place in read else self.tile(place, size))

        def whole(height: int, index: int) -> bytes:
            if not height % HEIGHT:
                return found(height, index)  # as it stands in a tile
            # Those of leaves are many and seldom asked for again; they must not push the others out.
            kept = self._subtrees if height > HEIGHT else self._near_leaves
            known = kept.get((height, index))
            if known is None:
                known = found(height, index)
                if len(kept) >= _SUBTREES_KEPT:
                    kept.clear()
                kept[height, index] = known
            return known

        return whole

    def forget(self) -> None:
        """Keep nothing of what was read."""
        self._tiles.clear()
        self._subtrees.clear()
        self._near_leaves.clear()

    def _read(self, places: Iterable[Place], size: int) -> dict[Place, bytes | None]:
        read: dict[Place, bytes | None] = {place: None for place in places if place not in self._tiles}
        if not read:
            return read
        which = " OR ".join("level = ? AND number = ?" for _ in read)
        values = [value for place in read for value in (place.level, place.number)]
        for level, number, hashes in self._tree.rows(
            f"SELECT level, number, hashes FROM tile WHERE {which}",  # noqa: S608  # no values
            values,
        ):
            place = Place(level, number)
            read[place] = tile_of_size(size, place, self._keep(place, hashes))
        return read

    def _keep(self, place: Place, hashes: bytes) -> bytes:
        found = bytes(hashes)
        if len(found) == _FULL:
            if len(self._tiles) >= _TILES_KEPT:
                self._tiles.clear()
            self._tiles[place] = found
        return found


def _places(size: int, leaves: Iterable[int]) -> set[Place]:
    """The tiles that hold what a proof is made of: those above each leaf, and the last of each level."""
    places: set[Place] = set()
    level = 0
    while size >> (HEIGHT * level):
        numbers = {leaf >> (HEIGHT * (level + 1)) for leaf in (*leaves, size)}
        places |= {Place(level, number) for number in numbers if width_at(size, Place(level, number))}
        level += 1
    return places
