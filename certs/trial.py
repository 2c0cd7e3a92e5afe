"""A key is tried before it is relied upon: does it sign, does its certificate verify that, how long does it take."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from esb.certs.keys import SigningKey
from esb.certs.profile import SIGNATURES
from esb.certs.unusable import KeyUnusable

SLOW: Final = 0.002
"""Seconds that a signature may take on the reactor; a key that takes longer signs in threads (ADR 8)."""

_TRIED: Final = b"What the bus signs once at start, to see whether it can."
_TIMES: Final = 3


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it.

    Attributes:
        seconds: the quickest of three signatures: the first opens sessions and warms caches.
        extractable: whether the device would give the key out; None for a key in a file.
    """

    seconds: float
    extractable: bool | None

    @property
    def slow(self) -> bool:
        """Whether signing would hold up the reactor."""
        return self.seconds > SLOW


def try_key(key: SigningKey, public_key: Any, monotonic: Callable[[], float]) -> Trial:
    """Sign and verify.

    Args:
        public_key: of the key's certificate.
        monotonic: a clock, in seconds.

    Raises:
        KeyUnusable: it does not sign, or not what this public key verifies.
    """
    times = []
    for _ in range(_TIMES):
        began = monotonic()
        value = key.sign(_TRIED)
        times.append(monotonic() - began)
    try:
        _verify(key.algorithm, public_key, value)
    except (InvalidSignature, ValueError, TypeError, AttributeError, KeyError):
        raise KeyUnusable(
            "the certificate is not for this key: it does not verify what the key signs. Name the one issued for it"
        ) from None
    return Trial(min(times), getattr(key, "extractable", None))


def _verify(uri: str, public_key: Any, value: bytes) -> None:
    digest: Any = SIGNATURES[uri].hash
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        half = len(value) // 2
        signature = encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))
        public_key.verify(signature, _TRIED, ec.ECDSA(digest))
    elif isinstance(public_key, rsa.RSAPublicKey):
        public_key.verify(value, _TRIED, padding.PKCS1v15(), digest)
    else:
        public_key.verify(value, _TRIED)
