"""Kinds of setting that say where something is: an address, a file, a key, a database; how a kind works is in
:mod:`esb.conf.kinds`.
"""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from esb.conf.kinds import Hidden, Listed, Plain, Unfit
from esb.kernel.token_uri import SCHEME, KeyPlace, TokenUri, TokenUriInvalid, parse_token_uri

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")


@dataclass(frozen=True, slots=True)
class Host(Plain):
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
class FilePath(Plain):
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
class KeyAt(Hidden):
    """Where a private key is: a path as :class:`FilePath`, or a PKCS #11 URI (RFC 7512) of a key in a device."""

    optional: bool = False

    @property
    def expects(self) -> str:
        """The forms."""
        return (
            "a path, absolute or relative to the home, or a URI of a key in a device such as "
            '"pkcs11:token=bus;object=signing?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/shluz/pin"'
        )

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
class ArchiveAt(Plain):
    """Where packages are: a folder, taken from the home, or an object store's ``s3://…``; "" for nowhere."""

    @property
    def expects(self) -> str:
        """The forms."""
        return 'a folder, absolute or relative to the home, or "s3://BUCKET/PREFIX"; or "" for none'

    def read(self, value: object, home: Path) -> str:
        """The folder's absolute path, or the URL, as text."""
        if not isinstance(value, str) or len(value) > 1_000 or not value.isprintable():
            raise Unfit("is not such a text")
        return value if not value or "://" in value else str(home / value)


@dataclass(frozen=True, slots=True)
class BaseUrl(Plain):
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
class Urls(Listed):
    """A list of URLs, each as :class:`BaseUrl`; in the environment divided by commas."""

    @property
    def expects(self) -> str:
        """The form."""
        return 'a list of URLs such as ["https://bus.gov.example"] (in the environment: divided by commas)'

    def read(self, value: object, home: Path) -> tuple[str, ...]:
        """The URLs."""
        if not isinstance(value, list):
            raise Unfit("is not a list")
        try:
            return tuple(BaseUrl().read(item, home) for item in value)
        except Unfit as unfit:
            raise Unfit(f"holds something that {unfit}") from None


@dataclass(frozen=True, slots=True)
class DatabaseUrl(Hidden):
    """Where a database is: a SQLite file (relative to the home) or PostgreSQL.  May hold a password.

    ``scheme`` is how PostgreSQL's URL begins for the library that opens it: ``postgresql`` for libpq,
    ``postgresql+psycopg`` for SQLAlchemy.  Whoever writes the setting may use either.
    """

    scheme: str = "postgresql"

    @property
    def expects(self) -> str:
        """The forms."""
        return '"sqlite:///FILE" (relative to the home), "sqlite:////FOLDER/FILE" or "postgresql://USER@HOST/DATABASE"'

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
