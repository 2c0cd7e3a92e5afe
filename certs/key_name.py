"""The name of a key that wraps keys, by which what it wrapped is known to be its own."""

import hashlib
from typing import Final

KNOWN: Final = bytes(32)
"""What each master key is known by: these octets, wrapped under it."""


def name_of(wrapped: bytes) -> str:
    """The name of the key that wraps :data:`KNOWN` so: 16 hex digits of a SHA-256, which tell nothing of the key."""
    return hashlib.sha256(b"shluz master key\0" + wrapped).hexdigest()[:16]
