"""Private keys: made, stored encrypted, opened once at start, and used to sign.

A key in a file is one implementation of :class:`SigningKey`; a key in a device (:mod:`esb.certs.token_key`) is
another.  What signs messages knows the protocol alone.
"""

import os
import secrets
import shlex
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from esb.certs import envelope
from esb.certs.strength import weakness
from esb.certs.unusable import KeyMissing, KeyUnusable, WrongPassphrase
from esb.kernel import namespaces as ns
from esb.kernel.token_uri import SCHEME, KeyPlace, TokenUri, TokenUriInvalid, parse_token_uri

if TYPE_CHECKING:
    from esb.certs.token_key import TokenKey

__all__ = [
    "KINDS",
    "FileKey",
    "KeyMissing",
    "KeyUnusable",
    "PrivateKey",
    "SigningKey",
    "WrongPassphrase",
    "generate_key",
    "load_key",
    "make_key",
    "point_key",
    "pointed",
    "signing_hash",
    "store_key",
]

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
"""The private keys that the bus and its members work with."""

KINDS = ("p256", "p384", "rsa2048", "rsa3072", "rsa4096", "ed25519")
"""What :func:`generate_key` makes.  P-256 signs twenty times faster than RSA."""

_MAX_FILE = 64 * 1024


class SigningKey(Protocol):
    """What can sign a message."""

    @property
    def algorithm(self) -> str:
        """The URI of ``ds:SignatureMethod`` that :meth:`sign` makes signatures of."""

    def sign(self, data: bytes) -> bytes:
        """Sign ``data`` (the canonical ``ds:SignedInfo``, unhashed); returns the octets of ``ds:SignatureValue``.

        An ECDSA signature is r and s one after the other, each of the curve's size (XML Signature 1.1, section 6.4.3).
        """

    def public_key(self) -> PublicKeyTypes:
        """The key that verifies what this one signs."""


@dataclass(frozen=True, slots=True)
class FileKey:
    """A private key held in memory for the life of the process.  Safe to use from several threads.

    Args:
        private_key: RSA (signs PKCS#1 v1.5 with SHA-256), P-256 (SHA-256), P-384 (SHA-384) or Ed25519.

    Raises:
        KeyUnusable: the key is of another kind, or too weak.
    """

    private_key: PrivateKey = field(repr=False)
    algorithm: str = field(init=False)
    _sign: Callable[[bytes], bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        key = self.private_key
        problem = weakness(key.public_key())
        if problem:
            raise KeyUnusable(f"this private key cannot be used: {problem}")
        if isinstance(key, rsa.RSAPrivateKey):
            algorithm, sign = ns.RSA_SHA256, _rsa_signer(key)
        elif isinstance(key, ec.EllipticCurvePrivateKey):
            wide = key.key_size == 384
            algorithm = ns.ECDSA_SHA384 if wide else ns.ECDSA_SHA256
            sign = _ecdsa_signer(key, hashes.SHA384() if wide else hashes.SHA256())
        else:
            algorithm, sign = ns.EDDSA_ED25519, key.sign
        object.__setattr__(self, "algorithm", algorithm)
        object.__setattr__(self, "_sign", sign)

    def sign(self, data: bytes) -> bytes:
        """See :meth:`SigningKey.sign`."""
        return self._sign(data)

    def public_key(self) -> PublicKeyTypes:
        """See :meth:`SigningKey.public_key`."""
        return self.private_key.public_key()


def signing_hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | None:
    """The digest that fits a key: SHA-384 for P-384, none for Ed25519 (it has its own), else SHA-256."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size == 384:
        return hashes.SHA384()
    return hashes.SHA256()


def _rsa_signer(key: rsa.RSAPrivateKey) -> Callable[[bytes], bytes]:
    scheme, digest = padding.PKCS1v15(), hashes.SHA256()
    return lambda data: key.sign(data, scheme, digest)


def _ecdsa_signer(key: ec.EllipticCurvePrivateKey, digest: hashes.HashAlgorithm) -> Callable[[bytes], bytes]:
    scheme, size = ec.ECDSA(digest), key.key_size // 8

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, scheme))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    return sign


def generate_key(kind: str) -> PrivateKey:
    """Make a private key of one of :data:`KINDS`.  An RSA key of 4096 bits may take some seconds.

    Raises:
        KeyUnusable: there is no such kind.
    """
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "p384":
        return ec.generate_private_key(ec.SECP384R1())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind in KINDS:
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind.removeprefix("rsa")))
    raise KeyUnusable(f"there is no key kind {kind[:20]!r}: choose one of {', '.join(KINDS)}")


def make_key(place: KeyPlace, kind: str, passphrase: bytes) -> "FileKey | TokenKey":
    """Make a key where it shall lie: in a new encrypted file, or inside a device, which it never leaves.

    Raises:
        KeyUnusable: there is one already, or none of this kind is made there.
    """
    if isinstance(place, TokenUri):
        from esb.certs.token_key import make_token_key

        return make_token_key(place, kind, passphrase)
    key = FileKey(generate_key(kind))
    store_key(key.private_key, place, passphrase)
    return key


def store_key(private_key: PrivateKey, path: Path, passphrase: bytes) -> None:
    """Write a private key to a new file, encrypted (:mod:`esb.certs.envelope`), readable by its owner alone.

    The file appears whole or not at all, is on the disk when this returns, and never takes the place of another.

    Raises:
        KeyUnusable: the passphrase is empty, or ``path`` exists or cannot be written.
    """
    if not passphrase:
        raise KeyUnusable(f"the key for {path} is not stored: give a passphrase that is not empty")
    pkcs8 = private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    new_private_file(path, envelope.seal(pkcs8, passphrase, secrets.token_bytes(16), secrets.token_bytes(16)))


def new_private_file(path: Path, content: bytes) -> None:
    """Write a new file, readable by its owner alone, whole or not at all, and on the disk when this returns.

    Raises:
        KeyUnusable: ``path`` exists or cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # A link fails where a file is already; a rename would take its place.
            os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except FileExistsError:
        raise KeyUnusable(f"{path} exists and is not overwritten: move it away first, or choose another name") from None
    except OSError as error:
        raise KeyUnusable(f"the key cannot be written to {path}: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load_key(place: KeyPlace, passphrase: bytes) -> "FileKey | TokenKey":
    """Open a key in a file or in a device.

    Done once at start: an RSA key costs some 40 ms and the derivation a fifth of a second.

    Args:
        passphrase: of the file; of a device the PIN, where its URI names no file with it.

    Raises:
        WrongPassphrase: the passphrase does not open the file, or the PIN the device.
        KeyUnusable: the key is missing, broken, not encrypted, open to others, or of a kind that is not accepted.
    """
    if isinstance(place, TokenUri):
        # Only who has a device loads what speaks to it.
        from esb.certs.token_key import open_token_key

        return open_token_key(place, passphrase)
    return _load_file(place, passphrase)


def pointed(path: Path, content: bytes) -> TokenUri:
    """The URI that stands in a key file in place of a key.

    Raises:
        KeyUnusable: it is none.
    """
    try:
        return parse_token_uri(content.decode("utf-8").strip())
    except (UnicodeDecodeError, TokenUriInvalid) as error:
        raise KeyUnusable(f"{path} begins like a PKCS #11 URI and is none: {error}") from None


def point_key(uri: TokenUri, path: Path) -> None:
    """Write a new key file that stands for a key in a device: whoever opens it opens that one.

    Raises:
        KeyUnusable: ``path`` exists or cannot be written.
    """
    new_private_file(path, f"{uri}\n".encode())


def _load_file(path: Path, passphrase: bytes) -> "FileKey | TokenKey":
    pem = read_private(path)
    if pem.startswith(SCHEME.encode()):
        # The file stands for a key in a device, so that whatever takes a key file takes such a key too.
        return load_key(pointed(path, pem), passphrase)
    old, new = shlex.quote(str(path)), shlex.quote(f"{path}.new")
    convert = f"openssl pkcs8 -topk8 -v2 aes-256-cbc -scrypt -in {old} -out {new} && chmod 600 {new}"
    if envelope.BEGIN.encode() not in pem:
        if b"PRIVATE KEY-----" in pem:
            raise KeyUnusable(f"{path} is not encrypted as PKCS#8.  Encrypt it and delete the old file: {convert}")
        raise KeyUnusable(f"{path} is not a private key in PEM.  If it is one in DER, add -inform DER to: {convert}")
    if not envelope.is_whole(pem):
        raise KeyUnusable(f"{path} is broken: put it back from its safe copy")
    if not passphrase:
        raise WrongPassphrase(f"{path} is encrypted and no passphrase was given")
    try:
        key = serialization.load_pem_private_key(pem, passphrase)
    except UnsupportedAlgorithm:
        raise KeyUnusable(f"{path} is encrypted in a way that is not read here.  Change it: {convert}") from None
    except ValueError:
        # Without ``from``: the library's text is not ours to vouch for.  A wrong passphrase mostly shows in the
        # padding, and once in some hundred times only in what comes out, so the two are told as one.
        raise WrongPassphrase(f"the passphrase does not open {path} (or the file was altered inside)") from None
    if not isinstance(key, PrivateKey):
        raise KeyUnusable(f"{path} holds a key of a kind that is not accepted: use one of {', '.join(KINDS)}")
    return FileKey(key)


def read_private(path: Path) -> bytes:
    """Read a file that holds a key.

    Raises:
        KeyUnusable: it cannot be read, is open to others, or is too large for one.
    """
    try:
        # Non-blocking, so that a pipe in the key's place cannot hold up the start.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise KeyUnusable(f"{path} is not a file")
            if state.st_mode & 0o077:
                raise KeyUnusable(
                    f"{path} can be read by others than its owner.  Close it: chmod 600 {shlex.quote(str(path))}"
                )
            content = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise KeyUnusable(f"the key file {path} cannot be read: {error.strerror}") from error
    if len(content) > _MAX_FILE:
        raise KeyUnusable(f"{path} is too large for a key file")
    return content
