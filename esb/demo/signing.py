"""WS-Security signatures by libxmlsec: how an agency that has never heard of the bus would sign and check.

Nothing of the bus's own signature code is used here, so that each side is judged by the other.
"""

import base64
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from esb.kernel.namespaces import BASE64_BINARY, DS, WSSE, WSU, X509_V3
from esb.kernel.xml import Element

_LIFETIME: Final = timedelta(minutes=5)
_WSU_ID: Final = f"{{{WSU}}}Id"
NAMESPACES: Final = {"wsse": WSSE, "wsu": WSU, "ds": DS}


@dataclass(frozen=True)
class Identity:
    """A member's key and certificate, both PEM."""

    code: str
    key: bytes = field(repr=False)
    certificate: bytes

    @cached_property
    def x509(self) -> x509.Certificate:
        """The certificate, read."""
        return x509.load_pem_x509_certificate(self.certificate)

    @cached_property
    def token(self) -> str:
        """The certificate as a BinarySecurityToken holds it."""
        return base64.b64encode(self.x509.public_bytes(Encoding.DER)).decode()

    @property
    def method(self) -> Any:
        """The signature algorithm that fits the key: ECDSA or RSA PKCS#1 v1.5, with SHA-256."""
        elliptic = isinstance(self.x509.public_key(), ec.EllipticCurvePublicKey)
        return xmlsec.constants.TransformEcdsaSha256 if elliptic else xmlsec.constants.TransformRsaSha256

    @cached_property
    def signer(self) -> Any:
        """The private key as libxmlsec keeps it: read once, for an RSA key takes its time."""
        return xmlsec.Key.from_memory(self.key, xmlsec.constants.KeyDataFormatPem)


def read_identity(folder: Path, code: str) -> Identity:
    """The identity that lies in a folder as CODE.key and CODE.pem."""
    return Identity(code, (folder / f"{code}.key").read_bytes(), (folder / f"{code}.pem").read_bytes())


def sign_envelope(
    envelope: Element, identity: Identity, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> None:
    """Give an envelope a wsse:Security header whose signature covers Body, Timestamp and every header block."""
    soap = etree.QName(envelope).namespace
    body = envelope.find(f"{{{soap}}}Body")
    header = envelope.find(f"{{{soap}}}Header")
    if body is None:
        raise ValueError("an envelope without a Body cannot be signed")
    if header is None:
        header = etree.Element(f"{{{soap}}}Header")
        envelope.insert(0, header)
    blocks = list(header)
    ident = secrets.token_hex(8)
    security = etree.SubElement(header, f"{{{WSSE}}}Security", nsmap={"wsse": WSSE, "wsu": WSU})
    token = etree.SubElement(security, f"{{{WSSE}}}BinarySecurityToken")
    token.set("ValueType", X509_V3)
    token.set("EncodingType", BASE64_BINARY)
    token.set(_WSU_ID, f"token-{ident}")
    token.text = identity.token
    timestamp = _timestamp(security, now())
    parts = [body, timestamp, *blocks]
    signature = _template(envelope, identity, f"token-{ident}")
    security.append(signature)
    context = xmlsec.SignatureContext()
    for number, part in enumerate(parts):
        part.set(_WSU_ID, f"part{number}-{ident}")
        context.register_id(part, "Id", WSU)
        reference = xmlsec.template.add_reference(
            signature, xmlsec.constants.TransformSha256, uri=f"#part{number}-{ident}"
        )
        xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    context.key = identity.signer
    context.sign(signature)


def _timestamp(security: Element, now: datetime) -> Element:
    timestamp = etree.SubElement(security, f"{{{WSU}}}Timestamp")
    for local, at in (("Created", now), ("Expires", now + _LIFETIME)):
        etree.SubElement(timestamp, f"{{{WSU}}}{local}").text = at.isoformat(timespec="milliseconds").replace(
            "+00:00", "Z"
        )
    return timestamp


def _template(envelope: Element, identity: Identity, token: str) -> Element:
    signature: Element = xmlsec.template.create(envelope, xmlsec.constants.TransformExclC14N, identity.method, ns="ds")
    info = xmlsec.template.ensure_key_info(signature)
    reference = etree.SubElement(etree.SubElement(info, f"{{{WSSE}}}SecurityTokenReference"), f"{{{WSSE}}}Reference")
    reference.set("URI", f"#{token}")
    reference.set("ValueType", X509_V3)
    return signature


class OpinionError(Exception):
    """A signature does not hold, or does not cover what it should; the text says which."""


def check_signature(security: Element, certificate: bytes | None = None) -> tuple[Element, ...]:
    """Check the one signature in a wsse:Security header with libxmlsec.

    Args:
        certificate: PEM of the signer that is expected; None takes the token's own, which proves that the signature
            is whole and not who made it.

    Returns:
        The very elements that it covers, each found by the only wsu:Id of that value in the whole document.

    Raises:
        OpinionError: it does not hold, or an Id that it refers to stands twice or nowhere.
    """
    signatures = security.findall("ds:Signature", NAMESPACES)
    if len(signatures) != 1:
        raise OpinionError(f"the header holds {len(signatures)} signatures instead of one")
    signature = signatures[0]
    marked: dict[str, list[Element]] = {}
    for element in security.getroottree().getroot().iter(etree.Element):
        ident = element.get(_WSU_ID)
        if ident is not None:
            marked.setdefault(ident, []).append(element)
    covered = []
    context = xmlsec.SignatureContext()
    for reference in signature.findall("ds:SignedInfo/ds:Reference", NAMESPACES):
        found = marked.get((reference.get("URI") or "")[1:], [])
        if len(found) != 1:
            raise OpinionError(f"a reference leads to {len(found)} elements")
        context.register_id(found[0], "Id", WSU)
        covered.append(found[0])
    try:
        context.key = xmlsec.Key.from_memory(certificate or _token_pem(security), xmlsec.constants.KeyDataFormatCertPem)
        context.verify(signature)
    except xmlsec.Error as error:
        raise OpinionError("libxmlsec finds that the signature does not hold") from error
    return tuple(covered)


def _token_pem(security: Element) -> bytes:
    text = security.findtext("wsse:BinarySecurityToken", "", NAMESPACES)
    try:
        return x509.load_der_x509_certificate(base64.b64decode(text)).public_bytes(Encoding.PEM)
    except ValueError as error:
        raise OpinionError("the header holds no certificate") from error


def security_headers(envelope: Element) -> Sequence[Element]:
    """The wsse:Security headers of an envelope, in order."""
    soap = etree.QName(envelope).namespace
    return envelope.findall(f"{{{soap}}}Header/{{{WSSE}}}Security")
