"""Working days, counted simply: every day but Saturday and Sunday, as the calendar stands in Baku.

Public holidays are moved by decree each year and are not counted out, so a limit is never longer than it says.
"""

from datetime import datetime, time, timedelta, timezone
from typing import Final

_BAKU: Final = timezone(timedelta(hours=4))  # without summer time since 2016
_SATURDAY: Final = 5


def after_working_days(moment: float, days: int) -> float:
    """Return the end of the working day that is ``days`` after the day of ``moment``.

    What came in on a Friday with one day to go is due at the end of Monday; what came in on a Saturday, too.

    Args:
        moment: Unix seconds.
        days: 0 or more; 0 means the end of the same day, or of the next working day.
    """
    day = datetime.fromtimestamp(moment, _BAKU).date()
    left = days
    while left > 0:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY:
            left -= 1
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), time(), _BAKU).timestamp()


def day_text(moment: float) -> str:
    """Return the last day before ``moment`` (Unix seconds) as people write a deadline: ``2026-11-30``."""
    return (datetime.fromtimestamp(moment, _BAKU) - timedelta(microseconds=1)).date().isoformat()
