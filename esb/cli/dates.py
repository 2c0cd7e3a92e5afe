"""Days and moments on the command line: UTC, as the registry keeps them."""

from datetime import UTC, datetime
from typing import Final

import click

DAY: Final = click.DateTime(["%Y-%m-%d"])
"""A day; it begins at midnight UTC."""

MOMENT: Final = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
"""A moment, or the midnight with which a day begins; UTC."""


def unix(day: datetime | None) -> float | None:
    """A day or moment from the command line in Unix seconds; None stays None."""
    return None if day is None else day.replace(tzinfo=UTC).timestamp()


def shown(moment: float | None) -> str | None:
    """A moment for people and programs, ISO 8601 in UTC; None stays None."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
