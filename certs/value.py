"""The signature value: does it fit the key, does it verify, and what is it once its spelling is taken away."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from esb.certs.profile import CURVE_ORDERS, CURVE_SIZES, RSA_MAX_BITS, RSA_MIN_BITS, Family, SignatureAlgorithm
from esb.kernel import rules
from esb.kernel.faults import Refusal

_PKCS1: Final = padding.PKCS1v15()
_ECDSA: Final[Mapping[str, ec.ECDSA]] = {
    algorithm.name: ec.ECDSA(algorithm) for algorithm in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
}


def pss_padding(algorithm: hashes.HashAlgorithm) -> padding.PSS:
    """RSASSA-PSS as RFC 9231 section 2.3.10 fixes it: MGF1 with the same hash, a salt as long as the digest."""
    return padding.PSS(mgf=padding.MGF1(algorithm), salt_length=algorithm.digest_size)


def check_key(algorithm: SignatureAlgorithm, key: CertificatePublicKeyTypes) -> None:
    """Say whether a registered key may sign with an algorithm.

    Raises:
        Refusal: SIG-13, when the kinds differ, the curve is not P-256 or P-384, or an RSA key is too small or too big.
    """
    if algorithm.family not in _families_of(key):
        raise Refusal(
            rules.SIG_KEY_MATCH,
            "The signature algorithm does not fit the registered certificate's key: sign with that key's own kind "
            "(RSA from 2048 bits, ECDSA on P-256 or P-384, Ed25519).",
            {"algorithm": algorithm.uri},
        )


def _families_of(key: CertificatePublicKeyTypes) -> tuple[Family, ...]:
    """What a key may sign with."""
    kind = _kind(type(key))
    if kind is Family.ECDSA:
        return (Family.ECDSA,) if cast(ec.EllipticCurvePublicKey, key).curve.name in CURVE_SIZES else ()
    if kind is Family.RSA:
        fits = RSA_MIN_BITS <= cast(rsa.RSAPublicKey, key).key_size <= RSA_MAX_BITS
        return (Family.RSA, Family.RSA_PSS) if fits else ()
    return () if kind is None else (kind,)


@lru_cache(maxsize=64)
def _kind(implementation: type) -> Family | None:
    """The kind of key that a class implements.  Remembered, for to ask an abstract class takes a microsecond."""
    if issubclass(implementation, ec.EllipticCurvePublicKey):
        return Family.ECDSA
    if issubclass(implementation, rsa.RSAPublicKey):
        return Family.RSA
    return Family.ED25519 if issubclass(implementation, ed25519.Ed25519PublicKey) else None


def verify_value(algorithm: SignatureAlgorithm, key: CertificatePublicKeyTypes, value: bytes, signed: bytes) -> bytes:
    """Verify a signature value over the canonical SignedInfo.

    Args:
        algorithm: one that :func:`check_key` found to fit ``key``.
        value: the octets of ds:SignatureValue (ECDSA: r and s, fixed size, joined; XML Signature 1.1 section 6.4.3).
        signed: the canonical SignedInfo.

    Returns:
        The value in its one normal spelling.  An ECDSA value with n-s in the place of s verifies just as well and
        can be made by anybody; both come back as the one with the lower s, so that they are one signature.

    Raises:
        Refusal: SIG-08.
    """
    kind = _kind(type(key))
    try:
        if kind is Family.ECDSA:
            return _verify_ecdsa(algorithm, cast(ec.EllipticCurvePublicKey, key), value, signed)
        if kind is Family.RSA:
            public = cast(rsa.RSAPublicKey, key)
            # A shorter or longer value is never of this key, whatever a library makes of leading zeros.
            if len(value) == (public.key_size + 7) // 8 and algorithm.hash is not None:
                scheme = _PKCS1 if algorithm.family is Family.RSA else pss_padding(algorithm.hash)
                public.verify(value, signed, scheme, algorithm.hash)
                return value
        elif kind is Family.ED25519 and len(value) == 64:
            cast(ed25519.Ed25519PublicKey, key).verify(value, signed)
            return value
    except InvalidSignature:
        pass
    raise _wrong()


def _verify_ecdsa(algorithm: SignatureAlgorithm, key: ec.EllipticCurvePublicKey, value: bytes, signed: bytes) -> bytes:
    size = CURVE_SIZES[key.curve.name]
    order = CURVE_ORDERS[key.curve.name]
    if len(value) != 2 * size or algorithm.hash is None:
        raise _wrong()
    r = int.from_bytes(value[:size], "big")
    s = int.from_bytes(value[size:], "big")
    if not (0 < r < order and 0 < s < order):
        raise _wrong()
    key.verify(encode_dss_signature(r, s), signed, _ECDSA[algorithm.hash.name])
    return value if 2 * s <= order else value[:size] + (order - s).to_bytes(size, "big")


def _wrong() -> Refusal:
    return Refusal(
        rules.SIG_VALUE,
        "The signature value is not that of the SignedInfo under the registered certificate's key: the message was "
        "changed after it was signed, or signed with another key.",
    )
