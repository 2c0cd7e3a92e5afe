"""A pause for a provider that keeps failing, so that callers learn it at once and it can recover."""

from dataclasses import dataclass
from math import ceil

from esb.kernel import rules
from esb.kernel.faults import Refusal


@dataclass(slots=True)
class _State:
    failures: int = 0
    open_until: float = 0.0


class Breaker:
    """Counts consecutive failures to reach an endpoint; after ``failures`` of them it opens for ``pause`` seconds,
    then lets one request a pause through to try.  A provider's own fault or a slow answer is no failure: it was
    reached.
    """

    def __init__(self, failures: int, pause: float) -> None:
        self._limit = failures
        self._pause = pause
        self._states: dict[str, _State] = {}

    def check(self, endpoint: str, now: float) -> None:
        """Ask before calling.  ``now`` is monotonic seconds.

        Raises:
            Refusal: PRV-05 with ``retry_after`` while the pause lasts, or another request is trying.
        """
        state = self._states.get(endpoint)
        if state is None or state.failures < self._limit:
            return
        if now < state.open_until:
            raise Refusal(
                rules.PRV_BREAKER,
                "The provider could not be reached several times in a row; the bus tries again shortly.",
                {},
                ceil(state.open_until - now),
            )
        # The trial may end before it is sent, and nobody would tell of it; so the next one waits a pause, not for it.
        state.open_until = now + self._pause

    def succeeded(self, endpoint: str) -> None:
        """The endpoint was reached."""
        self._states.pop(endpoint, None)

    def failed(self, endpoint: str, now: float) -> None:
        """The endpoint could not be reached."""
        state = self._states.setdefault(endpoint, _State())
        state.failures += 1
        if state.failures >= self._limit:
            state.open_until = now + self._pause
