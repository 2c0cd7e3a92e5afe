"""Work beside the messages: what goes wrong in one round is told once, and the next round is run."""

import threading
from typing import Any

from esb.kernel.faults import EsbError
from esb.kernel.rounds import FAULT, Rounds


class Told:
    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def __call__(self, problem: str, fault: Exception | None) -> None:
        self.said.append((problem, str(fault or "")))


def test_problems_come_and_go_and_the_work_goes_on() -> None:
    script: list[Any] = ["", "away", "away", EsbError("locked"), ZeroDivisionError("x"), ""]
    done, closed, told = threading.Event(), threading.Event(), Told()

    def work() -> str:
        now = script.pop(0) if script else ""
        if not script:
            done.set()
        if isinstance(now, Exception):
            raise now
        return str(now)

    rounds = Rounds("timestamps", work, 0.001, told, closed.set)
    rounds.start()
    assert done.wait(5)
    assert rounds.stop(5)
    assert closed.is_set()
    assert rounds.problem() == ""
    assert told.said == [("away", ""), ("locked", ""), (FAULT, "x"), ("", "")]


def test_the_first_round_may_come_at_once_and_one_more_at_the_end() -> None:
    first, rounds_run = threading.Event(), list[str]()

    def work() -> str:
        rounds_run.append("")
        first.set()
        return ""

    rounds = Rounds("tree", work, 3600, Told(), at_once=True, once_more=True)
    rounds.start()
    assert first.wait(5)
    assert rounds.stop(5)
    assert len(rounds_run) == 2


def test_a_long_round_hears_of_the_end() -> None:
    going, ended = threading.Event(), list[bool]()

    def work() -> str:
        going.set()
        while not rounds.breathe(0.001):
            pass
        ended.append(rounds.breathe())
        return ""

    rounds = Rounds("index", work, 0.001, Told())
    assert not rounds.breathe()
    rounds.start()
    assert going.wait(5)
    assert rounds.stop(5)
    assert ended == [True]


def test_one_that_hangs_is_not_waited_for() -> None:
    going, end = threading.Event(), threading.Event()

    def work() -> str:
        going.set()
        end.wait(5)
        return ""

    rounds = Rounds("witnesses", work, 0.001, Told())
    assert rounds.stop(1), "never started"
    rounds = Rounds("witnesses", work, 0.001, Told())
    rounds.start()
    going.wait(5)
    assert not rounds.stop(0.01)
    end.set()
    assert rounds.stop(5)
