"""Times as people give them on the command line."""

from datetime import UTC, datetime
from typing import Any

import click


class Moment(click.ParamType[float]):
    """A time in ISO 8601, as Unix seconds: ``2026-11-29``, ``2026-11-29T14:05``, ``2026-11-29T14:05:00.5+04:00``.

    Without a zone it is UTC, as everything that the bus writes; a day alone is its beginning.
    """

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read one."""
        if isinstance(value, float):
            return value
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time like 2026-11-29 or 2026-11-29T14:05:00+04:00", param, ctx)
        return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()


MOMENT = Moment()


def moment_text(seconds: float | None) -> str:
    """A time for people, to the microsecond, so that it can be given back as one; "-" for none."""
    return "-" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def shown(seconds: float | None) -> str | None:
    """A time for programs and for facts that both read, ISO 8601 in UTC to the second; None stays None."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
