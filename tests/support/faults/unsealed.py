"""Sealed messages as an outsider with the master key opens them, by what docs/evidence.md says of their form.

Nothing of the bus's own classes: the key's file is PKCS #8 under scrypt (RFC 5958, 8018, 7914), data keys are wrapped
as RFC 3394 says, and messages are AES-256-GCM.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

DataKey = Mapping[str, Any]
"""A row of the data keys' table, by its columns' names."""
_NONCE = 12


def master_key(path: Path, passphrase: bytes) -> bytes:
    """The 32 octets of a master key in a file."""
    algorithm, sealed = _parts(_parts(base64.b64decode("".join(path.read_text().strip().splitlines()[1:-1])))[0])
    derivation, encryption = _parts(_parts(algorithm)[1])
    salt, n, r, p = _parts(_parts(derivation)[1])
    cost = {name: int.from_bytes(octets) for name, octets in (("n", n), ("r", r), ("p", p))}
    key = hashlib.scrypt(passphrase, salt=salt, dklen=32, maxmem=1 << 26, **cost)
    cipher = Cipher(algorithms.AES(key), modes.CBC(_parts(encryption)[1])).decryptor()
    padded = cipher.update(sealed) + cipher.finalize()
    return _parts(_parts(padded[: -padded[-1]])[0])[2]


def _parts(octets: bytes) -> list[bytes]:
    """The contents of the DER elements that stand side by side."""
    found = []
    while octets:
        size, at = octets[1], 2
        if size & 0x80:
            at += size & 0x7F
            size = int.from_bytes(octets[2:at])
        found.append(octets[at : at + size])
        octets = octets[at + size :]
    return found


@dataclass
class Unsealed:
    """Opens the messages of one log.

    Args:
        master: 32 octets; empty where no message is sealed.
        read: reads a row of the data keys' table by its number.
    """

    master: bytes
    read: Callable[[int], DataKey]
    _opened: dict[int, tuple[AESGCM | None, bytes]] = field(default_factory=dict)

    def open(self, record: str, key: int | None, column: str, octets: bytes | None) -> bytes | None:
        """A message in the clear; what does not open comes back as it is, and is then no message that anybody knows.

        Args:
            key: the data key's number, as the row has it.
            column: the message's.
        """
        if key is None or not octets:
            return octets
        if key not in self._opened:
            self._opened[key] = self._cipher(self.read(key))
        cipher, facts = self._opened[key]
        if cipher is None:
            return octets
        try:
            return cipher.decrypt(octets[:_NONCE], octets[_NONCE:], facts + f"{column}\0{record}".encode())
        except (InvalidTag, ValueError):
            return octets

    def _cipher(self, row: DataKey) -> tuple[AESGCM | None, bytes]:
        facts = f"shluz-body-1\0{row['until']}\0{row['made']}\0{row['first']}\0".encode()
        if not row["master"]:
            return None, facts
        try:
            return AESGCM(aes_key_unwrap(self.master, row["wrapped"])), facts
        except (InvalidUnwrap, ValueError):
            return None, facts
