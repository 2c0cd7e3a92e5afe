"""The signature of an ASiC-E container: XAdES baseline B-B over files (ETSI EN 319 162-1, clause 4.4.3; EN 319 132-1).

One ``ds:Signature`` in ``META-INF/signatures0.xml`` has a reference to every file, by its SHA-256, and one to its own
properties: when, by whom, and of which media type each file is.  It is written in one form, to the octet, and read by
writing it again: whatever is not what :func:`sign_files` would write is refused before anything is believed.  So there
is no second element, no transform and no spelling in which something else could be shown than what was signed.

SignedInfo and SignedProperties stand in the document as their own exclusive canonical forms (see
:mod:`esb.certs.sign`), so that any verifier of XML signatures comes to the same octets.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.certs.der import MALFORMED
from esb.certs.keys import SigningKey
from esb.certs.profile import SIGNATURES
from esb.certs.value import check_key, verify_value
from esb.kernel import namespaces as ns
from esb.kernel.faults import EsbError, Refusal
from esb.kernel.xml import Element, XmlLimits, parse_message

MOST_FILES: Final = 4_096
"""Files that one signature covers."""

_ASIC: Final = "http://uri.etsi.org/02918/v1.2.1#"
_XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"
_MOST_CERTIFICATES: Final = 6
_LIMITS: Final = XmlLimits(max_bytes=4 * 1024 * 1024, max_elements=12 * MOST_FILES, max_depth=16)
# Names that need no escaping in a URI, and media types without parameters.
_NAME: Final = re.compile(r"(?!META-INF/)[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_MEDIA: Final = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,80}")
_LONGEST_NAME: Final = 200


class FilesTampered(EsbError):
    """A container's signature is not in its one form, or is not of the key and the files that it is said to be of."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is signed of a file: its media type, and the SHA-256 of its octets."""

    media: str
    sha256: bytes


@dataclass(frozen=True, slots=True)
class SignedFiles:
    """What a signature says, once it is verified; whether the signer is to be believed is not judged here.

    Attributes:
        files: what it says of each file, by name.  Whether a file is that one is for the caller to compare.
        certificate: the signer's.
        chain: certificates that came with it; they prove nothing by being there.
        signed_at: when the signer says that it signed (Unix seconds).
    """

    files: Mapping[str, FileFacts]
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    signed_at: float


def facts_of(content: bytes, media: str) -> FileFacts:
    """What is signed of a file with this content."""
    return FileFacts(media, hashlib.sha256(content).digest())


def is_file_name(name: str) -> bool:
    """Whether a file may be called so in a container: a relative path of plain letters that leads nowhere else."""
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None


def sign_files(files: Mapping[str, FileFacts], key: SigningKey, chain: Sequence[x509.Certificate], now: float) -> bytes:
    """Return the document ``META-INF/signatures0.xml`` over files.

    Args:
        files: by name, each as :func:`is_file_name` allows.
        chain: the certificate of ``key``, and those of the authorities above it.
        now: Unix seconds; the signing time, to the second.

    Raises:
        ValueError: a name or media type that cannot be written, or too many files or certificates.
    """
    certificates = [one.public_bytes(Encoding.DER) for one in chain]
    info, write = _form(files, key.algorithm, certificates, int(now))
    return write(key.sign(info))


def verify_files(octets: bytes) -> SignedFiles:
    """Verify a signature document.

    Raises:
        FilesTampered: see the class.
    """
    try:
        files, algorithm, value, certificates, signed_at = _read(octets)
        info, write = _form(files, algorithm, certificates, signed_at)
        same = write(value) == octets
        chain = tuple(x509.load_der_x509_certificate(one) for one in certificates)
    except (Refusal, ValueError, binascii.Error, *MALFORMED) as error:
        raise FilesTampered(f"the container's signature cannot be read as one ({type(error).__name__})") from None
    if not same:
        raise FilesTampered("the container's signature is not in the one form in which it is written")
    try:
        known, own = SIGNATURES[algorithm], chain[0].public_key()
        check_key(known, own)
        verify_value(known, own, value, info)
    except (Refusal, KeyError, *MALFORMED):
        raise FilesTampered(
            "the container's signature is not by the key of its certificate, or it was altered"
        ) from None
    return SignedFiles(files, chain[0], chain[1:], float(signed_at))


def _form(
    files: Mapping[str, FileFacts], algorithm: str, certificates: Sequence[bytes], at: int
) -> tuple[bytes, Callable[[bytes], bytes]]:
    """The canonical SignedInfo, and what puts the document together once the value is known."""
    if not 0 < len(files) <= MOST_FILES or not 0 < len(certificates) <= _MOST_CERTIFICATES:
        raise ValueError("a container holds some files and its signature some certificates, and not too many")
    for name, facts in files.items():
        if not is_file_name(name) or not _MEDIA.fullmatch(facts.media):
            raise ValueError(f"{name[:80]!r} is not a name, or its media type is none, that a container may hold")
    if algorithm not in SIGNATURES:
        raise ValueError("the signature's algorithm is none of the profile")
    names = sorted(files)
    properties = _properties(files, names, certificates[0], at)
    references = "".join(
        f'<ds:Reference Id="S0-R{number}" URI="{name}">{_digest(files[name].sha256)}</ds:Reference>'
        for number, name in enumerate(names)
    )
    info = (
        f'<ds:SignedInfo xmlns:ds="{ns.DS}">'
        f'<ds:CanonicalizationMethod Algorithm="{ns.EXC_C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{algorithm}"></ds:SignatureMethod>{references}'
        f'<ds:Reference Type="{_PROPERTIES}" URI="#S0-P">'
        f'<ds:Transforms><ds:Transform Algorithm="{ns.EXC_C14N}"></ds:Transform></ds:Transforms>'
        f"{_digest(hashlib.sha256(properties.encode()).digest())}</ds:Reference></ds:SignedInfo>"
    )
    held = "".join(f"<ds:X509Certificate>{_base64(one)}</ds:X509Certificate>" for one in certificates)

    def write(value: bytes) -> bytes:
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<asic:XAdESSignatures xmlns:asic="{_ASIC}"><ds:Signature xmlns:ds="{ns.DS}" Id="S0">{info}'
            f'<ds:SignatureValue Id="S0-V">{_base64(value)}</ds:SignatureValue>'
            f"<ds:KeyInfo><ds:X509Data>{held}</ds:X509Data></ds:KeyInfo>"
            f'<ds:Object><xades:QualifyingProperties xmlns:xades="{_XADES}" Target="#S0">{properties}'
            "</xades:QualifyingProperties></ds:Object></ds:Signature></asic:XAdESSignatures>\n"
        ).encode()

    return info.encode(), write


def _properties(files: Mapping[str, FileFacts], names: Sequence[str], certificate: bytes, at: int) -> str:
    formats = "".join(
        f'<xades:DataObjectFormat ObjectReference="#S0-R{number}"><xades:MimeType>{files[name].media}</xades:MimeType>'
        "</xades:DataObjectFormat>"
        for number, name in enumerate(names)
    )
    time = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = _digest(hashlib.sha256(certificate).digest(), f' xmlns:ds="{ns.DS}"')
    return (
        f'<xades:SignedProperties xmlns:xades="{_XADES}" Id="S0-P"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{time}</xades:SigningTime><xades:SigningCertificateV2><xades:Cert><xades:CertDigest>"
        f"{digest}</xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>"
        f"<xades:SignedDataObjectProperties>{formats}</xades:SignedDataObjectProperties></xades:SignedProperties>"
    )


def _read(octets: bytes) -> tuple[dict[str, FileFacts], str, bytes, list[bytes], int]:
    """Take the values out of a document; whether they stand where they should is found by writing it again."""
    root = parse_message(octets, _LIMITS)
    media = [_text(one) for one in root.iter(f"{{{_XADES}}}MimeType")]
    references = [one for one in root.iter(f"{{{ns.DS}}}Reference") if one.get("Type") is None]
    if len(media) != len(references) or len({one.get("URI") for one in references}) != len(references):
        raise ValueError("a file is named twice, or has no media type")
    files = {
        str(reference.get("URI")): FileFacts(kind, _octets(_one(reference, ns.DS, "DigestValue")))
        for reference, kind in zip(references, media, strict=True)
    }
    method = _one(root, ns.DS, "SignatureMethod").get("Algorithm") or ""
    value = _octets(_one(root, ns.DS, "SignatureValue"))
    certificates = [_octets(one) for one in root.iter(f"{{{ns.DS}}}X509Certificate")]
    time = datetime.strptime(_text(_one(root, _XADES, "SigningTime")), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return files, method, value, certificates, int(time.timestamp())


def _one(parent: Element, uri: str, local: str) -> Element:
    found = list(parent.iter(f"{{{uri}}}{local}"))
    if len(found) != 1:
        raise ValueError(f"there is not one {local}")
    return found[0]


def _text(element: Element) -> str:
    return element.text or ""


def _octets(element: Element) -> bytes:
    return base64.b64decode(_text(element), validate=True)


def _digest(value: bytes, declared: str = "") -> str:
    return (
        f'<ds:DigestMethod{declared} Algorithm="{ns.SHA256}"></ds:DigestMethod>'
        f"<ds:DigestValue{declared}>{_base64(value)}</ds:DigestValue>"
    )


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
