"""Work that goes on beside the messages, in a thread of its own, round after round until it is stopped."""

import threading
from collections.abc import Callable
from typing import Final, Protocol

from esb.kernel.faults import EsbError
from esb.kernel.threads import tell_thread

FAULT: Final = "a fault of the program: see the log"


class Tell(Protocol):
    """Hears of a change in what is wrong."""

    def __call__(self, problem: str, fault: Exception | None) -> None:
        """What is wrong from now on, "" when all is well again; and what the program failed with, if it did."""


class Rounds:
    """Runs a round again and again.  What goes wrong in one is told, and the next is run all the same.

    Args:
        name: of the thread.
        work: one round; gives back what is wrong in a sentence for a person, "" where nothing is.  An ``EsbError`` of
            it is told by its own words, and anything else by those of ``failed``.
        every: seconds between two rounds.
        tell: told, in the thread, when the problem changes, and of each fault of the program.
        close: called in the thread at its end.
        failed: the sentence for a fault of the program.
        at_once: whether the first round is run at once, and not after the time between two.
        once_more: whether one is run when the end is asked for, for what has come since the last.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], str],
        every: float,
        tell: Tell,
        close: Callable[[], None] = lambda: None,
        *,
        failed: str = FAULT,
        at_once: bool = False,
        once_more: bool = False,
    ) -> None:
        self._work = work
        self._every = every
        self._tell = tell
        self._close = close
        self._failed = failed
        self._at_once = at_once
        self._once_more = once_more
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._problem = ""

    def problem(self) -> str:
        """What is wrong now; "" while all is well.  Does not block."""
        return self._problem

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """End after the round that is under way; False where ``timeout`` seconds were not enough for that."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def breathe(self, seconds: float = 0.0) -> bool:
        """For a long round, between two of its steps: let others have the processor; True when it is to end."""
        return self._end.wait(seconds) if seconds else self._end.is_set()

    def _run(self) -> None:
        # The system keeps but a few letters of a name.
        tell_thread(self._thread.name.removeprefix("evidence-"))
        if self._at_once:
            self._round()
        while not self._end.wait(self._every):
            self._round()
        if self._once_more:
            self._round()
        self._close()

    def _round(self) -> None:
        fault: Exception | None = None
        try:
            problem = self._work()
        except EsbError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - a thread that ends would end the work, and nobody would see why
            problem, fault = self._failed, error
        if problem != self._problem or fault is not None:
            self._tell(problem, fault)
        self._problem = problem
