"""Outages that the bus itself meets: told to all whom they touch when a provider is given a pause, and when it is back.

The breaker of each process notes what it met, without waiting; here, in a thread, it becomes a notice.  Several
processes and nodes meet the same outage, and the registry tells it once.  It is over when the provider has been reached
for a while, so that one that comes and goes is not told of each time; by whom it was reached does not matter, nor
whether the process that told of it still lives.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from sqlalchemy import Engine

from esb.kernel.clock import Clock
from esb.kernel.directory import Directory, ServiceStatus
from esb.registry.acts import acting
from esb.registry.database import reading
from esb.registry.errors import Conflict, NotFound
from esb.registry.interruptions import outages_told_by, tell_outage, tell_outage_over
from esb.routing.breaker import Breaker
from esb.routing.table import maintained_until

AUTHOR: Final = "bus"
STEADY_SECONDS: Final = 60.0
"""For how long a provider must have been reached before its outage is said to be over."""

CAUSE: Final = "the bus could not reach its provider several times in a row"


class Outages:
    """Tells what one process's breaker meets.

    Args:
        directory: the one in force.
    """

    def __init__(self, engine: Engine, breaker: Breaker, directory: Callable[[], Directory], clock: Clock) -> None:
        self._engine = engine
        self._breaker = breaker
        self._directory = directory
        self._clock = clock
        self._met: deque[tuple[str, bool]] = deque()
        self._back: dict[str, float] = {}  # since when an endpoint is reached again, monotonic
        self._version: int | None = None

    def look(self) -> Callable[[], None] | None:
        """Tell what was met since the last look (blocking); gives what is to be done on the reactor afterwards.

        Raises:
            RegistryUnavailable: the registry cannot be written now; it is told at the next look.
        """
        while self._breaker.news:
            self._met.append(self._breaker.news.popleft())
        directory, now = self._directory(), self._clock.monotonic()
        while self._met:
            endpoint, reached = self._met[0]
            if reached:
                self._back.setdefault(endpoint, now)
            else:
                self._back.pop(endpoint, None)
                self._begin(subjects_of(directory, endpoint, self._clock.now()))
            self._met.popleft()
        for endpoint in [one for one, since in self._back.items() if now - since >= STEADY_SECONDS]:
            self._end(directory, endpoint)
            del self._back[endpoint]
        if directory.version == self._version:
            return None
        standing = [endpoint for about in self._standing() for endpoint in endpoints_of(directory, about)]
        self._version = directory.version
        watched = frozenset(standing) - self._back.keys()
        return lambda: setattr(self._breaker, "watched", watched)

    def _standing(self) -> list[str]:
        with reading(self._engine) as session:
            return outages_told_by(session, AUTHOR)

    def _begin(self, subjects: Iterable[str]) -> None:
        for about in subjects:
            self._act(tell_outage, about, CAUSE)

    def _end(self, directory: Directory, endpoint: str) -> None:
        for about in self._standing():
            if endpoint in endpoints_of(directory, about):
                self._act(tell_outage_over, about)

    def _act(self, what: Callable[..., object], about: str, *more: str) -> None:
        try:
            with acting(self._engine, AUTHOR, self._clock.now()) as act:
                what(act, about, *more)
        except (Conflict, NotFound):
            return  # another process or an officer was first, or the service is gone


def subjects_of(directory: Directory, endpoint: str, now: float) -> list[str]:
    """What to tell an outage of: each active service at an endpoint, or its member where all of its services are there.

    What is under announced maintenance (Unix seconds ``now``) was told already.
    """
    active = [each for each in directory.services.values() if each.status is ServiceStatus.ACTIVE]
    there = [each for each in active if each.endpoint == endpoint and endpoint]
    subjects = []
    for member in sorted({each.id.member for each in there}):
        own = [each for each in active if each.id.member == member]
        down = [each for each in own if each.endpoint == endpoint]
        told = [each for each in down if maintained_until(directory, each, now) is None]
        if len(own) == len(told) > 1:
            subjects.append(f"member:{member}")
        else:
            subjects += [f"service:{each.id.text}" for each in sorted(told, key=lambda one: one.id.text)]
    return subjects


def endpoints_of(directory: Directory, about: str) -> frozenset[str]:
    """The endpoints of what an outage is of."""
    kind, _, key = about.partition(":")
    return frozenset(
        each.endpoint
        for each in directory.services.values()
        if each.endpoint and key == (each.id.member if kind == "member" else each.id.text)
    )
