"""Work that goes on beside the messages, in a thread of its own, round after round until it is stopped."""

import threading
from collections.abc import Callable
from typing import Any

from esb.kernel.faults import EsbError


class Rounds:
    """Runs a round again and again.  What goes wrong in one is told, and the next is run all the same.

    Args:
        name: of the thread, and of the work in the log.
        work: one round; gives back what is wrong in a sentence for a person, "" where nothing is.
        every: seconds between two rounds.
        log: told when the problem changes.
        close: called in the thread at its end.
    """

    def __init__(
        self, name: str, work: Callable[[], str], every: float, log: Any, close: Callable[[], None] = lambda: None
    ) -> None:
        self._name = name
        self._work = work
        self._every = every
        self._log = log
        self._close = close
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

    def _run(self) -> None:
        while not self._end.wait(self._every):
            try:
                self._tell(self._work())
            except EsbError as error:
                self._tell(str(error))
            except Exception as error:  # noqa: BLE001 - a thread that ends would end the work, and nobody would see why
                self._log.error(f"{self._name} failed", exc_info=error)
                self._tell("a fault of the program: see the log")
        self._close()

    def _tell(self, problem: str) -> None:
        if problem and problem != self._problem:
            self._log.error(self._name, problem=problem)
        elif self._problem and not problem:
            self._log.info(f"{self._name}: well again")
        self._problem = problem
