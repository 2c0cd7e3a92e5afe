"""The FIN, a person's identification number in Azerbaijan: seven digits and Latin capitals, without I and O.

The one place that says what a FIN looks like; schemas, checks and samples take it from here.
"""

import re
from typing import Final

FIN_PATTERN: Final = "[0-9A-HJ-NP-Z]{7}"
"""As a pattern facet of XML Schema, which is anchored by itself."""

FIN_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Every character that a FIN may have."""

FIN_LENGTH: Final = 7

_FIN: Final = re.compile(FIN_PATTERN, re.ASCII)


def is_fin(text: str) -> bool:
    """Whether ``text`` is written as a FIN; whether there is such a person, nobody here knows."""
    return _FIN.fullmatch(text) is not None


def read_fin(text: str) -> str | None:
    """The FIN that a text means, in its one form: without white space around it, in capitals; None where it is none."""
    plain = text.strip(" \t\r\n")
    if len(plain) != FIN_LENGTH or not plain.isascii():
        return None
    plain = plain.upper()
    return plain if is_fin(plain) else None
