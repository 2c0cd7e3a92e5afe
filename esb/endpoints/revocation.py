"""How long the revocation lists still hold, told before it is too late.

When a list is past its nextUpdate and the grace that the operator gave it, what it does not revoke is no longer known,
and messages signed with that authority's certificates are refused (CRT-07); those of other authorities go on.  That is
no accident of the moment: somebody forgot to publish in time.
"""

from collections.abc import Callable, Sequence
from typing import Final

from esb.certs.crl import ListEnd

_HOUR: Final = 3600.0
# Hours before a list's end at which it is told again, each time more urgently.
_TOLD_AT: Final = (72.0, 24.0, 3.0)


class Lists:
    """The ends of all lists in force.

    Args:
        ends: until when each authority's list may be relied upon.
        grace_seconds: how long past its nextUpdate a list may be relied upon.
        now: Unix seconds.
    """

    def __init__(self, ends: Callable[[], Sequence[ListEnd]], grace_seconds: float, now: Callable[[], float]) -> None:
        self._ends = ends
        self._grace = grace_seconds
        self._now = now
        self._told = 0

    def problem(self) -> str:
        """What keeps the bus from serving: every list has run out, grace and all."""
        ended = self._ended()
        if not ended or len(ended) < len(self._ends()):
            return ""
        return "every revocation list ran out, and its grace too: no certificate is believed until they are renewed"

    def warning(self) -> str:
        """What will keep it from serving, while there is time, and for whom it does not serve any more."""
        said = []
        if (ended := self._ended()) and len(ended) < len(self._ends()):
            names = ", ".join(sorted({one.issuer.subject.rfc4514_string() for one in ended}))
            said.append(
                f"the revocation list of {names} ran out, and its grace too: "
                "certificates of that authority are refused until it is renewed"
            )
        left = min((one.at - self._now() for one in self._ends() if one not in ended), default=None)
        if left is not None and left - self._grace <= _TOLD_AT[0] * _HOUR:
            said.append(
                f"a revocation list has run out and is relied upon for {_span(left)} more: renew it now"
                if left <= self._grace
                else f"a revocation list runs out in {_span(left - self._grace)}: renew it"
            )
        return "; ".join(said)

    def news(self) -> str:
        """What is to be logged now: each step towards the end once; "" when there is nothing new."""
        step = self._step()
        if step == self._told:
            return ""
        before, self._told = self._told, step
        if step < before:
            return ""  # renewed
        return self.problem() or self.warning()

    def _ended(self) -> list[ListEnd]:
        now = self._now()
        return [one for one in self._ends() if one.at <= now]

    def _step(self) -> int:
        """How many steps towards their ends all lists have taken."""
        steps = [hours * _HOUR + self._grace for hours in _TOLD_AT]
        lefts = [one.at - self._now() for one in self._ends()]
        return sum(1 for left in lefts for end in (*steps, self._grace, self._grace / 2, 0.0) if left <= end)


def _span(seconds: float) -> str:
    hours = seconds / _HOUR
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} hours" if hours >= 2 else f"{seconds / 60:.0f} minutes"
