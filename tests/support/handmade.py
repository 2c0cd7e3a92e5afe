"""Envelopes signed by hand, with every choice open: what is signed, by which algorithms, in which structure.

An implementation apart from the bus's: lxml's C14N, hashlib, hmac and ``cryptography``, nothing of ``esb.certs``.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from esb.kernel.soap import SoapVersion
from support.client import GET_PERSON, NS, WSU_ID, Consumer

EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
SHA1: Final = "http://www.w3.org/2000/09/xmldsig#sha1"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
ECDSA_SHA1: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"
ECDSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
RSA_SHA1: Final = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
HMAC_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
_TOKEN: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
_BASE64: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_DIGESTS: Final = {SHA1: hashlib.sha1, SHA256: hashlib.sha256}


@dataclass(frozen=True)
class Choices:
    """How to sign.  ``sign`` are local names of what is signed: Body, Timestamp, and header blocks by their own."""

    sign: tuple[str, ...] = ("Body", "Timestamp")
    signature: str = ECDSA_SHA256
    digest: str = SHA256
    c14n: str = EXCLUSIVE
    transform: str = EXCLUSIVE
    timestamp: bool = True
    security: bool = True
    actor: str | None = None
    root: str = ""  # attributes and namespace declarations of the Envelope


def instant(at: float) -> str:
    """Unix seconds as xs:dateTime in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03d}Z"


def unsigned(body: bytes = GET_PERSON, version: SoapVersion = SoapVersion.V11, headers: Sequence[bytes] = ()) -> bytes:
    """A plain envelope without any Security header."""
    return b'<S:Envelope xmlns:S="%s"><S:Header>%s</S:Header><S:Body>%s</S:Body></S:Envelope>' % (
        version.value.encode(),
        b"".join(headers),
        body,
    )


def handmade(
    consumer: Consumer,
    body: bytes = GET_PERSON,
    version: SoapVersion = SoapVersion.V11,
    headers: Sequence[bytes] = (),
    choices: Choices = Choices(),
    created: float | None = None,
    expires: float | None = None,
    change: Callable[[Any], None] | None = None,
) -> bytes:
    """Sign an envelope by hand.

    Args:
        headers: header blocks; one whose local name stands in ``choices.sign`` is signed.
        change: alters the parsed envelope after signing: for tampering.
    """
    now = time.time() if created is None else created
    root = etree.fromstring(envelope(consumer, body, version, headers, choices, now, expires))
    signature = root.find(".//ds:Signature", NS)
    if signature is not None:
        complete(root, signature, consumer, choices)
    if change is not None:
        change(root)
    return etree.tostring(root)


def envelope(
    consumer: Consumer,
    body: bytes,
    version: SoapVersion,
    headers: Sequence[bytes],
    choices: Choices,
    created: float,
    expires: float | None,
) -> bytes:
    """The envelope before it is signed: a Signature without references, digests and value."""
    assert consumer.certificate is not None
    token = base64.b64encode(consumer.certificate.public_bytes(Encoding.DER)).decode()
    until = created + 300 if expires is None else expires
    ident = secrets.token_hex(6)
    stamp = (
        f'<wsu:Timestamp wsu:Id="TS-{ident}"><wsu:Created>{instant(created)}</wsu:Created>'
        f"<wsu:Expires>{instant(until)}</wsu:Expires></wsu:Timestamp>"
        if choices.timestamp
        else ""
    )
    actor = "" if choices.actor is None else f' S:{"actor" if version is SoapVersion.V11 else "role"}="{choices.actor}"'
    security = (
        f'<wsse:Security{actor}><wsse:BinarySecurityToken EncodingType="{_BASE64}" ValueType="{_TOKEN}" '
        f'wsu:Id="X509-{ident}">{token}</wsse:BinarySecurityToken>{stamp}'
        f'<ds:Signature><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{choices.c14n}"/>'
        f'<ds:SignatureMethod Algorithm="{choices.signature}"/></ds:SignedInfo><ds:SignatureValue/>'
        f'<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI="#X509-{ident}" ValueType="{_TOKEN}"/>'
        f"</wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature></wsse:Security>"
        if choices.security
        else ""
    )
    return (
        f'<S:Envelope xmlns:S="{version.value}" xmlns:wsse="{NS["wsse"]}" xmlns:wsu="{NS["wsu"]}" '
        f'xmlns:ds="{NS["ds"]}" {choices.root}><S:Header>{security}'.encode()
        + b"".join(headers)
        + f'</S:Header><S:Body wsu:Id="B-{ident}">'.encode()
        + body
        + b"</S:Body></S:Envelope>"
    )


def complete(root: Any, signature: Any, consumer: Consumer, choices: Choices) -> None:
    """Add a reference to each part chosen, and sign."""
    info = signature[0]
    for name in choices.sign:
        target = next(
            element
            for element in (*root, *root[0], *root[0].iterfind("wsse:Security/*", NS))
            if etree.QName(element).localname == name
        )
        if target.get(WSU_ID) is None:
            target.set(WSU_ID, f"P-{secrets.token_hex(6)}")
        add_reference(info, target, choices)
    _value(signature, consumer, choices)


def add_reference(info: Any, target: Any, choices: Choices) -> None:
    """Append a reference to an element that has a wsu:Id."""
    reference = etree.SubElement(info, f"{{{NS['ds']}}}Reference", URI="#" + target.get(WSU_ID))
    transforms = etree.SubElement(reference, f"{{{NS['ds']}}}Transforms")
    etree.SubElement(transforms, f"{{{NS['ds']}}}Transform", Algorithm=choices.transform)
    etree.SubElement(reference, f"{{{NS['ds']}}}DigestMethod", Algorithm=choices.digest)
    value = etree.SubElement(reference, f"{{{NS['ds']}}}DigestValue")
    value.text = base64.b64encode(_DIGESTS[choices.digest](canonical(target, choices.transform)).digest()).decode()


def _value(signature: Any, consumer: Consumer, choices: Choices) -> None:
    octets = canonical(signature[0], choices.c14n)
    signature[1].text = base64.b64encode(_signed(octets, consumer, choices.signature)).decode()


def canonical(element: Any, algorithm: str = EXCLUSIVE) -> bytes:
    """An element's canonical octets."""
    return etree.tostring(element, method="c14n", exclusive=algorithm == EXCLUSIVE, with_comments=False)


def _signed(octets: bytes, consumer: Consumer, algorithm: str) -> bytes:
    assert consumer.certificate is not None
    if algorithm == HMAC_SHA256:
        # The classic confusion: the public certificate as the secret.
        return hmac.digest(consumer.certificate.public_bytes(Encoding.DER), octets, "sha256")
    digest: hashes.HashAlgorithm = hashes.SHA1() if algorithm in {ECDSA_SHA1, RSA_SHA1} else hashes.SHA256()
    key = consumer.key
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(digest)))
        size = (key.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.sign(octets, padding.PKCS1v15(), digest)


def self_signed(key: Any, name: str, now: float) -> x509.Certificate:
    """A certificate that nobody vouches for, good for signing in all else."""
    import datetime

    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begin = datetime.datetime.fromtimestamp(now - 60, datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
