"""Watching how the log fills its disk, beside all messages, so that somebody archives before it is full."""

from datetime import UTC, datetime
from typing import Final

from esb.audit.growth import growth
from esb.audit.package import PackageInvalid
from esb.audit.record import StoreUnavailable
from esb.kernel.clock import Clock

_EVERY: Final = 600.0  # seconds between two looks
_DAY: Final = 86_400


class GrowthWatch:
    """Says in time that the log's disk will be full.

    Args:
        url: of the log.
        capacity: bytes that it may take at most; 0 for as many as its disk has.
        days: how long before to begin; 0 for never.
    """

    def __init__(self, url: str, capacity: int, days: float, clock: Clock) -> None:
        self._url = url
        self._capacity = capacity
        self._days = days
        self._clock = clock
        self._next = float("-inf")
        self._warning = ""

    def look(self) -> None:
        """Measure, where the last time was ten minutes ago.  Blocks, for some hundredths of a second."""
        if not self._days or self._clock.monotonic() < self._next:
            return
        self._next = self._clock.monotonic() + _EVERY
        now = self._clock.now()
        try:
            full_at = growth(self._url, now, self._capacity, months=False).full_at
        except (StoreUnavailable, PackageInvalid):
            return  # others tell of a log that cannot be read; what was known of its growth stays
        self._warning = ""
        if full_at is not None and full_at - now < self._days * _DAY:
            day = f"{datetime.fromtimestamp(full_at, UTC):%Y-%m-%d}"
            self._warning = f"the evidence log will be full about {day}: esb log size says what archiving gives back"

    def warning(self) -> str:
        """What the last look found; "" while there is room enough.  Does not block."""
        return self._warning
