"""Kinds of setting that time-stamps and witnesses need; how a kind works is in :mod:`esb.conf.kinds`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from esb.conf.kinds import Listed, Plain, Unfit
from esb.conf.place_kinds import BaseUrl

_VERIFIER: Final = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*")


@dataclass(frozen=True, slots=True)
class StampSource(Plain):
    """Who stamps the time: ``own``, ``none``, or the URL of another's time-stamp authority."""

    @property
    def expects(self) -> str:
        """The form."""
        return '"own", "none", or the URL of a time-stamp authority (RFC 3161 over HTTP)'

    def read(self, value: object, home: Path) -> str:
        """The word or the URL."""
        if value in ("own", "none"):
            return str(value)
        return BaseUrl().read(value, home)


@dataclass(frozen=True, slots=True)
class WitnessAt:
    """A witness.

    Attributes:
        key: its public key, ``NAME+ID+KEY``.
        url: below which its door answers.
    """

    key: str
    url: str

    def __str__(self) -> str:
        """As it stands in the settings."""
        return f"{self.key} {self.url}"


@dataclass(frozen=True, slots=True)
class Witnesses(Listed):
    """A list of witnesses, each a key and a URL with a space between; in the environment divided by commas."""

    @property
    def expects(self) -> str:
        """The form."""
        return 'a list of witnesses, each "NAME+ID+KEY https://HOST/PATH" (in the environment: divided by commas)'

    def read(self, value: object, home: Path) -> tuple[WitnessAt, ...]:
        """The witnesses."""
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Unfit("is not a list of texts")
        found = []
        for item in value:
            key, _, url = item.strip().partition(" ")
            if not _VERIFIER.fullmatch(key):
                raise Unfit("holds something that does not begin with a witness's key NAME+ID+KEY")
            try:
                found.append(WitnessAt(key, BaseUrl().read(url.strip(), home)))
            except Unfit as unfit:
                raise Unfit(f"holds a witness whose URL {unfit}") from None
        names = [each.key.partition("+")[0] for each in found]
        double = next((name for name in names if names.count(name) > 1), None)
        if double is not None:
            raise Unfit(
                f"holds two witnesses of the name {double}: the log keeps their cosignatures by name, so each key, a "
                "witness's next one too, needs a name of its own"
            )
        return tuple(found)
