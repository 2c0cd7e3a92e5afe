"""Clocks: a test's clock holds still, and a step of the wall clock leaves waiting times alone."""

import time

import pytest

from esb.kernel.clock import ManualClock, SystemClock, utc_text


def test_the_system_clock_tells_unix_seconds():
    before = time.time()
    assert before <= SystemClock().now() <= time.time()


def test_the_system_clock_measures_waits_without_going_back():
    clock = SystemClock()
    times = [clock.monotonic() for _ in range(100)]
    assert times == sorted(times)


def test_a_manual_clock_stands_still():
    clock = ManualClock(5.0)
    assert [clock.now(), clock.now(), clock.monotonic(), clock.monotonic()] == [5.0, 5.0, 0.0, 0.0]


def test_to_advance_moves_both_times():
    clock = ManualClock(5.0)
    clock.advance(2.5)
    assert (clock.now(), clock.monotonic()) == (7.5, 2.5)


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_to_step_moves_the_wall_clock_alone(seconds):
    clock = ManualClock(10_000.0)
    clock.step(seconds)
    assert (clock.now(), clock.monotonic()) == (10_000.0 + seconds, 0.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1_700_000_000.9996, "2023-11-14T22:13:20.999Z"),
        (1_424_000_000.25, "2015-02-15T11:33:20.250Z"),
    ],
)
def test_a_time_is_written_in_utc_with_milliseconds_never_rounded_up(seconds, text):
    assert utc_text(seconds) == text
