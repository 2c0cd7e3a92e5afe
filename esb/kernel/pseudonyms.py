"""Keyed pseudonyms of persons: what stands for a FIN in a record.

HMAC-SHA-256 (RFC 2104) of the FIN under a key of the bus, cut to 128 bits, in hex.  A mere hash would hide nobody: of
seven characters there are some 50 thousand million, which a laptop hashes through in an hour.
"""

import hmac
from collections.abc import Sequence
from typing import Final

KEY_BYTES: Final = 32
_BYTES: Final = 16
_PURPOSE: Final = b"FIN\0"  # another kind of number under the same key would never give a FIN's pseudonym


class Pseudonyms:
    """Makes pseudonyms.  Safe to use from several threads.

    Args:
        keys: of 32 octets each, the one of now last, those of earlier epochs before it.
    """

    __slots__ = ("_key", "_keys")

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"pseudonyms are made under keys of {KEY_BYTES} octets, one at the least")
        self._keys = tuple(keys)
        self._key = self._keys[-1]

    def of(self, fin: str) -> str:
        """The pseudonym under the key of now: 32 lower-case hex digits.

        Args:
            fin: in its one form (:func:`esb.kernel.fin.read_fin`).
        """
        return _pseudonym(self._key, fin)

    def every(self, fin: str) -> tuple[str, ...]:
        """The pseudonyms under every key, the one of now first: what a person is looked for by."""
        return tuple(_pseudonym(key, fin) for key in reversed(self._keys))

    def __repr__(self) -> str:
        return f"Pseudonyms({len(self._keys)} keys)"


def _pseudonym(key: bytes, fin: str) -> str:
    return hmac.digest(key, _PURPOSE + fin.encode("ascii"), "sha256")[:_BYTES].hex()
