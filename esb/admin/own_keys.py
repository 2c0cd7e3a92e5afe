"""Acts on the home's own private keys: make one, tell where they are, ask an outside authority for a certificate."""

from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Engine

from esb.admin.home import Home
from esb.certs.keys import KeyUnusable, load_key, make_key, pointed
from esb.certs.requests import make_request
from esb.kernel.token_uri import SCHEME, KeyPlace, TokenUri
from esb.registry.acts import acting


def make_recorded(engine: Engine, place: KeyPlace, kind: str, passphrase: bytes, *, author: str, now: float) -> str:
    """Make a key and put it on record; returns the SHA-256 (hex) of its public half (SubjectPublicKeyInfo).

    The act is recorded after the key is there: a key that is made and not recorded does no harm, the reverse would be
    a false record.

    Raises:
        KeyUnusable: there is one already, or none of this kind is made there.
    """
    key = make_key(place, kind, passphrase)
    info = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    hashed = Hash(SHA256())
    hashed.update(info)
    digest = hashed.finalize().hex()
    where = "device" if isinstance(place, TokenUri) else "file"
    with acting(engine, author, now) as act:
        act.record("make", "key", digest, {"kind": kind, "where": where, "place": str(place)})
    return digest


def request_for(place: KeyPlace, name: str, passphrase: bytes) -> bytes:
    """A request (PKCS #10, PEM) for a certificate of a key; ``name`` is the CN that it wishes for.

    Raises:
        KeyUnusable: the key cannot be opened.
    """
    return make_request(load_key(place, passphrase).private_key, name).public_bytes(Encoding.PEM)


def keys_of_home(home: Home, first: KeyPlace, second: KeyPlace | None) -> Iterator[tuple[str, str, str]]:
    """What the home signs with: use, place, and whether it lies in a file or a device.  No key is opened."""
    wanted: list[tuple[str, KeyPlace | None]] = [
        ("the bus's signature", first),
        ("the bus's second signature", second),
        ("the authority", home.path / "ca" / "ca.key"),
    ]
    hosted = home.keys / "hosted"
    if hosted.is_dir():
        wanted += [(f"hosted for {path.stem}", path) for path in sorted(hosted.glob("*.key"))]
    for use, place in wanted:
        if isinstance(place, TokenUri):
            yield use, str(place), "in a device"
        elif place is not None and place.is_file():
            yield use, *_file(place)


def _file(path: Path) -> tuple[str, str]:
    try:
        content = path.read_bytes()
        if content.startswith(SCHEME.encode()):
            return f"{path} → {pointed(path, content)}", "in a device"
    except OSError as error:
        return str(path), f"cannot be read: {error.strerror}"
    except KeyUnusable as error:
        return str(path), str(error)
    return str(path), "in a file"
