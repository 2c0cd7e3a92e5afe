"""A promise is held or not by its figure; growth is really measured on two homes."""

from pathlib import Path

import pytest

from esb.bench.databases import Databases
from esb.bench.grown import Size
from esb.bench.rounds import Round, Summary
from esb.bench.run import Options
from esb.bench.targets import Target, at_least, at_most, growth, most, rows


@pytest.mark.parametrize(("cpu", "held"), [(1_000.0, True), (1_001.0, False)])
def test_a_limit_on_cpu_is_on_the_scaled_figure(cpu: float, held: bool) -> None:
    found = most("x", 1_000, Summary((Round(1, 2 * cpu, 2 * 669.0, 0, 1),)))
    assert found.held is held
    assert f"{cpu:,.0f} µs scaled, {2 * cpu:,.0f} raw" in found.measured


def test_limits_on_ratios() -> None:
    assert at_most("x", 1.6, 1.6, "{:.2f} ×") == Target("x", "≤ 1.60 ×", "1.60 ×", True)
    assert at_most("x", 0.05, 0.051, "{:+.1%}") == Target("x", "≤ +5.0%", "+5.1%", False)
    assert at_least("x", 15, 14.9, "{:.1f} ×").held is False
    assert at_least("x", 0.9, 0.9, "{:.0%}").held is True


def test_what_a_machine_cannot_tell_is_said() -> None:
    found = [Target("a", "≤ 1", "1", True), Target("b", "≤ 1", "2", False), Target("c", "≥ 2", "1", None)]
    assert [row[3] for row in rows(found)] == ["yes", "NO", "cannot tell"]


@pytest.mark.long
def test_growth_is_measured_on_two_homes_by_turns(tmp_path: Path) -> None:
    told: list[str] = []
    with Databases() as databases:
        options = Options(rounds=1, exchanges=24, folder=tmp_path)
        found = growth(options, databases, told.append, Size(services=60, grants=120, rows=500))
    assert found.keys() == {"small", "grown"}
    assert all(len(summary.rounds) == 1 for summary in found.values())
    assert "grown: 60 services, 120 grants, 500 log rows" in told
    assert list(tmp_path.iterdir()) == []
