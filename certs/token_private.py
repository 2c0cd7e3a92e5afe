"""Keys in a device as `cryptography` knows private keys, so that its builders sign with them.

Certificates, requests, revocation lists and OCSP answers are then made in the same way with a key in a file and with
one in a device.  What would need the key itself is refused.
"""

import hashlib
from typing import Any, Final, NoReturn, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from pkcs11 import MGF, Mechanism

from esb.certs.token_module import Sessions
from esb.certs.unusable import KeyUnusable

_HASHES: Final = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
# RFC 8017, section 9.2, note 1: DigestInfo up to the digest.
_DIGEST_INFO: Final = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
_PSS: Final = {
    "sha256": (Mechanism.SHA256, MGF.SHA256),
    "sha384": (Mechanism.SHA384, MGF.SHA384),
    "sha512": (Mechanism.SHA512, MGF.SHA512),
}


def _digest(data: bytes, algorithm: Any) -> tuple[str, bytes]:
    """The digest's name and value."""
    if isinstance(algorithm, utils.Prehashed):
        return algorithm._algorithm.name, bytes(data)
    make = _HASHES.get(algorithm.name)
    if make is None:
        raise KeyUnusable(f"a key in a device is not used with {algorithm.name}: use SHA-256, SHA-384 or SHA-512")
    return algorithm.name, make(data).digest()


class _Stays:
    """What every key in a device refuses, whatever its kind: to come out."""

    def private_numbers(self) -> NoReturn:
        """Refused."""
        _stays()

    def private_bytes(
        self,
        encoding: serialization.Encoding,
        format: serialization.PrivateFormat,
        encryption_algorithm: serialization.KeySerializationEncryption,
    ) -> NoReturn:
        """Refused."""
        _stays()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> Self:
        return self


def _stays() -> NoReturn:
    raise KeyUnusable("the key lies in a device and does not come out")


class TokenEcPrivateKey(_Stays, ec.EllipticCurvePrivateKey):
    """An ECDSA key in a device."""

    def __init__(self, public: ec.EllipticCurvePublicKey, sessions: Sessions) -> None:
        self._public = public
        self.sessions = sessions
        self._make = hashlib.sha384 if public.key_size == 384 else hashlib.sha256

    def sign_for_xml(self, data: bytes) -> bytes:
        """The signature as r and s one after the other, by the digest that fits the curve."""
        return self._raw(self._make(data).digest())

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """The signature in DER, as X.509 wants it."""
        raw = self._raw(_digest(data, signature_algorithm.algorithm)[1])
        half = len(raw) // 2
        return utils.encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))

    def _raw(self, digest: bytes) -> bytes:
        size = self._public.key_size // 8
        raw = self.sessions.use(lambda key: bytes(key.sign(digest, mechanism=Mechanism.ECDSA)))
        if len(raw) != 2 * size:
            raise KeyUnusable(f"the device gave an ECDSA signature of {len(raw)} octets: {2 * size} were expected")
        return raw

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public key."""
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """Bits."""
        return self._public.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """Refused: the key signs and does nothing else."""
        raise KeyUnusable("a signing key in a device agrees on no keys")


class TokenRsaPrivateKey(_Stays, rsa.RSAPrivateKey):
    """An RSA key in a device."""

    def __init__(self, public: rsa.RSAPublicKey, sessions: Sessions) -> None:
        self._public = public
        self.sessions = sessions

    def sign_for_xml(self, data: bytes) -> bytes:
        """PKCS#1 v1.5 with SHA-256."""
        return self._pkcs1("sha256", hashlib.sha256(data).digest())

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:
        """PKCS#1 v1.5, or PSS whose mask is made with the same digest."""
        name, digest = _digest(data, algorithm)
        if padding.name == "EMSA-PSS":
            return self._pss(name, digest, padding)
        if padding.name == "EMSA-PKCS1-v1_5":
            return self._pkcs1(name, digest)
        raise KeyUnusable(f"a key in a device is not used with the padding {padding.name}")

    def _pkcs1(self, name: str, digest: bytes) -> bytes:
        info = _DIGEST_INFO[name] + digest
        return self.sessions.use(lambda key: bytes(key.sign(info, mechanism=Mechanism.RSA_PKCS)))

    def _pss(self, name: str, digest: bytes, scheme: padding.PSS) -> bytes:
        salt = scheme._salt_length
        if not isinstance(salt, int):
            salt = rsa_pss_salt(self._public.key_size, len(digest)) if salt is padding.PSS.MAX_LENGTH else len(digest)
        parameters = (*_PSS[name], salt)
        return self.sessions.use(
            lambda key: bytes(key.sign(digest, mechanism=Mechanism.RSA_PKCS_PSS, mechanism_param=parameters))
        )

    def public_key(self) -> rsa.RSAPublicKey:
        """The public key."""
        return self._public

    @property
    def key_size(self) -> int:
        """Bits of the modulus."""
        return self._public.key_size

    def decrypt(self, ciphertext: bytes, padding: Any) -> bytes:
        """Refused: the key signs and does nothing else."""
        raise KeyUnusable("a signing key in a device decrypts nothing")


def rsa_pss_salt(bits: int, digest_size: int) -> int:
    """The longest salt that a modulus of ``bits`` leaves room for (RFC 8017, section 9.1.1)."""
    return (bits - 1 + 7) // 8 - digest_size - 2
