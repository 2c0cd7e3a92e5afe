"""Months of the evidence log, UTC, as ``YYYY-MM``."""

import re
from datetime import UTC, datetime
from typing import Final

from esb.kernel.faults import EsbError

_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_UUID7: Final = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7")
_MICRO: Final = 1_000_000


class MonthInvalid(EsbError):
    """A text is no month."""


def month_at(moment: int) -> str:
    """The month of a moment, microseconds since the Unix epoch."""
    return f"{datetime.fromtimestamp(moment / _MICRO, UTC):%Y-%m}"


def month_begin(month: str) -> int:
    """The first moment of a month, microseconds since the Unix epoch.

    Raises:
        MonthInvalid: the text is no month.
    """
    year, number = _read(month)
    return int(datetime(year, number, 1, tzinfo=UTC).timestamp()) * _MICRO


def month_end(month: str) -> int:
    """When a month is over: the first moment of the next one, microseconds since the Unix epoch.

    Raises:
        MonthInvalid: the text is no month.
    """
    year, number = _read(month)
    after = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return int(after.timestamp()) * _MICRO


def _read(month: str) -> tuple[int, int]:
    found = _MONTH.fullmatch(month)
    if found is None or int(found[1]) < 1970:
        raise MonthInvalid(f"{month[:20]!r} is no month: it looks like 2026-10")
    return int(found[1]), int(found[2])


def moment_of(name: str) -> int | None:
    """When the exchange of a record began, in microseconds since the Unix epoch; None where its name does not say.

    A UUIDv7 begins with milliseconds; those beyond the year 9000 are nobody's.
    """
    told = _UUID7.match(name)
    return int(told[1] + told[2], 16) * 1000 if told and told[1] < "e0000000" else None


def months_from(moment: int, until: str) -> list[str]:
    """The months from the one of a moment up to ``until``, which is among them; none where it lies before.

    Raises:
        MonthInvalid: ``until`` is no month.
    """
    last = month_end(until)
    months: list[str] = []
    while moment < last:
        months.append(month_at(moment))
        moment = month_end(months[-1])
    return months
