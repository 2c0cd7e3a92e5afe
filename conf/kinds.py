"""The kinds of value that a setting can have: how each is read, what it expects, how it may be shown.

A kind reads what TOML gave (a string, number, list …).  An environment variable is text only, so each kind first
turns text into what TOML would have given; after that both go one way.
"""

import ipaddress
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from esb.kernel.token_uri import SCHEME, KeyPlace, TokenUri, TokenUriInvalid, parse_token_uri

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
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
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


class _Plain:
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


def _range(least: float, most: float | None) -> str:
    return f"from {least:g} up" if most is None else f"from {least:g} to {most:g}"


@dataclass(frozen=True, slots=True)
class Whole(_Plain):
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
class Real(_Plain):
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
class Flag(_Plain):
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
class Size(_Plain):
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
class Choice(_Plain):
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
class Word(_Plain):
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
class LogName(_Plain):
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
class Oid(_Plain):
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
class Host(_Plain):
    """An IPv4 or IPv6 address, or a host name; "" where ``optional``."""

    optional: bool = False

    @property
    def expects(self) -> str:
        """The form."""
        return 'an IP address or host name, such as "127.0.0.1", "0.0.0.0" (every IPv4 address) or "::" (every address)'

    def read(self, value: object, home: Path) -> str:
        """The address itself."""
        if not isinstance(value, str):
            raise Unfit("is not text")
        if not value and self.optional:
            return value
        try:
            ipaddress.ip_address(value)
        except ValueError:
            # A last label of digits alone would be a misspelt IPv4 address, never a name (RFC 1123 section 2.1).
            if len(value) > 253 or not _HOST.fullmatch(value) or value.rpartition(".")[2].isdigit():
                raise Unfit("is not an address or host name") from None
        return value


@dataclass(frozen=True, slots=True)
class FilePath(_Plain):
    """A path, taken from the home when it is relative; empty text is None where ``optional``."""

    optional: bool = False

    @property
    def expects(self) -> str:
        """The form."""
        return "a path, absolute or relative to the home" + (', or "" for none' if self.optional else "")

    def read(self, value: object, home: Path) -> Path | None:
        """The absolute path, or None for none."""
        if not isinstance(value, str):
            raise Unfit("is not text")
        if not value:
            if self.optional:
                return None
            raise Unfit("is empty")
        if "\0" in value:
            raise Unfit("holds a NUL character")
        return home / value

    def shown(self, value: object) -> object:
        """The absolute path as text."""
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class KeyAt(_Plain):
    """Where a private key is: a path as :class:`FilePath`, or a PKCS #11 URI (RFC 7512) of a key in a device."""

    optional: bool = False

    @property
    def expects(self) -> str:
        """The forms."""
        return (
            "a path, absolute or relative to the home, or a URI of a key in a device such as "
            '"pkcs11:token=bus;object=signing?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/shluz/pin"'
        )

    @property
    def quotable(self) -> bool:
        """Never: somebody may have written a PIN into it."""
        return False

    def read(self, value: object, home: Path) -> KeyPlace | None:
        """The absolute path, the URI, or None for none."""
        if not isinstance(value, str) or not value.startswith(SCHEME):
            return FilePath(self.optional).read(value, home)
        try:
            return parse_token_uri(value)
        except TokenUriInvalid as error:
            raise Unfit(f"cannot be used: {error}") from None

    def shown(self, value: object) -> object:
        """The absolute path or the URI as text; neither holds a PIN."""
        return str(value) if isinstance(value, TokenUri) else FilePath(self.optional).shown(value)


@dataclass(frozen=True, slots=True)
class BaseUrl(_Plain):
    """An http or https URL without query, fragment and user; a slash at its end is dropped.  "" where ``optional``."""

    optional: bool = False

    @property
    def expects(self) -> str:
        """The form."""
        form = 'a URL such as "https://bus.gov.example": http or https, a host, no user, no "?", no "#"'
        return form + ('; or "" for none' if self.optional else "")

    def read(self, value: object, home: Path) -> str:
        """The URL without a slash at its end."""
        if not isinstance(value, str):
            raise Unfit("is not text")
        if self.optional and not value:
            return ""
        if not value.isascii() or not value.isprintable() or any(character in value for character in ' "<>\\^`{|}'):
            raise Unfit("holds a character that a URL cannot have")
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError:
            raise Unfit("is not a URL") from None
        if parts.scheme not in ("http", "https"):
            raise Unfit("does not begin with http:// or https://")
        if not parts.hostname or port == 0:
            raise Unfit("has no host or no real port")
        if "?" in value or "#" in value or "@" in parts.netloc:
            raise Unfit("has a user, a query or a fragment")
        return value.rstrip("/")


@dataclass(frozen=True, slots=True)
class Urls(_Plain):
    """A list of URLs, each as :class:`BaseUrl`; in the environment divided by commas."""

    @property
    def expects(self) -> str:
        """The form."""
        return 'a list of URLs such as ["https://bus.gov.example"] (in the environment: divided by commas)'

    def from_text(self, text: str) -> object:
        """What stands between the commas."""
        return [item.strip() for item in text.split(",") if item.strip()]

    def read(self, value: object, home: Path) -> tuple[str, ...]:
        """The URLs."""
        if not isinstance(value, list):
            raise Unfit("is not a list")
        try:
            return tuple(BaseUrl().read(item, home) for item in value)
        except Unfit as unfit:
            raise Unfit(f"holds something that {unfit}") from None

    def shown(self, value: object) -> object:
        """A list."""
        return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where a database is: a SQLite file (relative to the home) or PostgreSQL.  May hold a password.

    ``scheme`` is how PostgreSQL's URL begins for the library that opens it: ``postgresql`` for libpq,
    ``postgresql+psycopg`` for SQLAlchemy.  Whoever writes the setting may use either.
    """

    scheme: str = "postgresql"

    @property
    def expects(self) -> str:
        """The forms."""
        return '"sqlite:///FILE" (relative to the home), "sqlite:////FOLDER/FILE" or "postgresql://USER@HOST/DATABASE"'

    @property
    def quotable(self) -> bool:
        """Never: a misspelt URL may still hold its password."""
        return False

    def from_text(self, text: str) -> object:
        """Text as it stands."""
        return text

    def read(self, value: object, home: Path) -> str:
        """The URL, with a SQLite file's path made absolute."""
        if not isinstance(value, str):
            raise Unfit("is not text")
        if value.startswith("sqlite:///"):
            name = value.removeprefix("sqlite:///")
            if not name or name == ":memory:":
                raise Unfit("names no file: what is kept in memory alone is lost with the process")
            if any(character in name for character in "?#\0"):
                raise Unfit("has options after the file's name")
            return f"sqlite:///{home / name}"
        # urlsplit would drop some of these in silence.
        if not value.isprintable() or " " in value:
            raise Unfit("holds a space or a control character")
        try:
            parts = urlsplit(value)
            host = parts.hostname
        except ValueError:
            raise Unfit("is not a URL") from None
        if parts.scheme not in ("postgresql", "postgresql+psycopg"):
            raise Unfit("is neither SQLite nor PostgreSQL")
        # A Unix socket's folder stands in the query (postgresql:///bus?host=/run/postgresql), so a host may be absent.
        if not (host or parts.query) or len(parts.path) < 2:
            raise Unfit("names no server or no database")
        return self.scheme + value[len(parts.scheme) :]

    def shown(self, value: object) -> object:
        """The URL without a password, wherever libpq would take one."""
        text = str(value)
        text = re.sub(r"(?<=//)([^/?#@:]*):.*@", r"\1:***@", text)
        return re.sub(r"([?&](?:ssl)?password=)[^&]*", r"\1***", text, flags=re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Secret:
    """Text that is never shown, and that only the environment can give: a file is copied, mailed and backed up."""

    @property
    def expects(self) -> str:
        """The form."""
        return "a text that is not empty"

    @property
    def quotable(self) -> bool:
        """Never."""
        return False

    def from_text(self, text: str) -> object:
        """Text as it stands."""
        return text

    def read(self, value: object, home: Path) -> str:
        """The secret itself."""
        if not isinstance(value, str) or not value:
            raise Unfit("is empty")
        return value

    def shown(self, value: object) -> object:
        """Whether there is one."""
        return "" if value is None else NOT_SHOWN
