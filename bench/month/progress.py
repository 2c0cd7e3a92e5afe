"""How far the month has come: a bar on a terminal, a line now and then elsewhere."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final, TextIO

_BAR: Final = 30  # characters
_LOOK_EVERY: Final = 64  # answers between two looks at the clock
_REDRAW: Final = 0.5  # seconds between two drawings on a terminal
_LINE: Final = 10.0  # seconds between two lines elsewhere
_WINDOW: Final = 30.0  # seconds over which the rate is taken


class Progress:
    """Counts answers and tells of them.

    Args:
        total: how many there will be.
        stream: where to; drawn in place where it is a terminal.
        clock: seconds that only grow.
    """

    def __init__(self, total: int, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._stream = stream
        self._clock = clock
        self._terminal = stream.isatty()
        self._began = self._shown = clock()
        self._marks: deque[tuple[float, int]] = deque([(self._began, 0)])
        self._drawn = 0
        self.done = 0

    def tick(self) -> None:
        """One more is answered."""
        self.done += 1
        if self.done % _LOOK_EVERY == 0 or self.done == self._total:
            now = self._clock()
            if self.done == self._total or now - self._shown >= (_REDRAW if self._terminal else _LINE):
                self._show(now)

    def close(self) -> None:
        """Leave the terminal's line."""
        if self._drawn:
            self._stream.write("\n")
            self._stream.flush()
            self._drawn = 0

    @property
    def seconds(self) -> float:
        """Since it began."""
        return self._clock() - self._began

    def _show(self, now: float) -> None:
        self._shown = now
        self._marks.append((now, self.done))
        while len(self._marks) > 2 and now - self._marks[0][0] > _WINDOW:
            self._marks.popleft()
        since, before = self._marks[0]
        rate = (self.done - before) / max(now - since, 1e-9)
        part = self.done / self._total
        left = "" if not rate else f", {clock_text((self._total - self.done) / rate)} left"
        text = f"{part:6.1%}  {self.done:,} of {self._total:,}, {rate:,.0f}/s{left}"
        if self._terminal:
            full = int(part * _BAR)
            text = f"▕{'█' * full}{' ' * (_BAR - full)}▏{text}"
            self._stream.write("\r" + text.ljust(self._drawn))
            self._drawn = len(text)
        else:
            self._stream.write(text + "\n")
        self._stream.flush()


def clock_text(seconds: float) -> str:
    """A span as people read it: ``42 s``, ``7:05`` or ``1:02:03``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
