"""The signature profile: which algorithms, which limits.  What is not listed here is refused.

Sources: XML Signature 1.1 section 6, RFC 9231 (algorithm URIs), W3C exclusive canonicalization, WSS X.509 Token
Profile 1.1.  SHA-1, MD5, DSA, HMAC, inclusive canonicalization, XPath and XSLT are absent on purpose.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives import hashes

from esb.kernel import namespaces as ns

if TYPE_CHECKING:
    from hashlib import _Hash


@dataclass(frozen=True, slots=True)
class SignatureLimits:
    """How much a signature may hold; counted before anything is canonicalized (SIG-11).

    Attributes:
        references: ds:Reference elements in the SignedInfo.
        tokens: BinarySecurityTokens in the Security header.
        prefixes: names in one InclusiveNamespaces PrefixList.
        headers: blocks in the SOAP Header, whoever they are for.
        token_bytes: characters of one token's base64 text.
        value_bytes: characters of the SignatureValue's base64 text.
        cached_tokens: token texts whose digest is remembered.
    """

    references: int = 32
    tokens: int = 4
    prefixes: int = 64
    headers: int = 64
    token_bytes: int = 16_384
    value_bytes: int = 4_096
    cached_tokens: int = 4_096


class Family(Enum):
    """The kind of key, and of padding, that a signature algorithm works with."""

    RSA = "RSA PKCS#1 v1.5"
    RSA_PSS = "RSA-PSS"
    ECDSA = "ECDSA"
    ED25519 = "Ed25519"


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """One signature algorithm of the profile; ``hash`` is None where the algorithm brings its own (Ed25519)."""

    uri: str
    family: Family
    hash: hashes.HashAlgorithm | None


def _table(*algorithms: SignatureAlgorithm) -> Mapping[str, SignatureAlgorithm]:
    return MappingProxyType({algorithm.uri: algorithm for algorithm in algorithms})


_S256, _S384, _S512 = hashes.SHA256(), hashes.SHA384(), hashes.SHA512()

SIGNATURES: Final = _table(
    SignatureAlgorithm(ns.RSA_SHA256, Family.RSA, _S256),
    SignatureAlgorithm(ns.RSA_SHA384, Family.RSA, _S384),
    SignatureAlgorithm(ns.RSA_SHA512, Family.RSA, _S512),
    SignatureAlgorithm(ns.RSA_PSS_SHA256, Family.RSA_PSS, _S256),
    SignatureAlgorithm(ns.RSA_PSS_SHA384, Family.RSA_PSS, _S384),
    SignatureAlgorithm(ns.RSA_PSS_SHA512, Family.RSA_PSS, _S512),
    SignatureAlgorithm(ns.ECDSA_SHA256, Family.ECDSA, _S256),
    SignatureAlgorithm(ns.ECDSA_SHA384, Family.ECDSA, _S384),
    SignatureAlgorithm(ns.ECDSA_SHA512, Family.ECDSA, _S512),
    SignatureAlgorithm(ns.EDDSA_ED25519, Family.ED25519, None),
)
"""Signature algorithms by URI."""


def is_rsa(algorithm: str) -> bool:
    """Whether a signature algorithm's URI is of RSA's family, by its name: PKCS#1 v1.5 or PSS, with whatever digest.

    True also of what the profile refuses, such as RSA-SHA1: it says what its sender's software is made for.
    """
    return "rsa" in algorithm.rpartition("#")[2]


PSS_BY_DIGEST: Final[Mapping[str, SignatureAlgorithm]] = MappingProxyType(
    {
        ns.SHA256: SIGNATURES[ns.RSA_PSS_SHA256],
        ns.SHA384: SIGNATURES[ns.RSA_PSS_SHA384],
        ns.SHA512: SIGNATURES[ns.RSA_PSS_SHA512],
    }
)
"""What the generic RSA-PSS identifier means with a digest: the same as the one that names it (RFC 9231, 2.3.9)."""

DIGESTS: Final[Mapping[str, "Callable[[bytes], _Hash]"]] = MappingProxyType(
    {ns.SHA256: hashlib.sha256, ns.SHA384: hashlib.sha384, ns.SHA512: hashlib.sha512}
)
"""Digest functions by URI."""

DIGEST_SIZES: Final[Mapping[str, int]] = MappingProxyType({ns.SHA256: 32, ns.SHA384: 48, ns.SHA512: 64})
"""Octets of each digest."""

CURVE_SIZES: Final[Mapping[str, int]] = MappingProxyType({"secp256r1": 32, "secp384r1": 48})
"""Octets of r and of s, by the curve's name: P-256 and P-384."""

CURVE_ORDERS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        "secp384r1": int(
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16
        ),
    }
)
"""The order n of each curve's group (SEC 2): r and s lie between 1 and n-1."""

RSA_MIN_BITS: Final = 2048
RSA_MAX_BITS: Final = 8192
