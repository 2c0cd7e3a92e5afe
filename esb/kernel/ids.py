"""Exchange ids: UUID version 7 (RFC 9562 section 5.7), so that ids sort by time."""

import os
from collections.abc import Callable

_POOL = 4096  # random octets fetched at a time: a system call for each id would cost more than all the rest of it


class Ids:
    """Makes exchange ids.  ``random`` gives that many random octets."""

    def __init__(self, random: Callable[[int], bytes] = os.urandom) -> None:
        self._random = random
        self._pool = b""
        self._at = 0

    def new(self, at: float) -> str:
        """An id for an exchange received at ``at`` (Unix seconds)."""
        if self._at + 10 > len(self._pool):
            self._pool, self._at = self._random(_POOL), 0
        begin = self._at
        self._at = begin + 10
        return uuid7(at, self._pool[begin : self._at])


def uuid7(at: float, random: bytes) -> str:
    """Make an id.

    Args:
        at: Unix seconds; milliseconds of it stand in front.
        random: ten random bytes, given in.
    """
    tail = int.from_bytes(random[:10], "big")
    value = (int(at * 1000) & 0xFFFF_FFFF_FFFF) << 80 | 0x7000 << 64 | (tail >> 68) << 64
    value |= 0x2 << 62 | tail & 0x3FFF_FFFF_FFFF_FFFF
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
