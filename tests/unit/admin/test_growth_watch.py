"""The watch over the log's growth: it warns in time, looks seldom, and leaves a log that cannot be read to others."""

from pathlib import Path

import pytest
from support.archives import fill, moment

from esb.admin.growth_watch import GrowthWatch
from esb.audit import growth
from esb.audit.room import room_of


class _Clock:
    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


def test_it_warns_before_the_log_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "_FEW", 10)
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    clock = _Clock(moment("2026-12") / 1_000_000 + 86_400)
    absent = GrowthWatch(url, 0, 30, clock)
    absent.look()
    assert absent.warning() == ""
    fill(url, {"2026-12": 200})
    taken = sum(room_of(url).parts.values())
    watch = GrowthWatch(url, taken * 11, 30, clock)
    assert watch.warning() == ""
    watch.look()
    assert watch.warning().startswith("the evidence log will be full about 2026-12-14")
    roomy, silent = GrowthWatch(url, taken * 200, 30, clock), GrowthWatch(url, taken * 11, 0, clock)
    for each in (roomy, silent):
        each.look()
        assert each.warning() == ""
    (tmp_path / "evidence.db").unlink()
    clock.at += 599
    watch.look()
    clock.at += 2
    watch.look()
    assert watch.warning()
