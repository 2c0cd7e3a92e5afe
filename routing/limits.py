"""How much is let in: grants' quotas and the bus's own load.  Counters of one process, bounded in size."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from esb.kernel import rules
from esb.kernel.directory import Grant
from esb.kernel.faults import Refusal

_DAY = 86_400


@dataclass(slots=True)
class _Used:
    second: int
    in_second: int
    day: int
    in_day: int


class Quotas:
    """Counts accepted requests by grant.  Only grants that have a quota are ever held here."""

    def __init__(self) -> None:
        self._used: dict[int, _Used] = {}

    def restore(self, today: Mapping[int, int], now: float) -> None:
        """Take up the day's counts by grant id, as the evidence log has them after a restart."""
        day = int(now) // _DAY
        for grant, count in today.items():
            self._used[grant] = _Used(int(now), 0, day, count)

    def take(self, grant: Grant, now: float) -> None:
        """Count one request against its grant.  Days are UTC days.

        Raises:
            Refusal: ACC-07 or ACC-08 with ``retry_after``; nothing was counted then.
        """
        if grant.per_second is None and grant.per_day is None:
            return
        second = int(now)
        day = second // _DAY
        used = self._used.get(grant.id)
        if used is None:
            used = self._used[grant.id] = _Used(second, 0, day, 0)
        if used.day != day:
            used.day, used.in_day = day, 0
        if used.second != second:
            used.second, used.in_second = second, 0
        if grant.per_day is not None and used.in_day >= grant.per_day:
            raise Refusal(
                rules.ACC_QUOTA_DAY,
                "The grant's quota for today is used up.",
                {"perDay": str(grant.per_day)},
                ceil((day + 1) * _DAY - now),
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

    def give_back(self, grant: Grant, now: float) -> None:
        """Take back the count of a request that was not accepted after all.

        What was counted in a second or day that is over needs no taking back.
        """
        used = self._used.get(grant.id)
        if used is None:
            return
        second = int(now)
        if used.second == second:
            used.in_second = max(0, used.in_second - 1)
        if used.day == second // _DAY:
            used.in_day = max(0, used.in_day - 1)


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
