"""Hashes that are kept in memory, and read together, are those that one question each would give."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from esb.audit.merkle import check_inclusion, inclusion_proof, root
from esb.audit.reading import Reading
from esb.audit.tiles import Place, TileMissing, grow, subtrees
from esb.audit.tree_hashes import TreeHashes

SIZE = 256 * 256 + 256 * 3 + 5
LEAVES = [sha256(bytes([at % 251, at // 251 % 256, at // 65_536])).digest() for at in range(SIZE)]
TILES = dict(grow(0, {}, LEAVES).tiles)


class Counting(Reading):
    """Counts what it is asked."""

    asked = 0

    def rows(self, *given: object) -> list[tuple[object, ...]]:  # type: ignore[override]  # passed on as it is
        self.asked += 1
        return super().rows(*given)  # type: ignore[arg-type]


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Counting]:
    path = tmp_path / "tree.db"
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("CREATE TABLE tile (level INTEGER, number INTEGER, hashes BLOB)")
        file.executemany("INSERT INTO tile VALUES (?, ?, ?)", [(*_key(place), TILES[place]) for place in TILES])
    reading = Counting(path, lambda _: None)
    yield reading
    reading.close()


def _key(place: Place) -> tuple[int, int]:
    return place.level, place.number


def test_a_proof_takes_one_question_and_the_next_one_fewer_hashes(tree: Counting) -> None:
    whole = subtrees(SIZE, TILES.get)
    top = root(SIZE, whole)
    hashes = TreeHashes(tree)
    for index in (0, 300, 65_535, 65_536, SIZE - 1, 300, 0):
        before = tree.asked
        proof = inclusion_proof(index, SIZE, hashes.whole(SIZE, index))
        assert tree.asked <= before + 1
        assert proof == inclusion_proof(index, SIZE, whole)
        check_inclusion(LEAVES[index], index, SIZE, proof, top)
    for size in (1, 255, 256, 65_536, 65_537, SIZE - 3):
        assert root(size, hashes.whole(size)) == root(size, whole)


def test_a_full_tile_is_read_once_and_one_that_grows_is_read_again(tree: Counting, tmp_path: Path) -> None:
    hashes = TreeHashes(tree)
    for _ in range(2):
        assert hashes.tile(Place(0, 7), SIZE) == TILES[Place(0, 7)]
    assert tree.asked == 1
    assert hashes.tile(Place(0, 7), 7 * 256 + 3) == TILES[Place(0, 7)][: 3 * 32]
    assert hashes.tile(Place(0, 7), 7 * 256) is None
    last = Place(0, SIZE // 256)
    assert hashes.tile(last, SIZE) == TILES[last]
    with closing(sqlite3.connect(tmp_path / "tree.db")) as file, file:
        file.execute("UPDATE tile SET hashes = ?", (TILES[last] + b"x",))
    assert hashes.tile(last, SIZE + 1) is None  # too short by 31 octets
    assert hashes.tile(Place(0, 7), SIZE) == TILES[Place(0, 7)]
    hashes.forget()
    assert tree.asked == 3
    hashes.tile(Place(0, 7), SIZE)
    assert tree.asked == 4


def test_a_tile_that_is_missing_is_told_by_its_path(tree: Counting, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "tree.db")) as file, file:
        file.execute("DELETE FROM tile WHERE level = 0 AND number = 1")
    with pytest.raises(TileMissing, match="tile 0/001 "):
        inclusion_proof(300, SIZE, TreeHashes(tree).whole(SIZE, 300))
