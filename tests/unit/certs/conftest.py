"""Test certificates, and messages signed by a second, independent implementation (lxml's C14N and ``cryptography``)."""

import base64
import datetime
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from lxml import etree

from esb.certs.index import build_index
from esb.certs.keys import FileKey, generate_key
from esb.certs.sign import Signer
from esb.kernel import namespaces as ns
from esb.kernel.directory import CertificateIndex, CertificateUse, KnownCertificate
from esb.kernel.soap import Envelope, SoapVersion, open_envelope
from esb.kernel.xml import XmlLimits, parse_message

HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
DIGESTS = {ns.SHA256: hashlib.sha256, ns.SHA384: hashlib.sha384, ns.SHA512: hashlib.sha512}


@dataclass(frozen=True)
class Identity:
    """A key, its certificate, and the registry's view of it."""

    kind: str
    key: FileKey
    certificate: x509.Certificate
    known: KnownCertificate

    @property
    def der(self) -> bytes:
        return self.known.der

    @property
    def token(self) -> str:
        return base64.b64encode(self.der).decode()

    @property
    def signer(self) -> Signer:
        return Signer(self.key, self.certificate)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def ski(self) -> bytes:
        extension = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        return extension.value.digest


@cache
def _identity(kind: str, name: str) -> Identity:
    key = FileKey(generate_key(kind))
    issuer = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "AZ"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test, Inc. \u018f"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Issuer of {name}"),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} {kind}")]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2049, 1, 1, tzinfo=datetime.UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key.private_key, None if kind == "ed25519" else hashes.SHA256())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    known = KnownCertificate(
        sha256=hashlib.sha256(der).digest(),
        der=der,
        owner=name,
        use=CertificateUse.SIGNING,
        key=certificate.public_key(),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=certificate.serial_number,
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
    )
    return Identity(kind, key, certificate, known)


KEY_INFO = (
    f'<ds:KeyInfo><wsse:SecurityTokenReference wsu:Id="str"><wsse:Reference URI="#token" ValueType="{ns.X509_V3}"/>'
    "</wsse:SecurityTokenReference></ds:KeyInfo>"
)
TOKEN = (
    f'<wsse:BinarySecurityToken wsu:Id="token" ValueType="{ns.X509_V3}" EncodingType="{ns.BASE64_BINARY}">'
    "%s</wsse:BinarySecurityToken>"
)
TIMESTAMP = (
    '<wsu:Timestamp wsu:Id="time"><wsu:Created>2026-01-01T00:00:00Z</wsu:Created>'
    "<wsu:Expires>2026-01-01T00:05:00Z</wsu:Expires></wsu:Timestamp>"
)
BODY = '<soap:Body wsu:Id="body"><q:Ask xmlns:q="urn:q"><q:fin>5ABCDE1</q:fin></q:Ask></soap:Body>'


class Forge:
    """Writes messages as text, with every part open to change, and signs whatever they then say."""

    key_info = KEY_INFO
    token = TOKEN
    timestamp = TIMESTAMP
    body = BODY

    def reference(self, identifier: str, inside: str = "", digest: str = ns.SHA256) -> str:
        return (
            f'<ds:Reference URI="#{identifier}"><ds:Transforms><ds:Transform Algorithm="{ns.EXC_C14N}">{inside}'
            f'</ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue/></ds:Reference>'
        )

    def text(
        self,
        identity: Identity,
        *,
        algorithm: str | None = None,
        references: str | None = None,
        key_info: str = KEY_INFO,
        tokens: str | None = None,
        blocks: str = "",
        body: str = BODY,
        version: SoapVersion = SoapVersion.V11,
    ) -> str:
        """An unsigned message: DigestValue and SignatureValue are empty."""
        if references is None:
            references = self.reference("body") + self.reference("time")
        if tokens is None:
            tokens = TOKEN % identity.token
        return (
            f'<soap:Envelope xmlns:soap="{version.value}" xmlns:wsse="{ns.WSSE}" xmlns:wsu="{ns.WSU}" '
            f'xmlns:ds="{ns.DS}" xmlns:ec="{ns.EXC_C14N}"><soap:Header><wsse:Security>{tokens}{TIMESTAMP}'
            f'<ds:Signature><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{ns.EXC_C14N}"/>'
            f'<ds:SignatureMethod Algorithm="{algorithm or identity.key.algorithm}"/>{references}</ds:SignedInfo>'
            f"<ds:SignatureValue/>{key_info}</ds:Signature></wsse:Security>{blocks}</soap:Header>{body}</soap:Envelope>"
        )

    def complete(self, text: str, identity: Identity) -> bytes:
        """Fill in every empty DigestValue and SignatureValue, as a tool without a profile of ours would."""
        root = etree.fromstring(text.encode())
        for reference in root.iter(f"{{{ns.DS}}}Reference"):
            value = reference.find(f"{{{ns.DS}}}DigestValue")
            method = reference.find(f"{{{ns.DS}}}DigestMethod")
            wanted = reference.get("URI", "")[1:]
            found = [e for e in root.iter("*") if wanted in (e.get(f"{{{ns.WSU}}}Id"), e.get("Id"))]
            if value is None or value.text or method is None:
                continue
            # where a test gives one identifier to several elements, the part that should be signed is signed
            found.sort(key=lambda e: not str(e.tag).endswith(("}Body", "}Timestamp")))
            octets = self.c14n(found[0], reference.find(f"{{{ns.DS}}}Transforms")) if found else b""
            digest = DIGESTS.get(method.get("Algorithm"), hashlib.sha256)
            value.text = base64.b64encode(digest(octets).digest()).decode()
        for signature in root.iter(f"{{{ns.DS}}}Signature"):
            signed_info = signature.find(f"{{{ns.DS}}}SignedInfo")
            place = signature.find(f"{{{ns.DS}}}SignatureValue")
            method = None if signed_info is None else signed_info.find(f"{{{ns.DS}}}SignatureMethod")
            if place is None or place.text or method is None:
                continue
            octets = self.c14n(signed_info, signed_info.find(f"{{{ns.DS}}}CanonicalizationMethod"))
            place.text = base64.b64encode(self.value(identity, method.get("Algorithm"), octets)).decode()
        return etree.tostring(root)

    def c14n(self, element: Any, method: Any) -> bytes:
        inclusive = None if method is None else method.find(f".//{{{ns.EXC_C14N}}}InclusiveNamespaces")
        prefixes = None if inclusive is None else inclusive.get("PrefixList", "").split()
        return etree.tostring(
            element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes
        )

    def value(self, identity: Identity, algorithm: str, octets: bytes) -> bytes:
        key: Any = identity.key.private_key
        if identity.kind == "ed25519":
            return key.sign(octets)
        name = next((name for name in HASHES if name in algorithm), "sha256")
        if isinstance(key, ec.EllipticCurvePrivateKey):
            size = key.key_size // 8
            r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(HASHES[name])))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        if "MGF1" in algorithm or algorithm == ns.RSA_PSS:
            scheme: Any = padding.PSS(padding.MGF1(HASHES[name]), HASHES[name].digest_size)
        else:
            scheme = padding.PKCS1v15()
        return key.sign(octets, scheme, HASHES[name])

    def envelope(self, message: bytes) -> Envelope:
        return open_envelope(parse_message(message, XmlLimits()))


@pytest.fixture(scope="session")
def identity() -> Callable[..., Identity]:
    """Gives the identity of a kind of key, made once per session."""
    return lambda kind="p256", name="DIN": _identity(kind, name)


@pytest.fixture(scope="session")
def index(identity: Callable[..., Identity]) -> CertificateIndex:
    """Every kind of key, registered to DIN."""
    return build_index([identity(kind).known for kind in ("p256", "p384", "ed25519", "rsa2048", "rsa3072")])


@pytest.fixture(scope="session")
def forge() -> Forge:
    return Forge()
