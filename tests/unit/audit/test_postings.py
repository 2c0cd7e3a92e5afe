"""Lists of numbers: packed, merged and read again."""

import random
from collections import defaultdict

import pytest

from esb.audit.postings import (
    DENSE,
    PIECE,
    PIECES,
    VOLUME,
    Draft,
    Piece,
    bucket_of,
    columns,
    fresh_bucket_of,
    merge,
    numbers_dense,
    numbers_sparse,
    offsets_of,
    unit,
)
from esb.audit.query import term

CHANCE = random.Random(3)


def bits(offsets: list[int]) -> int:
    return sum(1 << offset for offset in offsets)


@pytest.fixture(scope="module")
def volume() -> tuple[list[Piece], dict[str, list[int]]]:
    """A volume's pieces, and the numbers of each officer's records."""
    wanted: defaultdict[str, list[int]] = defaultdict(list)
    pieces = []
    for number in range(3 * PIECES, 4 * PIECES):
        draft = Draft(number)
        for place in sorted(CHANCE.sample(range(PIECE), 300)):
            # One of half the records, one of some, and a crowd of few.
            officer = CHANCE.choice(("all", "all", "some", f"few {CHANCE.randrange(300)}"))
            if CHANCE.random() < 0.002:
                officer = "rare"
            wanted[officer].append((number * PIECE + place) % VOLUME)
            draft.add(number * PIECE + place, 10**15 + place, {"officer": officer, "duration_us": place * 10})
        assert len(draft) == 300
        pieces.append(draft.pack())
    return pieces, wanted


def test_every_term_of_a_piece_is_found_again(volume: tuple[list[Piece], dict[str, list[int]]]) -> None:
    pieces, wanted = volume
    for officer, offsets in wanted.items():
        each = term("officer", officer)
        found = 0
        for piece in pieces:
            dense, sparse = dict(piece.dense), dict(piece.sparse)
            assert (each in dense) == (sum(o // PIECE == piece.number % PIECES for o in offsets) >= DENSE)
            found |= numbers_dense(dense.get(each, b""), fresh=True)
            found |= numbers_sparse(each, sparse.get(fresh_bucket_of(each), b""), fresh=True)
        assert found == bits(offsets)


def test_every_term_of_a_volume_is_found_again(volume: tuple[list[Piece], dict[str, list[int]]]) -> None:
    pieces, wanted = volume
    dense: dict[int, bytes] = {}
    sparse: dict[int, bytes] = {}
    for lists, buckets in merge(
        [one for piece in pieces for one in piece.dense], [one for piece in pieces for one in piece.sparse]
    ):
        assert not set(dict(lists)) & set(dense)
        assert not set(dict(buckets)) & set(sparse)
        dense.update(lists)
        sparse.update(buckets)
    assert len(dense[term("officer", "all")]) == VOLUME // 8
    assert term("officer", "rare") not in dense or len(wanted["rare"]) >= DENSE
    for officer, offsets in wanted.items():
        each = term("officer", officer)
        assert (each in dense) == (len(offsets) >= DENSE)
        found = numbers_dense(dense.get(each, b""), fresh=False)
        found |= numbers_sparse(each, sparse.get(bucket_of(each), b""), fresh=False)
        assert found == bits(offsets)


def test_entries_are_found_at_their_places_only() -> None:
    # The octets of a term that stand across two entries are no entry.
    each = 0x01_02_03_04_05
    entries = bytes.fromhex("0000000102 0304 0304050102 0304 0102030405 0007".replace(" ", ""))
    assert numbers_sparse(each, entries, fresh=True) == 1 << 7
    assert numbers_sparse(each, b"", fresh=True) == 0


def test_times_and_durations_of_a_piece() -> None:
    draft = Draft(0)
    draft.add(5, 1_000, {"duration_us": 2**33})
    draft.add(9, 1_000 + 2**40, {})
    piece = draft.pack()
    assert (piece.records, piece.oldest, piece.newest, piece.slowest) == (2, 1_000, 1_000 + 2**40, 2**32 - 1)
    shift = unit(piece.oldest, piece.newest)
    times = columns(piece.times)
    assert (times[5], times[9], sum(times)) == (1, (2**40 >> shift) + 1, (2**40 >> shift) + 2)
    assert list(columns(piece.durations)[4:10]) == [0, 2**32 - 1, 0, 0, 0, 0]
    assert unit(0, 2**31 - 1) == 0


def test_offsets_come_in_order() -> None:
    offsets = [0, 1, 77, 4_095, 65_535]
    assert list(offsets_of(bits(offsets), oldest_first=True)) == offsets
    assert list(offsets_of(bits(offsets), oldest_first=False)) == offsets[::-1]
    assert list(offsets_of(0, oldest_first=False)) == []
