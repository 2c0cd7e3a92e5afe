"""A tiny measurement from end to end, on both databases.  (That a wrong answer makes it fail, the command's tests
see.)"""

from pathlib import Path

import pytest

from esb.bench.case import Case, Setting
from esb.bench.run import BUS, FLOOR, HALF, NAIVE, Options, run


@pytest.mark.long
def test_a_case_with_all_its_yardsticks(tmp_path: Path) -> None:
    told: list[str] = []
    options = Options(rounds=1, exchanges=24, folder=tmp_path)
    (result,) = run([Case()], options, told.append)
    assert result.summaries.keys() == {BUS, HALF, FLOOR, NAIVE}
    assert all(summary.median("cpu_us") > 0 for summary in result.summaries.values())
    assert {name: len(summary.rounds) for name, summary in result.summaries.items()} == dict.fromkeys(
        result.summaries, 1
    )
    assert sum("round 1 of 1" in text for text in told) == 4
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_two_workers_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    cases = [Case(Setting(database="postgresql", workers=2), connections=4)]
    options = Options(1, 24, naive=False, half_load=False, postgres=postgres_url, folder=tmp_path)
    (result,) = run(cases, options, lambda _: None)
    assert result.summaries.keys() == {BUS, FLOOR}
    assert list(tmp_path.iterdir()) == []
