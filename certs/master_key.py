"""The key that data keys are wrapped under (AES Key Wrap: RFC 3394, NIST SP 800-38F), in a file or in a device.

In a file it stands as the bus's other keys do: a PrivateKeyInfo encrypted under the passphrase of the home's keys
(:mod:`esb.certs.envelope`), whose algorithm is id-aes256-wrap (RFC 3565) and whose content are the key's 32 octets.
"""

import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from esb.certs import der, envelope
from esb.certs.key_name import KNOWN, name_of
from esb.certs.keys import new_private_file, pointed, read_private
from esb.certs.unusable import KeyMissing, KeyUnusable, WrongPassphrase
from esb.kernel.token_uri import SCHEME, KeyPlace, TokenUri

if TYPE_CHECKING:
    from esb.certs.token_master import TokenMaster

KEY_BYTES: Final = 32
_AES_256_WRAP: Final = bytes.fromhex("060960864801650304012d")
_VERSION: Final = der.encode_integer(0)


class MasterKey(Protocol):
    """What wraps data keys.  Safe to use from several threads."""

    @property
    def name(self) -> str:
        """Which key it is: :mod:`esb.certs.key_name`."""

    def wrap(self, key: bytes) -> bytes:
        """Wrap 32 octets: 40.  Raises :class:`~esb.certs.unusable.KeyUnusable`."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """Open what :meth:`wrap` gave.  Raises :class:`~esb.certs.unusable.KeyUnusable`: not wrapped under this one."""


@dataclass(frozen=True, slots=True)
class FileMaster:
    """A master key held in memory.

    Args:
        key: 32 octets.
    """

    key: bytes = field(repr=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", name_of(self.wrap(KNOWN)))

    def wrap(self, key: bytes) -> bytes:
        """See :class:`MasterKey`."""
        return aes_key_wrap(self.key, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """See :class:`MasterKey`."""
        try:
            return aes_key_unwrap(self.key, wrapped)
        except (InvalidUnwrap, ValueError):
            raise KeyUnusable("what was wrapped was altered, or is not under this master key") from None


def make_master(place: KeyPlace, passphrase: bytes) -> "FileMaster | TokenMaster":
    """Make a master key in a new encrypted file, or inside a device, which it never leaves.

    Raises:
        KeyUnusable: there is one already, the passphrase is empty, or the place cannot be written.
    """
    if isinstance(place, TokenUri):
        from esb.certs.token_master import make_token_master

        return make_token_master(place, passphrase)
    if not passphrase:
        raise KeyUnusable(f"the key for {place} is not stored: give a passphrase that is not empty")
    key = secrets.token_bytes(KEY_BYTES)
    info = der.encode(
        der.SEQUENCE, _VERSION, der.encode(der.SEQUENCE, _AES_256_WRAP), der.encode(der.OCTET_STRING, key)
    )
    new_private_file(place, envelope.seal(info, passphrase, secrets.token_bytes(16), secrets.token_bytes(16)))
    return FileMaster(key)


def load_master(place: KeyPlace, passphrase: bytes) -> "FileMaster | TokenMaster":
    """Open a master key in a file or in a device.

    Raises:
        KeyMissing: there is none.
        WrongPassphrase: the passphrase does not open the file, or the PIN the device.
        KeyUnusable: it is broken, open to others, or of another kind.
    """
    if isinstance(place, TokenUri):
        from esb.certs.token_master import open_token_master

        return open_token_master(place, passphrase)
    if not place.exists():
        raise KeyMissing(f"there is no master key at {place}")
    content = read_private(place)
    if content.startswith(SCHEME.encode()):
        return load_master(pointed(place, content), passphrase)
    if not envelope.is_whole(content):
        raise KeyUnusable(f"{place} is broken, or no master key: put it back from its safe copy")
    return _opened(place, content, passphrase)


@lru_cache(4)
def _opened(place: Path, content: bytes, passphrase: bytes) -> FileMaster:
    """Kept, because the derivation takes a fifth of a second and several parts of a process ask for the same key."""
    try:
        info = envelope.open_sealed(content, passphrase)
    except ValueError:
        raise WrongPassphrase(f"the passphrase does not open {place} (or the file was altered inside)") from None
    key = _key_in(info)
    if key is None:
        raise KeyUnusable(f"{place} holds another key than one of {KEY_BYTES * 8} bits that wraps keys")
    return FileMaster(key)


def _key_in(info: bytes) -> bytes | None:
    """The key out of a PrivateKeyInfo; None where it holds another."""
    beginning = _VERSION + der.encode(der.SEQUENCE, _AES_256_WRAP)
    try:
        _, inside, after = der.decode(info)
        _, key, rest = der.decode(inside[len(beginning) :])
    except ValueError:
        return None
    return key if inside.startswith(beginning) and len(key) == KEY_BYTES and not (rest or after) else None
