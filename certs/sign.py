"""Signing what leaves the bus: a whole wsse:Security header as octets, written in canonical form from the start.

Nothing is parsed, serialized or canonicalized here.  The Timestamp and the SignedInfo are written as their exclusive
canonical forms, hashed and signed as written, and placed verbatim: each declares the one namespace that it visibly
uses, so a verifier that canonicalizes them in place gets the same octets, whatever their ancestors declare
(W3C Exclusive XML Canonicalization 1.0, section 3).
"""

import binascii
import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import quoteattr

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.certs.profile import SIGNATURES
from esb.certs.value import check_key
from esb.kernel.clock import utc_text
from esb.kernel.faults import EsbError, Refusal
from esb.kernel.frozen import frozen
from esb.kernel.namespaces import BASE64_BINARY, DS, EXC_C14N, SHA256, WSSE, WSU, X509_V3
from esb.kernel.soap import SoapVersion

if TYPE_CHECKING:
    from esb.certs.keys import SigningKey

_NAME: Final = re.compile(r"[\w.:-]{1,256}")
_PREFIX: Final = re.compile(r"#default|[^\W\d][\w.-]{0,255}")
_ROLE: Final = {SoapVersion.V11: "actor", SoapVersion.V12: "role"}
_OPENING: Final = f'<wsse:Security xmlns:wsse="{WSSE}">'.encode()

_TIMESTAMP: Final = (
    f'<wsu:Timestamp xmlns:wsu="{WSU}" wsu:Id="TS-%s"><wsu:Created>%s</wsu:Created>'
    "<wsu:Expires>%s</wsu:Expires></wsu:Timestamp>"
).encode()
_REFERENCE: Final = (
    f'<ds:Reference URI="#%s"><ds:Transforms><ds:Transform Algorithm="{EXC_C14N}">%s</ds:Transform></ds:Transforms>'
    f'<ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod><ds:DigestValue>%s</ds:DigestValue></ds:Reference>'
).encode()
_INCLUSIVE: Final = f'<ec:InclusiveNamespaces xmlns:ec="{EXC_C14N}" PrefixList="%s"></ec:InclusiveNamespaces>'.encode()
_SIGNATURE: Final = f'<ds:Signature xmlns:ds="{DS}" Id="SIG-%s">'.encode()
_KEY_INFO: Final = (
    "</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>"
    f'<wsse:Reference URI="#X509-%s" ValueType="{X509_V3}"></wsse:Reference>'
    "</wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature></wsse:Security>"
).encode()


class SignerUnfit(EsbError):
    """A key and a certificate cannot sign together; the text says why."""


@frozen
class PartDigest:
    """A part to be signed: its identifier, the SHA-256 of its canonical form, and the PrefixList of that form."""

    id: str
    sha256: bytes
    prefixes: tuple[str, ...] = ()


class Signer:
    """A key with its certificate, and everything about their signatures that never changes, prepared once.

    Immutable after construction, so any number of threads may share one, as far as the key allows it.

    Raises:
        SignerUnfit: the key's algorithm is not in the profile, or the certificate is of another kind of key.
    """

    __slots__ = ("_key", "_method", "_token")

    def __init__(self, key: "SigningKey", certificate: x509.Certificate) -> None:
        algorithm = SIGNATURES.get(key.algorithm)
        if algorithm is None:
            raise SignerUnfit(f"the key signs with {key.algorithm}, which is not in the signature profile")
        try:
            check_key(algorithm, certificate.public_key())
        except Refusal as refusal:
            raise SignerUnfit(f"the certificate does not go with the key: {refusal.reason}") from None
        if certificate.public_key() != key.public_key():
            raise SignerUnfit("the certificate is not for this key: its public key is another")
        self._key = key
        self._token = (
            f'<wsse:BinarySecurityToken xmlns:wsu="{WSU}" EncodingType="{BASE64_BINARY}" ValueType="{X509_V3}" '
            'wsu:Id="X509-%s">'
            f"{_base64(certificate.public_bytes(Encoding.DER)).decode()}</wsse:BinarySecurityToken>"
        ).encode()
        self._method = (
            f'<ds:SignedInfo xmlns:ds="{DS}">'
            f'<ds:CanonicalizationMethod Algorithm="{EXC_C14N}"></ds:CanonicalizationMethod>'
            f'<ds:SignatureMethod Algorithm="{algorithm.uri}"></ds:SignatureMethod>'
        ).encode()

    def security_header(
        self,
        version: SoapVersion,
        parts: Sequence[PartDigest],
        created: float,
        lifetime: float,
        ident: str,
        actor: str | None,
    ) -> bytes:
        """Write a wsse:Security header that signs ``parts`` and its own Timestamp.

        The header has no mustUnderstand, which common stacks answer with a fault, and may be placed verbatim in any
        envelope of ``version``.  A part's PrefixList stays true only where those prefixes are bound as they were when
        its digest was made.

        Args:
            parts: what to sign, in order; the Timestamp is added.
            created: Unix seconds; written in milliseconds.
            lifetime: seconds until Expires.
            ident: what makes this header's identifiers unique in the envelope: letters, digits, ``.``, ``_``, ``-``.
            actor: whom it is addressed to (SOAP 1.1 actor, 1.2 role), None for the ultimate receiver.

        Raises:
            ValueError: an identifier or prefix that is not a name; nothing that could break out of an attribute is
                ever written.
        """
        name = _checked(ident, _NAME)
        timestamp = _TIMESTAMP % (name, utc_text(created).encode(), utc_text(created + lifetime).encode())
        pieces = [self._method]
        for part in parts:
            inclusive = b""
            if part.prefixes:
                inclusive = _INCLUSIVE % b" ".join([_checked(prefix, _PREFIX) for prefix in part.prefixes])
            pieces.append(_REFERENCE % (_checked(part.id, _NAME), inclusive, _base64(part.sha256)))
        pieces.append(_REFERENCE % (b"TS-" + name, b"", _base64(hashlib.sha256(timestamp).digest())))
        pieces.append(b"</ds:SignedInfo>")
        signed_info = b"".join(pieces)
        return b"".join(
            (
                _OPENING if actor is None else _opening(version, actor),
                self._token % name,
                timestamp,
                _SIGNATURE % name,
                signed_info,
                b"<ds:SignatureValue>",
                _base64(self._key.sign(signed_info)),
                _KEY_INFO % name,
            )
        )


@frozen
class Hosted:
    """A member's key that the bus keeps for it, with the SHA-256 of its certificate."""

    signer: Signer
    certificate: bytes


def _base64(octets: bytes) -> bytes:
    return binascii.b2a_base64(octets, newline=False)


def _opening(version: SoapVersion, actor: str) -> bytes:
    return (
        f'<wsse:Security xmlns:wsse="{WSSE}" xmlns:soap="{version.value}" soap:{_ROLE[version]}={quoteattr(actor)}>'
    ).encode()


def _checked(name: str, form: re.Pattern[str]) -> bytes:
    if not form.fullmatch(name):
        raise ValueError(f"{name[:80]!r} is not an identifier or prefix that can be signed")
    return name.encode()
