"""Sealing a record's messages: AES-256-GCM (NIST SP 800-38D) under a data key, bound to the record's name and column.

What is stored is a nonce of 96 random bits, the ciphertext and a tag of 128 bits.  A data key seals at most 2^24
messages (:data:`MOST_MESSAGES`), so that the chance of two equal nonces stays below 2^-49, where section 8.3 asks for
2^-32; and 2^36 octets (:data:`MOST_OCTETS`).  Nonces are random and not counted, because a machine that is put back to
a snapshot of its memory would count the same numbers twice under one key.

The associated data are the key's own facts, the record's name and the column: a row's messages opened in another's
place, or after somebody gave their key another last day, do not open.
"""

import os
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from esb.kernel.faults import EsbError

KEY_BYTES: Final = 32
OVERHEAD: Final = 28  # nonce and tag
MOST_MESSAGES: Final = 1 << 24
MOST_OCTETS: Final = 1 << 36
MESSAGE: Final = b"message"
SENT: Final = b"sent"
_NONCE: Final = 12


class BodyUnreadable(EsbError):
    """Messages cannot be opened; the text says why."""


class MasterKeys(Protocol):
    """What data keys are wrapped under (RFC 3394): one key for new ones, and earlier ones while they are replaced."""

    @property
    def name(self) -> str:
        """Which key wraps: 16 hex digits that tell nothing of it."""

    def wrap(self, key: bytes) -> bytes:
        """Wrap a data key.

        Raises:
            EsbError: the key is in a device that is away.
        """

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """Open a data key again.

        Raises:
            EsbError: there is no key of this name at hand, it does not open this, or it is in a device that is away.
        """


class Seal:
    """One data key, ready for use.

    Args:
        key: 32 octets.
        facts: what is bound to it besides: the last day of what it seals, when it was made, and from which record on.
    """

    __slots__ = ("_cipher", "_facts")

    def __init__(self, key: bytes, facts: tuple[str, int, int]) -> None:
        self._cipher = AESGCM(key)
        until, made, first = facts
        self._facts = f"shluz-body-1\0{until}\0{made}\0{first}\0".encode()

    def close(self, record: str, column: bytes, octets: bytes) -> bytes:
        """Seal octets; nothing stays nothing."""
        if not octets:
            return b""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, octets, self._bound(record, column))

    def open(self, record: str, column: bytes, sealed: bytes) -> bytes:
        """Open what :meth:`close` gave.

        Raises:
            BodyUnreadable: it was altered, or is another record's or column's.
        """
        if not sealed:
            return b""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._bound(record, column))
        except (InvalidTag, ValueError) as error:
            raise BodyUnreadable("the messages are not those that were sealed for this record") from error

    def _bound(self, record: str, column: bytes) -> bytes:
        return b"".join((self._facts, column, b"\0", record.encode()))
