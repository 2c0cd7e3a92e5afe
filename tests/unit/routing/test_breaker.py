"""The breaker: a pause after failures in a row, one trial after it, and no way to stay shut for ever."""

import pytest

from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.routing.breaker import Breaker

A, B = "https://a.example/", "https://b.example/"


@pytest.fixture
def breaker():
    return Breaker(failures=3, pause=10.0)


def fail(breaker, times, now=100.0, endpoint=A):
    for _ in range(times):
        breaker.failed(endpoint, now)


def retry_after(breaker, now, endpoint=A):
    with pytest.raises(Refusal) as caught:
        breaker.check(endpoint, now)
    assert caught.value.rule is rules.PRV_BREAKER
    return caught.value.retry_after


def test_an_unknown_endpoint_is_called(breaker):
    breaker.check(A, 0.0)


def test_fewer_failures_than_the_limit_do_not_open_it(breaker):
    fail(breaker, 2)
    breaker.check(A, 100.0)


def test_failures_that_are_not_in_a_row_do_not_open_it(breaker):
    fail(breaker, 2)
    breaker.succeeded(A)
    fail(breaker, 2)
    breaker.check(A, 100.0)


def test_it_opens_at_the_limit_for_the_pause_and_says_for_how_long(breaker):
    fail(breaker, 3, now=100.0)
    assert [retry_after(breaker, now) for now in (100.0, 104.5, 109.9)] == [10, 6, 1]


def test_one_endpoints_failures_are_not_anothers(breaker):
    fail(breaker, 3)
    breaker.check(B, 100.0)


def test_after_the_pause_one_request_tries_and_the_others_wait(breaker):
    fail(breaker, 3, now=100.0)
    breaker.check(A, 110.0)
    assert retry_after(breaker, 110.1) >= 1


def test_a_trial_that_succeeds_closes_it(breaker):
    fail(breaker, 3, now=100.0)
    breaker.check(A, 110.0)
    breaker.succeeded(A)
    for _ in range(5):
        breaker.check(A, 110.5)


def test_a_trial_that_fails_opens_it_for_another_pause(breaker):
    fail(breaker, 3, now=100.0)
    breaker.check(A, 110.0)
    breaker.failed(A, 112.0)
    assert retry_after(breaker, 121.9) == 1
    breaker.check(A, 122.0)


def test_a_trial_that_is_never_told_of_does_not_shut_the_endpoint_for_ever(breaker):
    """A request that was let through can end before it is sent: refused by another rule, or the bus is too full."""
    fail(breaker, 3, now=100.0)
    breaker.check(A, 110.0)
    breaker.check(A, 120.0)


def test_requests_that_were_under_way_when_it_opened_lengthen_the_pause_and_no_more(breaker):
    fail(breaker, 3, now=100.0)
    fail(breaker, 40, now=105.0)
    assert retry_after(breaker, 105.0) == 10
    breaker.check(A, 115.0)


def test_what_it_met_is_noted_once_for_each_pause(breaker):
    fail(breaker, 9)
    breaker.succeeded(B)
    breaker.succeeded(A)
    breaker.succeeded(A)
    fail(breaker, 2)
    assert list(breaker.news) == [(A, False), (A, True)]


def test_an_endpoint_that_is_watched_is_told_of_when_it_is_reached(breaker):
    breaker.watched = frozenset({B})
    for _ in range(2):
        breaker.succeeded(A)
        breaker.succeeded(B)
    assert list(breaker.news) == [(B, True)]
