"""A pause for a provider that keeps failing, so that callers learn it at once and it can recover."""

from collections import deque
from dataclasses import dataclass
from math import ceil

from esb.kernel import rules
from esb.kernel.faults import Refusal

_MOST_NEWS = 10_000


@dataclass(slots=True)
class _State:
    failures: int = 0
    open_until: float = 0.0


class Breaker:
    """Counts consecutive failures to reach an endpoint; after ``failures`` of them it opens for ``pause`` seconds,
    then lets one request a pause through to try.  A provider's own fault or a slow answer is no failure: it was
    reached.

    Attributes:
        news: endpoints that a pause began for (False), or that were reached again (True), the oldest first, for whoever
            tells of it; the oldest are dropped when nobody does.
        watched: endpoints that are to be told of when they are reached, whatever this breaker has seen of them.
    """

    def __init__(self, failures: int, pause: float) -> None:
        self._limit = failures
        self._pause = pause
        self._states: dict[str, _State] = {}
        self.news: deque[tuple[str, bool]] = deque(maxlen=_MOST_NEWS)
        self.watched: frozenset[str] = frozenset()

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
        state = self._states.pop(endpoint, None)
        if (state is not None and state.failures >= self._limit) or endpoint in self.watched:
            self.watched -= {endpoint}
            self.news.append((endpoint, True))

    def failed(self, endpoint: str, now: float) -> None:
        """The endpoint could not be reached."""
        state = self._states.setdefault(endpoint, _State())
        state.failures += 1
        if state.failures >= self._limit:
            state.open_until = now + self._pause
        if state.failures == self._limit:
            self.news.append((endpoint, False))
