"""Signals as something to wait for together with everything else: their numbers, read from a pipe."""

import os
import signal
from collections.abc import Iterable
from types import FrameType


class Signals:
    """Takes signals from now on, until :meth:`close`.  For the main thread alone."""

    def __init__(self, numbers: Iterable[signal.Signals]) -> None:
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        # Python writes each signal's number here by itself; a handler has to be there all the same.
        self._wakeup = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, _nothing) for number in numbers}

    def fileno(self) -> int:
        """What becomes readable when a signal has come."""
        return self._reading

    def come(self) -> list[int]:
        """The numbers that have come, in their order."""
        try:
            return list(os.read(self._reading, 4096))
        except BlockingIOError:
            return []

    def close(self) -> None:
        """Leave signals to whoever had them before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._reading)
        os.close(self._writing)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """The number is in the pipe already."""
