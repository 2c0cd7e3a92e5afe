"""Signatures on documents that outlive their exchange: XAdES baseline B-B (ETSI EN 319 132-1), enveloped in the root.

The signature is made and computed by signxml.  What it may look like is decided here, before signxml is asked: one
signature, at one place, over the whole root, with every identifier there once.  So nothing can be moved aside and
something else shown in its stead; and only the element that comes back from :func:`verify_document` is to be believed.
Whether the signer is to be believed is not judged here (:mod:`esb.certs.chain`, :mod:`esb.certs.crl`).

Messages have a profile of their own (:mod:`esb.certs.verify`), which is faster and narrower.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.xades.xades import XAdESDataObjectFormat, XAdESSignatureConfiguration, XAdESSigner, XAdESVerifier

from esb.certs.der import MALFORMED
from esb.certs.keys import KeyUnusable, SigningKey
from esb.kernel import namespaces as ns
from esb.kernel.faults import EsbError
from esb.kernel.xml import Element

_XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
_SIGNED_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"
_C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_METHODS: Final = frozenset(
    {SignatureMethod(uri) for uri in (ns.RSA_SHA256, ns.RSA_SHA384, ns.RSA_SHA512, ns.ECDSA_SHA256)}
    | {SignatureMethod(uri) for uri in (ns.ECDSA_SHA384, ns.ECDSA_SHA512)}
)
_MOST_CERTIFICATES: Final = 6


class SignatureMisplaced(EsbError):
    """A document's signature is missing, or not of the one form that is believed; the text says what is odd."""


class DocumentTampered(EsbError):
    """A document is not what was signed, or its signature is not by the certificate that it carries."""


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """What a signature proves, apart from whether the signer is to be believed.

    Attributes:
        element: the root as it was signed, without the signature.  Nothing else of the document is to be shown.
        certificate: the signer's, which the signature itself names by its digest.
        chain: the certificates that came with it; they prove nothing by being there.
        signed_at: when the signer says that it signed (Unix seconds).
    """

    element: Element
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    signed_at: float


class _Signer(XAdESSigner):
    """signxml's signer, told the time."""

    def __init__(self, now: float, **settings: Any) -> None:
        self._now = now
        super().__init__(**settings)

    def add_signing_time(self, signed_signature_properties: Element, sig_root: Element, signing_settings: Any) -> None:
        """Write xades:SigningTime."""
        time = etree.SubElement(signed_signature_properties, f"{{{_XADES}}}SigningTime")
        time.text = f"{datetime.fromtimestamp(int(self._now), UTC):%Y-%m-%dT%H:%M:%SZ}"


class _Key:
    """A :class:`SigningKey`, wherever it lies, as signxml asks for one."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self.key_size = getattr(key.public_key(), "key_size", 0)

    def sign(self, data: bytes, *_: object, **__: object) -> bytes:
        """Sign as ``cryptography`` would: ECDSA in DER."""
        value = self._key.sign(data)
        if not isinstance(self._key.public_key(), ec.EllipticCurvePublicKey):
            return value
        half = len(value) // 2
        return encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))


def sign_document(root: Element, key: SigningKey, chain: Sequence[x509.Certificate], now: float) -> bytes:
    """Return the document with a signature as the last child of its root, in UTF-8.

    Args:
        root: the root of a document, with an attribute Id; it is not changed.
        chain: the certificate of ``key``, and those of the authorities above it.
        now: Unix seconds; the signing time, to the second.

    Raises:
        KeyUnusable: the key is of a kind that XAdES has no algorithm for.
    """
    try:
        method = SignatureMethod(key.algorithm)
    except ValueError:
        raise KeyUnusable(
            "documents are signed with RSA or ECDSA keys only: name such a key, and its certificate, in [extracts]"
        ) from None
    signer = _Signer(
        now,
        signature_algorithm=method,
        digest_algorithm=DigestAlgorithm.SHA256,
        # The references that have no transforms are canonicalized inclusively whatever stands here; so all are.
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
        data_object_format=XAdESDataObjectFormat(Description="", MimeType="text/xml"),
    )
    signed = signer.sign(
        root,
        key=cast(Any, _Key(key)),
        cert=list(chain),
        reference_uri=f"#{root.get('Id')}",
        id_attribute="Id",
        always_add_key_value=False,
    )
    octets: bytes = etree.tostring(signed, xml_declaration=True, encoding="UTF-8")
    return octets


def verify_document(root: Element) -> SignedDocument:
    """Verify the signature of a document that :func:`esb.kernel.xml.parse_message` has parsed.

    Raises:
        SignatureMisplaced: it is not of the one form that is believed.
        DocumentTampered: the document was changed since, or the signature is by another key.
    """
    signature = _signature(root)
    certificates = _certificates(signature)
    _check_references(root, signature)
    expected = XAdESSignatureConfiguration(
        location="./",
        signature_methods=_METHODS,
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
        # Its validity is judged apart from this, so that expired is told from tampered.
        verification_time=certificates[0].not_valid_before_utc,
    )
    try:
        results = XAdESVerifier().verify(root, x509_cert=certificates[0], expect_config=expected, id_attribute="Id")
    except (SignXMLException, InvalidSignature, ValueError, TypeError, AttributeError, KeyError) as error:
        # Without its text, which may quote the document.
        raise DocumentTampered(
            "the document is not what was signed: something in it was changed after it was signed "
            f"({type(error).__name__})"
        ) from error
    signed = results[0].signed_xml
    if signed is None or signed.tag != root.tag or signed.get("Id") != root.get("Id"):
        raise DocumentTampered("the signature is over something else than this document")
    return SignedDocument(signed, certificates[0], certificates[1:], _signed_at(results))


def _signature(root: Element) -> Element:
    """The one signature, after looking that it is the only one and that no identifier stands there twice."""
    found = list(root.iter(f"{{{ns.DS}}}Signature"))
    if not found:
        raise SignatureMisplaced("the document has no signature")
    if len(found) > 1 or found[0].getparent() is not root or found[0].getnext() is not None:
        raise SignatureMisplaced("the document's one signature must be the last thing in it, and there no other")
    seen: set[str] = set()
    for element in root.iter(etree.Element):
        for name, value in element.items():
            if str(name).rpartition("}")[2].lower() == "id":
                if value in seen:
                    raise SignatureMisplaced("an identifier stands in the document twice, so it names nothing")
                seen.add(str(value))
    return found[0]


def _check_references(root: Element, signature: Element) -> None:
    """The signature is over the whole root, its own properties and its certificates, by the usual means alone."""
    if _names(signature) != ["SignedInfo", "SignatureValue", "KeyInfo", "Object"]:
        raise SignatureMisplaced("the signature has other parts than a document's has")
    info, _, key_info, holder = signature
    properties = holder.find(f"{{{_XADES}}}QualifyingProperties/{{{_XADES}}}SignedProperties")
    if (
        len(holder) != 1
        or properties is None
        or len(holder[0]) != 1
        or holder[0].get("Target") != f"#{signature.get('Id')}"
    ):
        raise SignatureMisplaced("the signature has no signed properties, or something beside them")
    method, *_, last = info
    if method.get("Algorithm") != _C14N or len(method):
        raise SignatureMisplaced("the signature is canonicalized in a way that is not used here")
    if _names(info) != ["CanonicalizationMethod", "SignatureMethod", "Reference", "Reference", "Reference"]:
        raise SignatureMisplaced("the signature has not the three references that a document's has")
    document, own, certificates = (*info[2:4], last)
    transforms = [
        (one.get("Algorithm"), len(one)) for one in document.iterfind(f"{{{ns.DS}}}Transforms/{{{ns.DS}}}Transform")
    ]
    if transforms != [(ns.ENVELOPED_SIGNATURE, 0), (_C14N, 0)] or any(
        reference.find(f"{{{ns.DS}}}Transforms") is not None for reference in (own, certificates)
    ):
        raise SignatureMisplaced("a part of the document is transformed in a way that is not used here")
    for reference, target in ((document, root), (own, properties), (certificates, key_info)):
        identifier = target.get("Id")
        if not identifier or reference.get("URI") != f"#{identifier}":
            raise SignatureMisplaced("the signature is over other parts than the whole document")
    if own.get("Type") != _SIGNED_PROPERTIES:
        raise SignatureMisplaced("the signature does not say which of its references is to its properties")


def _names(element: Element) -> list[str]:
    prefix = f"{{{ns.DS}}}"
    return [str(child.tag).removeprefix(prefix) for child in element]


def _certificates(signature: Element) -> tuple[x509.Certificate, ...]:
    key_info = signature.find(f"{{{ns.DS}}}KeyInfo")
    if key_info is None or _names(key_info) != ["X509Data"] or set(_names(key_info[0])) != {"X509Certificate"}:
        raise SignatureMisplaced("the signature does not carry its signer's certificate, or something beside it")
    if len(key_info[0]) > _MOST_CERTIFICATES:
        raise SignatureMisplaced(f"the signature carries more than {_MOST_CERTIFICATES} certificates")
    return tuple(_read_certificates(key_info[0]))


def _read_certificates(data: Element) -> Iterator[x509.Certificate]:
    for one in data:
        try:
            yield x509.load_der_x509_certificate(base64.b64decode("".join((one.text or "").split()), validate=True))
        except (binascii.Error, *MALFORMED):
            raise SignatureMisplaced("a certificate in the signature cannot be read") from None


def _signed_at(results: Sequence[Any]) -> float:
    """The signing time, out of the properties that the verifier found signed."""
    for result in results:
        if result.signed_xml is not None and result.signed_xml.tag == f"{{{_XADES}}}SignedProperties":
            text = result.signed_xml.findtext(f"{{{_XADES}}}SignedSignatureProperties/{{{_XADES}}}SigningTime")
            try:
                read = datetime.fromisoformat(text or "")
            except ValueError:
                break
            if read.tzinfo is not None:
                return read.timestamp()
    raise SignatureMisplaced("the signature does not say when it was made, in a time with its zone")
