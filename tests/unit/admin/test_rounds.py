"""Work beside the messages: what goes wrong in one round is told once, and the next round is run."""

import threading
from typing import Any

from esb.admin.rounds import Rounds
from esb.audit.record import StoreUnavailable


class Log:
    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def error(self, event: str, problem: str = "", exc_info: Any = None) -> None:
        self.said.append((event, problem or str(exc_info)))

    def info(self, event: str) -> None:
        self.said.append((event, ""))


def test_problems_come_and_go_and_the_work_goes_on() -> None:
    script: list[Any] = ["", "away", "away", StoreUnavailable("locked"), ZeroDivisionError("x"), ""]
    done, closed, log = threading.Event(), threading.Event(), Log()

    def work() -> str:
        now = script.pop(0) if script else ""
        if not script:
            done.set()
        if isinstance(now, Exception):
            raise now
        return str(now)

    rounds = Rounds("timestamps", work, 0.001, log, closed.set)
    rounds.start()
    assert done.wait(5)
    assert rounds.stop(5)
    assert closed.is_set()
    assert rounds.problem() == ""
    assert log.said == [
        ("timestamps", "away"),
        ("timestamps", "locked"),
        ("timestamps failed", "x"),
        ("timestamps", "a fault of the program: see the log"),
        ("timestamps: well again", ""),
    ]


def test_one_that_hangs_is_not_waited_for() -> None:
    going, end = threading.Event(), threading.Event()

    def work() -> str:
        going.set()
        end.wait(5)
        return ""

    rounds = Rounds("witnesses", work, 0.001, Log())
    assert rounds.stop(1), "never started"
    rounds = Rounds("witnesses", work, 0.001, Log())
    rounds.start()
    going.wait(5)
    assert not rounds.stop(0.01)
    end.set()
    assert rounds.stop(5)
