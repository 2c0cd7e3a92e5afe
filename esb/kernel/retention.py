"""What is kept of messages, and for how long: said of a resource, and then of each record.

A record's facts and digests stay for ever, because the evidence log's tree stands on them.  Its messages are kept in
full, or without what stands in their Bodies, or not at all; and until a day (UTC), after which the key that they are
sealed under is destroyed.  The day is written into the record itself, so that whoever verifies the log knows what must
still be there.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

DAY: Final = 86_400
MOST_DAYS: Final = 36_525
_EPOCH: Final = date(1970, 1, 1).toordinal()
_RETENTION: Final = re.compile(r"(full|headers)(?: ([1-9][0-9]{0,4}))?|digests")
_KEPT: Final = re.compile(r"(?:(full|headers) ([0-9]{4}-[0-9]{2}-[0-9]{2}))|headers|digests|")


class Form(Enum):
    """How much is kept of a message."""

    FULL = "full"
    HEADERS = "headers"
    """All octets but those inside the Body."""
    DIGESTS = "digests"


@dataclass(frozen=True, slots=True)
class Retention:
    """What is to be kept.

    Attributes:
        days: how many days after the message's own; None without end.  Of digests alone always None.
    """

    form: Form
    days: int | None = None

    @property
    def text(self) -> str:
        """``full``, ``full 3650``, ``headers 365``, ``digests``: what :func:`parse_retention` reads."""
        return self.form.value if self.days is None else f"{self.form.value} {self.days}"


FULL: Final = Retention(Form.FULL)
"""Everything, without end."""

EXPECTED: Final = 'one such as "full", "full 3650" (days), "headers 365", or "digests"'


def parse_retention(text: str) -> Retention:
    """Read a retention.

    Raises:
        ValueError: it is none, or of more than a hundred years.
    """
    found = _RETENTION.fullmatch(text)
    if found is None or int(found[2] or 0) > MOST_DAYS:
        raise ValueError(f"a retention is {EXPECTED}")
    return Retention(Form(found[1] or text), int(found[2]) if found[2] else None)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a record says of its messages.

    Attributes:
        until: the last day (UTC, ``2027-11-29``) on which they must be there; "" without end.
    """

    form: Form
    until: str

    def is_over(self, today: str) -> bool:
        """Whether the day is past; never where ``today`` is ""."""
        return bool(self.until) and self.until < today


def read_kept(text: str) -> Kept:
    """Read what a record says: "" (in full, without end), ``full 2027-11-29``, ``headers``, ``digests`` …

    Raises:
        ValueError: it says something else.
    """
    found = _KEPT.fullmatch(text)
    if found is None:
        raise ValueError("the record does not say in a known way what is kept of its messages")
    if found[2]:
        date.fromisoformat(found[2])
        return Kept(Form(found[1]), found[2])
    return Kept(Form(text or "full"), "")


def day_text(at: float) -> str:
    """The UTC day of a moment (Unix seconds), as records write it."""
    return date.fromordinal(_EPOCH + int(at // DAY)).isoformat()


class Keeping:
    """Says of each message what is kept of it.  Costs a dictionary access; a day's texts are written once.

    Args:
        default: for resources that say nothing else; each as :func:`parse_retention` reads it.
        refused: for refusals of members.
        strangers: for refusals of whom nobody knows.
    """

    def __init__(self, default: str = "full", refused: str = "full", strangers: str = "full") -> None:
        self._default = default
        self.refused = refused
        self.strangers = strangers
        self._day = -1
        self._texts: dict[str, str] = {}

    def text(self, retention: str, at: float) -> str:
        """What a record of this moment (Unix seconds) says; "" takes the default."""
        day = int(at // DAY)
        if day != self._day:
            self._day, self._texts = day, {}
        chosen = retention or self._default
        found = self._texts.get(chosen)
        if found is None:
            found = self._texts[chosen] = kept_text(parse_retention(chosen), at)
        return found


def kept_text(retention: Retention, at: float) -> str:
    """What a record of this moment says of its messages under a retention."""
    if retention.days is None:
        return "" if retention.form is Form.FULL else retention.form.value
    return f"{retention.form.value} {day_text(at + retention.days * DAY)}"
