"""The tree in tiles, as C2SP tlog-tiles keeps it (c2sp.org/tlog-tiles): 256 hashes a tile, a level for each 8 heights.

A tile of level L holds the hashes of height 8L; when it is full, its root is one hash of level L + 1.  Only the last
tile of each level ever grows, so adding leaves touches as many tiles as the tree has levels.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from esb.audit.merkle import Whole, perfect_root
from esb.kernel.faults import EsbError

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
HASH_BYTES: Final = 32

_PATH: Final = re.compile(r"(entries|0|[1-9]\d?)/((?:x\d{3}/)*\d{3})(?:\.p/(\d{1,3}))?")
_LONGEST_NUMBER: Final = 7 * 3  # digits: 256 ** 7 is beyond every index of 64 bits


class TileMissing(EsbError):
    """A tile that the tree must have is not there, or is not of its size."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a tile stands: its level and its number there.  Level -1 is that of the entries' bundles."""

    level: int
    number: int


@dataclass(frozen=True, slots=True)
class Grown:
    """What adding leaves came to.

    Attributes:
        size: leaves in the tree now.
        tiles: every tile that is new or has grown, by its place; full ones never come again.
    """

    size: int
    tiles: Mapping[Place, bytes]


def grow(size: int, last: Mapping[int, bytes], leaves: Iterable[bytes]) -> Grown:
    """Add leaves to a tree.

    Args:
        size: leaves that it has.
        last: by level, the hashes of the last tile where it is not full.
        leaves: hashes of the new leaves, in their order.
    """
    open_tiles = {level: bytearray(hashes) for level, hashes in last.items()}
    tiles: dict[Place, bytes] = {}
    for leaf in leaves:
        level, found = 0, leaf
        while True:
            tile = open_tiles.setdefault(level, bytearray())
            tile += found
            if len(tile) < WIDTH * HASH_BYTES:
                break
            # The tile is full with this one, and so is the subtree that it is the tile of.
            tiles[Place(level, size >> (HEIGHT * (level + 1)))] = bytes(tile)
            found = perfect_root([bytes(tile[at : at + HASH_BYTES]) for at in range(0, len(tile), HASH_BYTES)])
            open_tiles[level] = bytearray()
            level += 1
        size += 1
    for level, tile in open_tiles.items():
        if tile:
            tiles[Place(level, size >> (HEIGHT * (level + 1)))] = bytes(tile)
    return Grown(size, tiles)


def last_tiles(size: int) -> dict[Place, int]:
    """The tiles of a tree that are not full, with how many hashes each holds."""
    found: dict[Place, int] = {}
    level = 0
    while count := size >> (HEIGHT * level):
        if count % WIDTH:
            found[Place(level, count // WIDTH)] = count % WIDTH
        level += 1
    return found


def width_at(size: int, place: Place) -> int:
    """How many hashes (or entries, at level -1) a tile holds in a tree of ``size`` leaves; 0 where there is none."""
    count = size >> (HEIGHT * max(0, place.level))
    return max(0, min(WIDTH, count - place.number * WIDTH))


def subtrees(size: int, read: Callable[[Place], bytes | None]) -> Whole:
    """Read hashes of subtrees out of tiles, each tile once.

    Args:
        size: of the tree: a tile may have grown since, and what it holds beyond is not looked at.
        read: a tile's hashes; None where there is none.

    Raises (when called):
        TileMissing: a tile is not there or too short.
    """
    seen: dict[Place, bytes] = {}

    def whole(height: int, index: int) -> bytes:
        level, above = divmod(height, HEIGHT)
        first = index << above
        place = Place(level, first // WIDTH)
        tile = seen.get(place)
        if tile is None:
            found = read(place)
            wanted = width_at(size, place) * HASH_BYTES
            if found is None or len(found) < wanted:
                raise TileMissing(f"tile {tile_path(place)} of the log is missing or cut short")
            tile = seen[place] = found[:wanted]
        start = first % WIDTH * HASH_BYTES
        end = start + (HASH_BYTES << above)
        if end > len(tile):
            raise TileMissing(f"tile {tile_path(place)} of the log is missing or cut short")
        return perfect_root([tile[at : at + HASH_BYTES] for at in range(start, end, HASH_BYTES)])

    return whole


def tile_path(place: Place, width: int = WIDTH) -> str:
    """The path of a tile, below ``tile/``; one that is not full names its width."""
    digits = f"{place.number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    level = "entries" if place.level < 0 else str(place.level)
    path = "/".join([level, *(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == WIDTH else f"{path}.p/{width}"


def read_tile_path(path: str) -> tuple[Place, int] | None:
    """Read a path below ``tile/``: the place and the width; None for what is no such path, or not its one form."""
    found = _PATH.fullmatch(path)
    if found is None or len(path) > 80:
        return None
    level, number, width = found.groups()
    digits = number.replace("x", "").replace("/", "")
    if len(digits) > _LONGEST_NUMBER:
        return None
    place = Place(-1 if level == "entries" else int(level), int(digits))
    wide = WIDTH if width is None else int(width)
    if not 0 < wide <= WIDTH or place.level > 63 // HEIGHT or tile_path(place, wide) != path:
        return None
    return place, wide


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after the other, each behind its length in two octets (tlog-tiles, "Log Entries")."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
