"""Medians and spread, and turns that no subject always begins."""

from dataclasses import dataclass, field

import pytest

from esb.bench.client import WrongAnswer
from esb.bench.rounds import Round, Subject, Summary, interleave, ratio


def round_of(cpu: float, calibration: float = 669.0) -> Round:
    return Round(10, cpu, calibration, calibration, 100.0)


def test_median_spread_and_scaling() -> None:
    summary = Summary((round_of(900), round_of(1_100), round_of(1_000)))
    assert (summary.median("cpu_us"), summary.spread("cpu_us")) == (1_000, 0.2)
    assert Summary((round_of(1_000, 2 * 669.0),)).median("scaled_us") == 500
    assert summary.spread("p50_ms") == 0
    facts = summary.as_json()
    assert facts["median"]["scaled_us"] == 1_000
    assert [each["cpu_us"] for each in facts["rounds"]] == [900, 1_100, 1_000]


def test_a_ratio_is_taken_turn_by_turn() -> None:
    # The machine was half as fast in the last turn: it does not show.
    one = Summary((round_of(1_000), round_of(1_100), round_of(2_000)))
    other = Summary((round_of(500), round_of(550), round_of(1_000)))
    assert ratio(one, other, "cpu_us") == 2
    with pytest.raises(ValueError, match="zip"):
        ratio(one, Summary((round_of(1),)), "cpu_us")


@dataclass
class Counting:
    name: str
    journal: list[str]
    wrong_at: int | None = None
    rounds: int = field(default=0)

    def warm_up(self) -> None:
        self.journal.append(f"warm {self.name}")

    def round(self) -> Round:
        self.rounds += 1
        if self.rounds == self.wrong_at:
            raise WrongAnswer("no")
        self.journal.append(self.name)
        return round_of(self.rounds)


def test_subjects_take_turns_and_turns_at_beginning() -> None:
    journal: list[str] = []
    subjects: dict[str, Subject] = {name: Counting(name, journal) for name in ("a", "b", "c")}
    told: list[tuple[str, int]] = []
    found = interleave(subjects, 3, lambda name, number, _: told.append((name, number)))
    assert journal == ["warm a", "warm b", "warm c", *"abc", *"bca", *"cab"]
    assert told[:4] == [("a", 0), ("b", 0), ("c", 0), ("b", 1)]
    assert all(summary.median("cpu_us") == 2 for summary in found.values())


def test_a_wrong_answer_in_any_round_ends_all() -> None:
    subjects: dict[str, Subject] = {"a": Counting("a", []), "b": Counting("b", [], wrong_at=2)}
    with pytest.raises(WrongAnswer):
        interleave(subjects, 3, lambda *_: None)
