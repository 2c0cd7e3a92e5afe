"""Certificates as people have them at hand: PEM or DER, a chain, a PKCS #7 bundle, or a saved SOAP message."""

import base64
import binascii
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs7

from esb.admin.certificates import NotACertificate
from esb.kernel import namespaces as ns
from esb.kernel.faults import Refusal
from esb.kernel.xml import XmlLimits, parse_message

_LARGEST: Final = 16 * 1024 * 1024
_TOKEN: Final = f"{{{ns.WSSE}}}BinarySecurityToken"


def certificates_in(path: Path) -> list[x509.Certificate]:
    """The certificates of a file, the one that it is about first: of a chain the end certificate.

    Raises:
        NotACertificate: it holds none that can be read; the text says what may be given.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise NotACertificate(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise NotACertificate(f"{path} is too large for a certificate or a message")
    found = _read(data)
    if not found:
        raise NotACertificate(
            f"{path} holds no X.509 certificate that can be read: give PEM, DER, PKCS #7, or a saved SOAP message with "
            "a BinarySecurityToken"
        )
    return _end_first(found)


def _read(data: bytes) -> list[x509.Certificate]:
    text = data.lstrip()
    try:
        if b"-----BEGIN PKCS7-----" in text:
            return list(pkcs7.load_pem_pkcs7_certificates(text))
        if b"-----BEGIN CERTIFICATE-----" in text:
            return x509.load_pem_x509_certificates(text)
        if text.startswith((b"<", b"\xef\xbb\xbf<")):
            return _tokens(data)
    except (ValueError, Refusal):
        return []
    try:
        return [x509.load_der_x509_certificate(data)]
    except ValueError:
        pass
    try:
        return list(pkcs7.load_der_pkcs7_certificates(data))
    except ValueError:
        return []


def _tokens(data: bytes) -> list[x509.Certificate]:
    found = []
    for token in parse_message(data, XmlLimits()).iter(_TOKEN):
        try:
            der = base64.b64decode("".join((token.text or "").split()), validate=True)
            found.append(x509.load_der_x509_certificate(der))
        except (binascii.Error, ValueError):
            continue
    return found


def _end_first(found: list[x509.Certificate]) -> list[x509.Certificate]:
    """A certificate that issued none of the others comes first; chains are written in either order."""
    issuers = {each.issuer for each in found if each.issuer != each.subject}
    ends = [each for each in found if each.subject not in issuers]
    if not ends or found[0] in ends:
        return found
    return [ends[0], *(each for each in found if each is not ends[0])]
