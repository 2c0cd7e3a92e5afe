"""Calibration: now and then, in the middle of what was seen, and scaling by it."""

import pytest

from esb.bench import calibrate
from esb.bench.calibrate import Calibration, scaled, signature_us


def test_a_signature_takes_some_time() -> None:
    assert 0 < signature_us() < 1e6


def test_a_tick_signs_at_every_fortieth_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    times = [900.0, 700.0, 800.0]
    monkeypatch.setattr(calibrate, "signature_us", times.pop)
    calibration = Calibration()
    for _ in range(3 * 40 + 39):
        calibration.tick()
    assert calibration.us == 800.0
    assert times == []


def test_without_a_tick_it_is_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "signature_us", lambda: 700.0)
    assert Calibration().us == 700.0
    assert Calibration().take(3).us == 700.0


def test_twice_as_slow_a_core_halves_the_figure() -> None:
    assert scaled(2_000, 2 * calibrate.QUIET_CORE_US) == 1_000
