"""Shares are whole, sum to the last unit, and never stray a unit from what is due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.sample.shares import apportion, spread

WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=60)


@given(total=st.integers(0, 10**7), weights=WEIGHTS)
def test_nothing_is_lost_and_nobody_is_a_unit_off(total: int, weights: list[int]) -> None:
    if not sum(weights):
        weights = [*weights, 1]
    shares = apportion(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    assert all(abs(share * whole - total * weight) < whole for share, weight in zip(shares, weights, strict=True))


@given(weights=WEIGHTS)
def test_the_whole_is_shared_out_as_it_was(weights: list[int]) -> None:
    assert apportion(sum(weights), weights) == weights


def test_of_equal_remainders_the_earlier_goes_first() -> None:
    assert apportion(2, [1, 1, 1]) == [1, 1, 0]


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0, 0]), (-1, [1]), (1, [2, -1])])
def test_what_cannot_be_shared_out_is_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError):
        apportion(total, weights)


def test_nothing_over_nobody_is_nothing() -> None:
    assert apportion(0, []) == []


@given(st.data())
def test_a_spread_keeps_its_bounds(data: st.DataObject) -> None:
    places = data.draw(st.integers(1, 60))
    least = data.draw(st.integers(0, 5))
    most = data.draw(st.integers(least, 5000))
    total = data.draw(st.integers(places * least, places * most))
    shares = spread(total, places, least, most)
    assert len(shares) == places
    assert sum(shares) == total
    assert all(least <= share <= most for share in shares)
    assert shares == sorted(shares, reverse=True)


def test_a_spread_follows_zipf() -> None:
    assert spread(11, 3, 0, 11) == [6, 3, 2]


def test_what_is_too_much_for_the_first_goes_on_to_the_next() -> None:
    assert spread(11, 3, 0, 5) == [5, 4, 2]


def test_nothing_on_no_place_is_nothing() -> None:
    assert spread(0, 0, 1, 9) == []


@pytest.mark.parametrize(("total", "places"), [(2, 3), (31, 3), (1, 0)])
def test_bounds_that_cannot_be_kept_are_refused(total: int, places: int) -> None:
    with pytest.raises(ValueError):
        spread(total, places, 1, 10)
