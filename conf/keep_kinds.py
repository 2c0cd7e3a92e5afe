"""The kind of setting that says what is kept of messages; how a kind works is in :mod:`esb.conf.kinds`."""

from dataclasses import dataclass
from pathlib import Path

from esb.conf.kinds import Plain, Unfit
from esb.kernel.retention import EXPECTED, parse_retention


@dataclass(frozen=True, slots=True)
class Keep(Plain):
    """A retention: ``full``, ``full 3650``, ``headers 365``, ``digests``."""

    @property
    def expects(self) -> str:
        """The forms."""
        return EXPECTED

    def read(self, value: object, home: Path) -> str:
        """The text itself."""
        try:
            return parse_retention(value if isinstance(value, str) else "").text
        except ValueError:
            raise Unfit("is no retention") from None
