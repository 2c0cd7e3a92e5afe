"""Tiles: however leaves come, the tiles are the same; the tree read out of them is the tree; paths have one form."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.audit.merkle import perfect_root, root
from esb.audit.tiles import (
    HASH_BYTES,
    WIDTH,
    Place,
    TileMissing,
    entry_bundle,
    grow,
    last_tiles,
    read_tile_path,
    subtrees,
    tile_path,
    width_at,
)

MOST = 70_000  # beyond 256 * 256, so that there is a third level
LEAVES = [hashlib.sha256(str(number).encode()).digest() for number in range(MOST)]


def grown_in(steps: list[int]) -> tuple[int, dict[Place, bytes]]:
    """A tree that was added to in these steps."""
    size, tiles = 0, dict[Place, bytes]()
    for step in steps:
        last = {place.level: tiles[place] for place in last_tiles(size)}
        found = grow(size, last, LEAVES[size : size + step])
        tiles.update(found.tiles)
        size = found.size
    return size, tiles


def test_leaves_one_by_one_and_all_at_once_come_to_the_same_tiles() -> None:
    assert grown_in([1] * 600) == grown_in([600]) == grown_in([0, 255, 1, 1, 343])
    assert grown_in([1, 69_999]) == grown_in([MOST])


@given(st.lists(st.integers(0, 700), max_size=6))
def test_a_tree_read_out_of_its_tiles_has_its_root(steps: list[int]) -> None:
    size, tiles = grown_in(steps)
    for each in {size, size // 2, size - size % WIDTH}:
        plain = root(each, lambda height, index: perfect_root(LEAVES[index << height : (index + 1) << height]))
        assert root(each, subtrees(each, tiles.get)) == plain


def test_three_levels_are_read_as_the_tree_they_are() -> None:
    size, tiles = grown_in([MOST])
    assert {place.level for place in tiles} == {0, 1, 2}
    plain = root(size, lambda height, index: perfect_root(LEAVES[index << height : (index + 1) << height]))
    assert root(size, subtrees(size, tiles.get)) == plain


def test_tiles_hold_what_the_size_says() -> None:
    size, tiles = grown_in([MOST])
    assert {place: len(hashes) // HASH_BYTES for place, hashes in tiles.items()} == {
        place: width_at(size, place) for place in tiles
    }
    for place, width in last_tiles(size).items():
        assert width_at(size, place) == width
    assert width_at(size, Place(0, size // WIDTH + 1)) == 0
    assert width_at(300, Place(-1, 1)) == 44


@pytest.mark.parametrize("cut", [None, b"", b"\0" * HASH_BYTES])
def test_a_tile_that_is_missing_or_cut_short_is_named(cut: bytes | None) -> None:
    size, tiles = grown_in([300])
    lost = Place(0, 1)
    with pytest.raises(TileMissing, match="0/001"):
        root(size, subtrees(size, lambda place: cut if place == lost else tiles[place]))


@pytest.mark.parametrize(
    ("place", "width", "path"),
    [
        (Place(0, 0), WIDTH, "0/000"),
        (Place(0, 273), WIDTH, "0/273"),
        (Place(1, 1234067), 8, "1/x001/x234/067.p/8"),
        (Place(-1, 1000), 255, "entries/x001/000.p/255"),
        (Place(7, 999), 1, "7/999.p/1"),
    ],
)
def test_paths_are_those_of_the_specification(place: Place, width: int, path: str) -> None:
    assert tile_path(place, width) == path
    assert read_tile_path(path) == (place, width)


@pytest.mark.parametrize(
    "path",
    [
        "", "0", "0/", "0/1", "0/0001", "00/001", "8/001", "64/001", "0/x000/001", "0/x1/001", "0/001/", "0/001.p/0",
        "0/001.p/256", "0/001.p/08", "0/001.p/", "entries/../001", "0/001\n", "0/" + "x999/" * 30 + "999", "-1/001",
        "0/٠٠١",
    ],
)  # fmt: skip
def test_what_is_no_path_of_a_tile_is_none(path: str) -> None:
    assert read_tile_path(path) is None


@given(st.integers(0, 7), st.integers(0, 10**18), st.integers(1, WIDTH))
def test_every_tile_has_one_path(level: int, number: int, width: int) -> None:
    assert read_tile_path(tile_path(Place(level, number), width)) == (Place(level, number), width)


def test_entries_stand_behind_their_lengths() -> None:
    assert entry_bundle([b"", b"ab", b"x" * 300]) == b"\0\0" + b"\0\2ab" + b"\1\x2c" + b"x" * 300
