"""Kinds of setting that mail and notices need; how a kind works is in :mod:`esb.conf.kinds`."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from esb.conf.kinds import Listed, Plain, Unfit


@dataclass(frozen=True, slots=True)
class Line(Plain):
    """A text of one line, or none."""

    @property
    def expects(self) -> str:
        """The form."""
        return "a text of one line without control characters, or nothing"

    def read(self, value: object, home: Path) -> str:
        """The text itself."""
        if not isinstance(value, str) or len(value) > 1_000 or not value.isprintable():
            raise Unfit("is not such a text")
        return value


@dataclass(frozen=True, slots=True)
class Networks(Listed):
    """A list of IP networks such as 10.20.0.0/16; in the environment divided by commas."""

    @property
    def expects(self) -> str:
        """The form."""
        return 'a list of IP networks such as ["10.20.0.0/16"] (in the environment: divided by commas)'

    def read(self, value: object, home: Path) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The networks."""
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Unfit("is not a list of texts")
        try:
            return tuple(ipaddress.ip_network(item) for item in value)
        except ValueError:
            raise Unfit("holds something that is no network") from None
