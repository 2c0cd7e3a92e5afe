"""The kinds of value that a setting can have: how each is read, what it expects, how it may be shown.

A kind reads what TOML gave (a string, number, list …).  An environment variable is text only, so each kind first
turns text into what TOML would have given; after that both go one way.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

NOT_SHOWN: Final = "set, not shown"

_MOST: Final = 2**53  # no setting is larger; above it a float and an int part ways
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_SIZE: Final = re.compile(r"([0-9]{1,15}) ?(B|KiB|MiB|GiB)?")
_UNITS: Final = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_FLAGS: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_LOG_NAME: Final = re.compile(r"[^\s+]{0,200}")
# The first arc is 0, 1 or 2; an arc made of a UUID (under 2.25) has 39 digits.
_OID: Final = re.compile(r"[012](\.(0|[1-9][0-9]{0,38})){1,20}")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Unfit(Exception):
    """A value is not of its kind; the text says in what way, without repeating the value."""


class Kind(Protocol):
    """How one setting is read.

    ``read`` returns the value as the settings hold it; relative paths are taken from ``home``.  It raises
    :class:`Unfit`.  ``shown`` gives what may be printed of a value that was read.
    """

    @property
    def expects(self) -> str:
        """What would be right, as the end of a sentence that begins with "Give"."""

    @property
    def quotable(self) -> bool:
        """Whether a wrong value may be repeated in an error: not when it may hold a secret."""

    def from_text(self, text: str) -> object:
        """What TOML would have given for this text of an environment variable."""

    def read(self, value: object, home: Path) -> object:
        """The value as the settings hold it."""

    def shown(self, value: object) -> object:
        """What may be printed, as a JSON value."""


class Plain:
    """What most kinds share: text stays text, a value is shown as it is, and may be repeated in an error."""

    __slots__ = ()

    @property
    def quotable(self) -> bool:
        """A wrong value may be repeated."""
        return True

    def from_text(self, text: str) -> object:
        """Text as it stands."""
        return text

    def shown(self, value: object) -> object:
        """The value as it is."""
        return value


class Hidden(Plain):
    """What kinds share whose values may hold a secret, misspelt ones too: they are never repeated."""

    __slots__ = ()

    @property
    def quotable(self) -> bool:
        """Never."""
        return False


class Listed(Plain):
    """What lists share: in the environment their items are divided by commas, and they are shown as texts."""

    __slots__ = ()

    def from_text(self, text: str) -> object:
        """What stands between the commas."""
        return [item.strip() for item in text.split(",") if item.strip()]

    def shown(self, value: object) -> object:
        """A list of texts."""
        return [str(item) for item in value] if isinstance(value, tuple) else value


def _range(least: float, most: float | None) -> str:
    return f"from {least:g} up" if most is None else f"from {least:g} to {most:g}"


@dataclass(frozen=True, slots=True)
class Whole(Plain):
    """A whole number within bounds, both included."""

    least: int = 0
    most: int | None = None

    @property
    def expects(self) -> str:
        """The bounds."""
        return f"a whole number {_range(self.least, self.most)}"

    def from_text(self, text: str) -> object:
        """Decimal digits with an optional sign."""
        return int(text) if _WHOLE.fullmatch(text) else text

    def read(self, value: object, home: Path) -> int:
        """The number itself."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise Unfit("is not a whole number")
        if value < self.least or value > (_MOST if self.most is None else self.most):
            raise Unfit("is out of range")
        return value


@dataclass(frozen=True, slots=True)
class Real(Plain):
    """A finite number within bounds; ``above`` is a bound that is not itself allowed."""

    above: float | None = None
    least: float = 0.0
    most: float | None = None

    @property
    def expects(self) -> str:
        """The bounds."""
        if self.above is None:
            return f"a number {_range(self.least, self.most)}"
        return f"a number above {self.above:g}" + ("" if self.most is None else f", up to {self.most:g}")

    def from_text(self, text: str) -> object:
        """A decimal number, with a point and no exponent."""
        return float(text) if re.fullmatch(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?", text) else text

    def read(self, value: object, home: Path) -> float:
        """The number as a float."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise Unfit("is not a number")
        if isinstance(value, float) and not math.isfinite(value):
            raise Unfit("is not a finite number")
        if abs(value) > _MOST:
            raise Unfit("is out of range")
        low = value <= self.above if self.above is not None else value < self.least
        if low or (self.most is not None and value > self.most):
            raise Unfit("is out of range")
        return float(value)


@dataclass(frozen=True, slots=True)
class Flag(Plain):
    """Yes or no."""

    @property
    def expects(self) -> str:
        """The two words."""
        return "true or false"

    def from_text(self, text: str) -> object:
        """true, yes, on, 1 and their opposites, in any case of letters."""
        return _FLAGS.get(text.lower(), text)

    def read(self, value: object, home: Path) -> bool:
        """The flag itself."""
        if not isinstance(value, bool):
            raise Unfit("is neither true nor false")
        return value


@dataclass(frozen=True, slots=True)
class Size(Plain):
    """A number of bytes: a whole number, or text such as "64KiB" or "10MiB"."""

    least: int = 1

    @property
    def expects(self) -> str:
        """The form and the least."""
        return f'a number of bytes, {self.least} or more, such as 65536, "64KiB" or "10MiB"'

    def read(self, value: object, home: Path) -> int:
        """The number of bytes."""
        if isinstance(value, str) and (match := _SIZE.fullmatch(value)):
            value = int(match.group(1)) * _UNITS[match.group(2) or "B"]
        if not isinstance(value, int) or isinstance(value, bool):
            raise Unfit("is not a size")
        if value < self.least or value > _MOST:
            raise Unfit("is out of range")
        return value


@dataclass(frozen=True, slots=True)
class Choice(Plain):
    """One of a few words."""

    words: Sequence[str]

    @property
    def expects(self) -> str:
        """The words."""
        return "one of " + ", ".join(f'"{word}"' for word in self.words)

    def read(self, value: object, home: Path) -> str:
        """The word itself."""
        if value not in self.words or not isinstance(value, str):
            raise Unfit("is not one of the words allowed")
        return value


@dataclass(frozen=True, slots=True)
class Word(Plain):
    """A short name: letters, digits, point, dash and underscore."""

    @property
    def expects(self) -> str:
        """The form."""
        return "1 to 64 letters A to Z, digits, points, dashes or underscores, beginning with a letter or digit"

    def read(self, value: object, home: Path) -> str:
        """The name itself."""
        if not isinstance(value, str) or not _WORD.fullmatch(value):
            raise Unfit("is not such a name")
        return value


@dataclass(frozen=True, slots=True)
class LogName(Plain):
    """The name of a transparency log (c2sp.org/signed-note): no blank, no plus sign; "" to have it made."""

    @property
    def expects(self) -> str:
        """The form."""
        return 'a name such as "bus.gov.example/log": 1 to 200 characters without blanks and plus signs; or ""'

    def read(self, value: object, home: Path) -> str:
        """The name itself."""
        if not isinstance(value, str) or not _LOG_NAME.fullmatch(value):
            raise Unfit("is not such a name")
        return value


@dataclass(frozen=True, slots=True)
class Oid(Plain):
    """An object identifier (X.660) in dotted form; "" where ``optional``."""

    optional: bool = False

    @property
    def expects(self) -> str:
        """The form."""
        form = 'an object identifier such as "1.3.6.1.4.1.99999.1"'
        return form + (' or "" for none' if self.optional else "")

    def read(self, value: object, home: Path) -> str:
        """The identifier itself."""
        if not isinstance(value, str):
            raise Unfit("is not text")
        if not value and self.optional:
            return ""
        if not _OID.fullmatch(value) or (value[0] != "2" and int(value.split(".")[1]) > 39):
            raise Unfit("is not an object identifier")
        return value


@dataclass(frozen=True, slots=True)
class Secret(Hidden):
    """Text that is never shown, and that only the environment can give: a file is copied, mailed and backed up."""

    @property
    def expects(self) -> str:
        """The form."""
        return "a text that is not empty"

    def read(self, value: object, home: Path) -> str:
        """The secret itself."""
        if not isinstance(value, str) or not value:
            raise Unfit("is empty")
        return value

    def shown(self, value: object) -> object:
        """Whether there is one."""
        return "" if value is None else NOT_SHOWN
