"""Content codings: what a body says it is in, and what a client says it takes (RFC 9110 sections 8.4 and 12.5.3)."""

import re
import zlib
from functools import lru_cache
from typing import Final

_GZIP: Final = frozenset({b"gzip", b"x-gzip"})
_ITEM: Final = re.compile(
    rb"\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*(?:;\s*[qQ]\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?"
)


class UnknownCoding(ValueError):
    """A body is in a coding that is not served."""


def is_gzipped(content_encoding: bytes | None) -> bool:
    """Whether a body is in gzip, by its Content-Encoding header.

    Raises:
        UnknownCoding: it is in something else, or coded twice.
    """
    if not content_encoding:
        return False
    coding = content_encoding.lower()
    if coding in _GZIP:
        return True
    if coding == b"identity":
        return False
    raise UnknownCoding("a body is in gzip or identity")


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: bytes) -> bool:
    """Whether a client asks for gzip.

    Only an explicit wish counts: a missing header, or one that cannot be read, gets the body as it is.
    """
    wishes: dict[bytes, float] = {}
    for item in accept_encoding.split(b","):
        match = _ITEM.fullmatch(item)
        if match is not None:
            wishes[match[1].lower()] = float(match[2] or 1)
    for coding in (b"gzip", b"x-gzip", b"*"):
        if coding in wishes:
            return wishes[coding] > 0 and wishes[coding] >= wishes.get(b"identity", 0)
    return False


def gzip(body: bytes) -> bytes:
    """``body`` in gzip, quickly rather than tightly."""
    engine = zlib.compressobj(level=1, wbits=zlib.MAX_WBITS | 16)
    return engine.compress(body) + engine.flush()
