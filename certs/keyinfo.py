"""Who a signature says it is by: ds:KeyInfo, resolved to a certificate that the registry knows.

A certificate carried in a message proves nothing and is not even read: its SHA-256 is looked up among those that are
registered, so no ASN.1 of a stranger's is ever parsed, and one trailing octet makes it unknown.  Nothing is fetched.

Lawful forms (WSS X.509 Token Profile 1.1, section 3.2): in a wsse:SecurityTokenReference a Reference to a token of the
same Security header, an Embedded token, a KeyIdentifier (subject key identifier, SHA-1 thumbprint, the certificate
itself) or a ds:X509Data; or a ds:X509Data that stands in KeyInfo directly, as tools that know only XML Signature write
it.  An X509Data may name its certificate several times over, as zeep's does; every name must be of the same one.  It
may also hold the certificate's chain (XML Signature 1.1, section 4.5.4): then exactly one of its certificates is
registered.
"""

import hashlib
from typing import Final

from esb.certs.names import issuer_key
from esb.certs.profile import SignatureLimits
from esb.certs.walk import check_attributes, children, from_base64, name_of, text_of
from esb.kernel import rules
from esb.kernel.directory import CertificateIndex, KnownCertificate
from esb.kernel.faults import Refusal
from esb.kernel.frozen import frozen
from esb.kernel.namespaces import (
    BASE64_BINARY,
    DS,
    THUMBPRINT_SHA1,
    WSSE,
    WSSE11,
    WSU,
    X509_PKI_PATH,
    X509_SKI,
    X509_V3,
)
from esb.kernel.xml import Element

_STR: Final = f"{{{WSSE}}}SecurityTokenReference"
_REFERENCE: Final = f"{{{WSSE}}}Reference"
_KEY_IDENTIFIER: Final = f"{{{WSSE}}}KeyIdentifier"
_EMBEDDED: Final = f"{{{WSSE}}}Embedded"
_TOKEN: Final = f"{{{WSSE}}}BinarySecurityToken"
_X509_DATA: Final = f"{{{DS}}}X509Data"
_ISSUER_SERIAL: Final = f"{{{DS}}}X509IssuerSerial"
_ISSUER_SERIAL_PARTS: Final = [f"{{{DS}}}X509IssuerName", f"{{{DS}}}X509SerialNumber"]
_X509_SKI: Final = f"{{{DS}}}X509SKI"
_X509_CERTIFICATE: Final = f"{{{DS}}}X509Certificate"
_X509_SUBJECT: Final = f"{{{DS}}}X509SubjectName"
_WSU_ID: Final = f"{{{WSU}}}Id"
_TOKEN_TYPE: Final = f"{{{WSSE11}}}TokenType"

_NO_ATTRIBUTES: Final[frozenset[str]] = frozenset()
_IDS: Final = frozenset({"Id", _WSU_ID})
_STR_ATTRIBUTES: Final = frozenset({"Id", _WSU_ID, "Usage", f"{{{WSSE}}}Usage", _TOKEN_TYPE})
_REFERENCE_ATTRIBUTES: Final = frozenset({"URI", "ValueType"})
_TYPED: Final = frozenset({"Id", _WSU_ID, "ValueType", "EncodingType"})
_TOKEN_TYPES: Final = frozenset({X509_V3, X509_PKI_PATH})
_IDENTIFIER_TEXT: Final = 256
_NAME_TEXT: Final = 4_096
_SERIAL_TEXT: Final = 64
_PATH_LENGTH: Final = 8
_REMEMBERED: Final = 4  # how many times longer than its certificate a token text may be


@frozen
class KeyReference:
    """What KeyInfo came to.

    Attributes:
        certificate: the registered certificate that it names.
        token: the BinarySecurityToken that it refers to, if any.
        reference: the wsse:SecurityTokenReference, None where X509Data stands alone.
    """

    certificate: KnownCertificate
    token: Element | None
    reference: Element | None


class KeyResolver:
    """Resolves ds:KeyInfo.  Remembers the digests of the token texts of registered certificates.

    The same few tokens come with every message; decoding and hashing one costs more than all the rest of this module.
    Only texts that led to a registered certificate are kept, so that a stranger cannot push them out; what is kept
    is a digest, so the index is asked each time and a change of the registry counts at once.
    """

    def __init__(self, limits: SignatureLimits) -> None:
        self._limits = limits
        self._digests: dict[tuple[str, str], bytes] = {}

    def resolve(self, key_info: Element, tokens: tuple[Element, ...], certificates: CertificateIndex) -> KeyReference:
        """Find the one certificate that a ds:KeyInfo refers to.

        Args:
            tokens: the BinarySecurityTokens of the same Security header; no other can be referred to.

        Raises:
            Refusal: SIG-12 (form), CRT-01 (no such certificate is registered), SIG-11 (too long).
        """
        check_attributes(key_info, _IDS, rules.SIG_KEY_INFO)
        inside = children(key_info, rules.SIG_KEY_INFO)
        if len(inside) != 1:
            raise Refusal(rules.SIG_KEY_INFO, "KeyInfo must refer to one certificate, once.")
        form = inside[0]
        if form.tag == _X509_DATA:
            return KeyReference(self._x509_data(form, certificates), None, None)
        if form.tag != _STR:
            raise _unlisted(form)
        check_attributes(form, _STR_ATTRIBUTES, rules.SIG_KEY_INFO)
        stated = form.get(_TOKEN_TYPE)
        if stated is not None and stated not in _TOKEN_TYPES:
            raise _wrong_type(form, stated)
        inside = children(form, rules.SIG_KEY_INFO)
        if len(inside) != 1:
            raise Refusal(rules.SIG_KEY_INFO, "A SecurityTokenReference must refer to one token, once.")
        target = inside[0]
        if target.tag == _REFERENCE:
            token = _referred(target, tokens)
            return KeyReference(self._token(token, certificates), token, form)
        if target.tag == _KEY_IDENTIFIER:
            return KeyReference(self._key_identifier(target, certificates), None, form)
        if target.tag == _X509_DATA:
            return KeyReference(self._x509_data(target, certificates), None, form)
        if target.tag == _EMBEDDED:
            inside = children(target, rules.SIG_KEY_INFO)
            if len(inside) == 1 and inside[0].tag == _TOKEN:
                return KeyReference(self._token(inside[0], certificates), None, form)
            raise Refusal(rules.SIG_KEY_INFO, "Embedded must hold one BinarySecurityToken.")
        raise _unlisted(target)

    def _token(self, token: Element, certificates: CertificateIndex) -> KnownCertificate:
        check_attributes(token, _TYPED, rules.SIG_KEY_INFO)
        _check_encoding(token)
        kind = token.get("ValueType")
        if kind not in _TOKEN_TYPES:
            raise _wrong_type(token, kind)
        text = text_of(token, self._limits.token_bytes, rules.SIG_KEY_INFO, rules.SIG_LIMITS)
        return self._by_text(text, token, kind, certificates)

    def _by_text(self, text: str, element: Element, kind: str, certificates: CertificateIndex) -> KnownCertificate:
        """The certificate whose base64 text (or that of a PKIPath that it ends) is given."""
        digest = self._digests.get((kind, text))
        if digest is not None:
            return _known(certificates.by_sha256.get(digest), element)
        octets = from_base64(text, element, rules.SIG_KEY_INFO)
        der = _leaf(octets, element) if kind == X509_PKI_PATH else octets
        if _element_end(der, 0) != len(der):
            raise Refusal(
                rules.SIG_KEY_INFO,
                "The token is not exactly one DER-encoded certificate.",
                {"element": name_of(element)},
            )
        digest = hashlib.sha256(der).digest()
        known = _known(certificates.by_sha256.get(digest), element)
        if len(text) > _REMEMBERED * len(der):
            # A public certificate can be written in any number of ways, with white space or others before it.
            return known
        if len(self._digests) >= self._limits.cached_tokens:
            self._digests.clear()
        self._digests[(kind, text)] = digest
        return known

    def _key_identifier(self, element: Element, certificates: CertificateIndex) -> KnownCertificate:
        check_attributes(element, _TYPED, rules.SIG_KEY_INFO)
        _check_encoding(element)
        kind = element.get("ValueType")
        if kind == X509_V3:
            text = text_of(element, self._limits.token_bytes, rules.SIG_KEY_INFO, rules.SIG_LIMITS)
            return self._by_text(text, element, kind, certificates)
        if kind == X509_SKI:
            return _known(certificates.by_key_id.get(_identifier(element)), element)
        if kind == THUMBPRINT_SHA1:
            return _known(certificates.by_sha1.get(_identifier(element)), element)
        raise _wrong_type(element, kind)

    def _x509_data(self, data: Element, certificates: CertificateIndex) -> KnownCertificate:
        check_attributes(data, _NO_ATTRIBUTES, rules.SIG_KEY_INFO)
        names = children(data, rules.SIG_KEY_INFO)
        chain = [name for name in names if name.tag == _X509_CERTIFICATE]
        once = [name for name in names if name.tag != _X509_CERTIFICATE]
        if not names or len({name.tag for name in once}) != len(once) or len(chain) > _PATH_LENGTH:
            raise Refusal(
                rules.SIG_KEY_INFO,
                "X509Data must name one certificate, in each form at most once; with its chain, by 8 at most.",
            )
        found = [self._of_chain(chain, certificates)] if chain else []
        for name in once:
            if name.tag == _X509_SUBJECT and len(names) > 1:
                # Tools write it beside the certificate. Nobody is known by it, so it decides nothing.
                check_attributes(name, _NO_ATTRIBUTES, rules.SIG_KEY_INFO)
                text_of(name, _NAME_TEXT, rules.SIG_KEY_INFO, rules.SIG_LIMITS)
            else:
                found.append(self._x509_name(name, certificates))
        if any(certificate is not found[0] for certificate in found):
            raise _several()
        return found[0]

    def _of_chain(self, chain: list[Element], certificates: CertificateIndex) -> KnownCertificate:
        """The one certificate among these that is registered; those above it are not, and are looked up for nothing."""
        registered = []
        unknown = None
        for element in chain:
            try:
                registered.append(self._x509_name(element, certificates))
            except Refusal as refusal:
                if refusal.rule is not rules.CRT_KNOWN:
                    raise
                unknown = refusal
        if len(registered) > 1:
            raise _several()
        if unknown is not None and not registered:
            raise unknown
        return registered[0]

    def _x509_name(self, element: Element, certificates: CertificateIndex) -> KnownCertificate:
        tag = element.tag
        check_attributes(element, _NO_ATTRIBUTES, rules.SIG_KEY_INFO)
        if tag == _ISSUER_SERIAL:
            return _known(certificates.by_issuer_serial.get(_issuer_serial(element)), element)
        if tag == _X509_SKI:
            return _known(certificates.by_key_id.get(_identifier(element)), element)
        if tag == _X509_CERTIFICATE:
            text = text_of(element, self._limits.token_bytes, rules.SIG_KEY_INFO, rules.SIG_LIMITS)
            return self._by_text(text, element, X509_V3, certificates)
        raise _unlisted(element)


def _referred(reference: Element, tokens: tuple[Element, ...]) -> Element:
    check_attributes(reference, _REFERENCE_ATTRIBUTES, rules.SIG_KEY_INFO)
    if len(reference) or (reference.text or "").strip():
        raise Refusal(rules.SIG_KEY_INFO, "A wsse:Reference is empty.")
    uri = reference.get("URI") or ""
    wanted = uri[1:]
    found = [token for token in tokens if wanted and wanted in (token.get(_WSU_ID), token.get("Id"))]
    if not uri.startswith("#") or len(found) != 1:
        raise Refusal(
            rules.SIG_KEY_INFO,
            "KeyInfo must refer, as #id, to one BinarySecurityToken in the same Security header: nothing is fetched.",
            {"reference": uri[:120]},
        )
    kind = reference.get("ValueType")
    if kind is not None and kind != found[0].get("ValueType"):
        raise _wrong_type(reference, kind)
    return found[0]


def _issuer_serial(element: Element) -> tuple[bytes, int]:
    parts = children(element, rules.SIG_KEY_INFO)
    if [part.tag for part in parts] != _ISSUER_SERIAL_PARTS:
        raise Refusal(rules.SIG_KEY_INFO, "X509IssuerSerial must hold X509IssuerName and X509SerialNumber.")
    for part in parts:
        check_attributes(part, _NO_ATTRIBUTES, rules.SIG_KEY_INFO)
    name = text_of(parts[0], _NAME_TEXT, rules.SIG_KEY_INFO, rules.SIG_LIMITS)
    serial = text_of(parts[1], _SERIAL_TEXT, rules.SIG_KEY_INFO, rules.SIG_LIMITS).strip(" \t\r\n")
    if not (serial.isascii() and serial.isdigit()):
        raise Refusal(rules.SIG_KEY_INFO, "X509SerialNumber is not a number: write it in decimal digits.")
    try:
        return issuer_key(name), int(serial)
    except ValueError:
        raise Refusal(
            rules.SIG_KEY_INFO, "X509IssuerName is not a distinguished name: write it as RFC 4514 says."
        ) from None


def _identifier(element: Element) -> bytes:
    return from_base64(
        text_of(element, _IDENTIFIER_TEXT, rules.SIG_KEY_INFO, rules.SIG_LIMITS), element, rules.SIG_KEY_INFO
    )


def _check_encoding(element: Element) -> None:
    encoding = element.get("EncodingType")
    if encoding is not None and encoding != BASE64_BINARY:
        raise Refusal(rules.SIG_KEY_INFO, "A token's EncodingType must be Base64Binary.", {"element": name_of(element)})


def _known(certificate: KnownCertificate | None, element: Element) -> KnownCertificate:
    if certificate is None:
        raise Refusal(
            rules.CRT_KNOWN,
            "The certificate that KeyInfo refers to is not registered: sign with the one that the operator issued.",
            {"reference": name_of(element)},
        )
    return certificate


def _several() -> Refusal:
    return Refusal(rules.SIG_KEY_INFO, "X509Data names more than one certificate.")


def _unlisted(element: Element) -> Refusal:
    return Refusal(
        rules.SIG_KEY_INFO,
        "KeyInfo refers to its certificate in a form that the profile does not list: use a BinarySecurityToken, "
        "issuer and serial number, subject key identifier or thumbprint.",
        {"element": name_of(element)},
    )


def _wrong_type(element: Element, kind: str | None) -> Refusal:
    return Refusal(
        rules.SIG_KEY_INFO,
        "A token or its reference has a ValueType that the profile does not list, or one that is not the token's own.",
        {"element": name_of(element), "type": (kind or "")[:120]},
    )


def _leaf(path: bytes, element: Element) -> bytes:
    """The last certificate of a PKIPath (ITU-T X.509: a SEQUENCE OF Certificate that ends with the subject's own)."""
    wrong = Refusal(
        rules.SIG_KEY_INFO, "The token is not a PKIPath of 1 to 8 certificates.", {"element": name_of(element)}
    )
    if _element_end(path, 0) != len(path):
        raise wrong
    at = 2 if path[1] < 0x80 else 2 + (path[1] & 0x7F)
    for _ in range(_PATH_LENGTH):
        end = _element_end(path, at)
        if end is None:
            raise wrong
        if end == len(path):
            return path[at:]
        at = end
    raise wrong


def _element_end(data: bytes, at: int) -> int | None:
    """Where the DER SEQUENCE that begins at ``at`` ends; None when none begins there or it is not whole."""
    if len(data) < at + 2 or data[at] != 0x30:
        return None
    length = data[at + 1]
    start = at + 2
    if length >= 0x80:
        size = length & 0x7F
        if not 1 <= size <= 3 or len(data) < start + size:
            return None
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    end = start + length
    return end if end <= len(data) else None
