"""How long the revocation lists still hold, told before it is too late.

When a list is past its nextUpdate and the grace that the operator gave it, what it does not revoke is no longer known
and every signed message is refused (CRT-07).  That is no accident of the moment: somebody forgot to publish in time.
"""

from collections.abc import Callable
from typing import Final

_HOUR: Final = 3600.0
# Hours before a list's end at which it is told again, each time more urgently.
_TOLD_AT: Final = (72.0, 24.0, 3.0)


class Lists:
    """The earliest end of all lists in force.

    Args:
        known_until: Unix seconds until which every list may be relied upon, grace included; None without a list.
        grace_seconds: how long past its nextUpdate a list may be relied upon.
        now: Unix seconds.
    """

    def __init__(self, known_until: Callable[[], float | None], grace_seconds: float, now: Callable[[], float]) -> None:
        self._known_until = known_until
        self._grace = grace_seconds
        self._now = now
        self._told = 0

    def problem(self) -> str:
        """What keeps the bus from serving: a list has run out, grace and all."""
        left = self._left()
        if left is None or left > 0:
            return ""
        return "a revocation list ran out, and its grace too: no certificate is believed until it is renewed"

    def warning(self) -> str:
        """What will keep it from serving, while there is time."""
        left = self._left()
        if left is None or left <= 0 or left - self._grace > _TOLD_AT[0] * _HOUR:
            return ""
        if left <= self._grace:
            return f"a revocation list has run out and is relied upon for {_span(left)} more: renew it now"
        return f"a revocation list runs out in {_span(left - self._grace)}: renew it"

    def news(self) -> str:
        """What is to be logged now: each step towards the end once; "" when there is nothing new."""
        step = self._step()
        if step == self._told:
            return ""
        before, self._told = self._told, step
        if step < before:
            return ""  # renewed
        return self.problem() or self.warning()

    def _left(self) -> float | None:
        known_until = self._known_until()
        return None if known_until is None else known_until - self._now()

    def _step(self) -> int:
        left = self._left()
        if left is None:
            return 0
        ends = [hours * _HOUR + self._grace for hours in _TOLD_AT]
        return sum(1 for end in (*ends, self._grace, self._grace / 2, 0.0) if left <= end)


def _span(seconds: float) -> str:
    hours = seconds / _HOUR
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} hours" if hours >= 2 else f"{seconds / 60:.0f} minutes"
