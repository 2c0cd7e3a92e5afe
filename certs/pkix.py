"""Signatures as X.509's relatives carry them (OCSP, CMS): an AlgorithmIdentifier and the octets that go with it.

What signs messages writes an ECDSA signature as r and s one after the other; here it is their DER.  A key in a device
serves as one in a file does.
"""

from dataclasses import dataclass
from typing import Final

from asn1crypto.algos import SignedDigestAlgorithm
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from esb.certs.keys import KeyUnusable, SigningKey
from esb.kernel import namespaces as ns

_ALGORITHMS: Final = {
    ns.ECDSA_SHA256: ("sha256_ecdsa", "sha256"),
    ns.ECDSA_SHA384: ("sha384_ecdsa", "sha384"),
    ns.RSA_SHA256: ("sha256_rsa", "sha256"),
}


@dataclass(frozen=True, slots=True)
class PkixSigner:
    """Signs structures of X.509's relatives with one key.

    Attributes:
        algorithm: the name that asn1crypto gives the signature's algorithm.
        digest: that of its hash, as hashlib knows it too.
        identifier: the AlgorithmIdentifier, DER.
    """

    key: SigningKey
    algorithm: str
    digest: str
    identifier: bytes

    @classmethod
    def of(cls, key: SigningKey) -> "PkixSigner":
        """Raises :class:`~esb.certs.keys.KeyUnusable` for a key that signs with neither ECDSA nor RSA."""
        known = _ALGORITHMS.get(key.algorithm)
        if known is None:
            raise KeyUnusable("this key cannot answer for the authority: take one of P-256, P-384 or RSA")
        algorithm, digest = known
        return cls(key, algorithm, digest, SignedDigestAlgorithm({"algorithm": algorithm}).dump())

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data``, as the structure around it holds it."""
        value = self.key.sign(data)
        if not self.algorithm.endswith("ecdsa"):
            return value
        half = len(value) // 2
        return encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))
