"""What the sequencer works out, without a database."""

import pytest

from esb.audit.leaf import leaf_hash
from esb.audit.merkle import perfect_root
from esb.audit.tiles import Place
from esb.audit.tree import Span, TreeDamaged, addition, tile_of_size, tree_root

LEAVES = [str(number).encode() for number in range(600)]


def test_records_become_spans_tiles_and_a_mark() -> None:
    found = addition(0, 0, [(1, b"a"), (2, b"b"), (5, b"c")], lambda _: None)
    assert (found.size, found.mark) == (3, 5)
    assert found.spans == (Span(0, 1, 2), Span(2, 5, 1))
    assert found.tiles == {Place(0, 0): b"".join(map(leaf_hash, (b"a", b"b", b"c")))}


def test_a_tree_goes_on_from_its_last_tiles() -> None:
    tiles: dict[Place, bytes] = {}
    size = mark = 0
    for end in (10, 256, 300, 600):
        found = addition(size, mark, ((at + 1, LEAVES[at]) for at in range(size, end)), tiles.get)
        tiles.update(found.tiles)
        size, mark = found.size, found.mark
    assert tree_root(256, tiles.get) == perfect_root([leaf_hash(leaf) for leaf in LEAVES[:256]])
    assert tree_root(size, tiles.get) == tree_root(
        600, addition(0, 0, ((at + 1, leaf) for at, leaf in enumerate(LEAVES)), tiles.get).tiles.get
    )


def test_nothing_new_changes_nothing() -> None:
    found = addition(0, 7, [], lambda _: None)
    assert (found.size, found.mark, found.spans, dict(found.tiles)) == (0, 7, (), {})


@pytest.mark.parametrize("tile", [None, b"", b"\0" * 32, b"\0" * 96])
def test_a_tile_of_another_size_is_not_grown(tile: bytes | None) -> None:
    with pytest.raises(TreeDamaged, match="tree of 2 leaves"):
        addition(2, 2, [(3, b"c")], lambda _: tile)


def test_records_out_of_order_are_not_sequenced() -> None:
    with pytest.raises(TreeDamaged, match="order"):
        addition(0, 5, [(5, b"a")], lambda _: None)


def test_a_tile_is_what_it_was_at_a_size() -> None:
    tile = bytes(range(96))
    assert tile_of_size(2, Place(0, 0), tile) == tile[:64]
    assert tile_of_size(3, Place(0, 0), tile) == tile
    assert tile_of_size(4, Place(0, 0), tile) is None
    assert tile_of_size(3, Place(0, 1), tile) is None
    assert tile_of_size(3, Place(0, 0), None) is None
