"""Two tallies are equal exactly when they counted the same exchanges, in whatever order."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.bench.month.tally import NOTHING, Count, Tally, as_json, from_json, total


def tally(pairs: list[tuple[str, bytes]]) -> dict[str, Count]:
    made = Tally()
    for name, exchange in pairs:
        made.add(name, exchange)
    return made.counts()


PAIRS = st.lists(st.tuples(st.sampled_from(["A/B/C/v1", "D/E/F/v1"]), st.binary(min_size=1, max_size=36)), max_size=30)


@given(PAIRS, st.randoms())
def test_the_order_does_not_matter(pairs: list[tuple[str, bytes]], chance: random.Random) -> None:
    mixed = list(pairs)
    chance.shuffle(mixed)
    assert tally(mixed) == tally(pairs)


@given(PAIRS.filter(bool))
def test_one_more_or_another_is_noticed(pairs: list[tuple[str, bytes]]) -> None:
    (name, exchange), *rest = pairs
    assert tally(rest) != tally(pairs)
    assert tally([*pairs, pairs[0]]) != tally(pairs)
    assert tally([(name, exchange + b"x"), *rest]) != tally(pairs)


@given(PAIRS)
def test_json_brings_it_back(pairs: list[tuple[str, bytes]]) -> None:
    counts = tally(pairs)
    assert from_json(json.loads(json.dumps(as_json(counts)))) == counts


@given(PAIRS)
def test_counts_add_up(pairs: list[tuple[str, bytes]]) -> None:
    assert total(tally(pairs).values()) == tally([("all", exchange) for _, exchange in pairs]).get("all", NOTHING)


@pytest.mark.parametrize("data", [None, [], {"a": 1}, {"a": [1]}, {"a": [1, "x"]}, {"a": ["many", "0"]}, {"a": [1, 2]}])
def test_anything_else_is_refused(data: object) -> None:
    with pytest.raises(ValueError):
        from_json(data)
