"""How much is let in: grants' quotas and the bus's own load."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final, Protocol

from esb.kernel import rules
from esb.kernel.directory import Grant
from esb.kernel.faults import Refusal

_DAY: Final = 86_400
_LATE: Final = 2  # seconds by which two processes that read one clock may meet here in the wrong order


@dataclass(slots=True)
class Used:
    """What one grant has used: requests in a second and in a day, each told by its number since the epoch (UTC)."""

    second: int = 0
    in_second: int = 0
    day: int = 0
    in_day: int = 0

    def roll(self, now: float) -> None:
        """Begin a new second or day where ``now`` is in one."""
        second = int(now)
        if 0 < self.second - second <= _LATE:
            # Another process has read the clock a moment later and was here first.  Its second is the one that counts:
            # going back to ours would forget what was used in it.
            second = self.second
        day = second // _DAY
        if self.day != day:
            self.day, self.in_day = day, 0
        if self.second != second:
            self.second, self.in_second = second, 0


class Counts(Protocol):
    """Where the counts of grants are kept: in this process, or in memory that several share."""

    def hold(self, grant: int) -> Used:
        """The counts of a grant, which nobody else changes until :meth:`free`.

        Raises:
            Refusal: BUS-02 when another holds them too long.
        """

    def free(self, grant: int, used: Used) -> None:
        """Keep what was changed and let others at it."""

    def fill(self, today: Callable[[], Mapping[int, int]], now: float) -> None:
        """Take up the day's counts by grant id, unless that was done before: ``today`` is then not asked."""


class OwnCounts:
    """Counts of this process alone."""

    def __init__(self) -> None:
        self._used: dict[int, Used] = {}

    def __len__(self) -> int:
        return len(self._used)

    def hold(self, grant: int) -> Used:
        """See :class:`Counts`."""
        used = self._used.get(grant)
        if used is None:
            used = self._used[grant] = Used()
        return used

    def free(self, grant: int, used: Used) -> None:
        """See :class:`Counts`."""

    def fill(self, today: Callable[[], Mapping[int, int]], now: float) -> None:
        """See :class:`Counts`."""
        for grant, count in today().items():
            self._used[grant] = Used(int(now), 0, int(now) // _DAY, count)


class Quotas:
    """Counts accepted requests by grant.  Only grants that have a quota are counted.

    Args:
        counts: where the counts are kept.
    """

    def __init__(self, counts: Counts | None = None) -> None:
        self._counts = OwnCounts() if counts is None else counts

    def restore(self, today: Callable[[], Mapping[int, int]], now: float) -> None:
        """Take up the day's counts by grant id, as the evidence log has them after a restart."""
        self._counts.fill(today, now)

    def take(self, grant: Grant, now: float) -> None:
        """Count one request against its grant.  Days are UTC days.

        Raises:
            Refusal: ACC-07 or ACC-08 with ``retry_after``; nothing was counted then.
        """
        if grant.per_second is None and grant.per_day is None:
            return
        used = self._counts.hold(grant.id)
        try:
            used.roll(now)
            if grant.per_day is not None and used.in_day >= grant.per_day:
                raise Refusal(
                    rules.ACC_QUOTA_DAY,
                    "The grant's quota for today is used up.",
                    {"perDay": str(grant.per_day)},
                    max(1, ceil((used.day + 1) * _DAY - now)),
                )
            if grant.per_second is not None and used.in_second >= grant.per_second:
                raise Refusal(
                    rules.ACC_QUOTA_SECOND,
                    "The grant's quota per second is used up.",
                    {"perSecond": str(grant.per_second)},
                    1,
                )
            used.in_second += 1
            used.in_day += 1
        finally:
            self._counts.free(grant.id, used)

    def give_back(self, grant: Grant, now: float) -> None:
        """Take back the count of a request that was not accepted after all.

        What was counted in a second or day that is over needs no taking back.
        """
        if grant.per_second is None and grant.per_day is None:
            return
        used = self._counts.hold(grant.id)
        try:
            second = int(now)
            if used.second == second:
                used.in_second = max(0, used.in_second - 1)
            if used.day == second // _DAY:
                used.in_day = max(0, used.in_day - 1)
        finally:
            self._counts.free(grant.id, used)


class Load:
    """Exchanges under way, in all and by resource; beyond the limits work is refused before it is begun."""

    def __init__(self, most: int, most_per_service: int) -> None:
        self._most = most
        self._most_per_service = most_per_service
        self.in_flight = 0
        self._by_service: dict[str, int] = {}

    def enter(self) -> None:
        """Let one exchange in.

        Raises:
            Refusal: BUS-02 when the bus is full.
        """
        if self.in_flight >= self._most:
            raise Refusal(rules.BUS_LOAD, "The bus is at its limit: try again shortly.", {}, 2)
        self.in_flight += 1

    def leave(self) -> None:
        """An exchange that :meth:`enter` let in has ended."""
        self.in_flight -= 1

    def enter_service(self, service: str) -> None:
        """Let one exchange go to a provider, so that a slow one cannot take all places.

        Raises:
            Refusal: BUS-02 when this resource has its full share under way.
        """
        count = self._by_service.get(service, 0)
        if count >= self._most_per_service:
            raise Refusal(rules.BUS_LOAD, "Too many requests are waiting for this resource: try again shortly.", {}, 2)
        self._by_service[service] = count + 1

    def leave_service(self, service: str) -> None:
        """An exchange that :meth:`enter_service` let in has its answer."""
        count = self._by_service[service] - 1
        if count:
            self._by_service[service] = count
        else:
            del self._by_service[service]
