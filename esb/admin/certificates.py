"""Certificates as operators handle them: files in, facts for people out."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.certs.index import CertificateLoader, CertificateUnreadable
from esb.kernel.faults import EsbError


class NotACertificate(EsbError):
    """A file is not an X.509 certificate in PEM or DER."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says, for people.  ``until`` is UTC."""

    until: datetime
    issuer: str


def der_of(data: bytes, name: str) -> bytes:
    """The DER of a certificate given in PEM or DER.

    Raises:
        NotACertificate: it is neither, or its key is of a kind that the bus cannot read; ``name`` stands in the text.
    """
    try:
        load = x509.load_pem_x509_certificate if data.lstrip().startswith(b"-----") else x509.load_der_x509_certificate
        der = load(data).public_bytes(Encoding.DER)
    except ValueError:
        raise NotACertificate(
            f"{name} is not an X.509 certificate in PEM or DER: name the certificate's file"
        ) from None
    try:
        CertificateLoader().check(der)
    except CertificateUnreadable as error:
        raise NotACertificate(f"{name} cannot be used: {error}") from error
    return der


def read_der(der: bytes) -> x509.Certificate:
    """A registered certificate."""
    return x509.load_der_x509_certificate(der)


def pem_of(certificate: x509.Certificate) -> bytes:
    """A certificate in PEM."""
    return certificate.public_bytes(Encoding.PEM)


def facts_of(der: bytes) -> CertificateFacts:
    """What a registered certificate says."""
    certificate = x509.load_der_x509_certificate(der)
    return CertificateFacts(certificate.not_valid_after_utc, certificate.issuer.rfc4514_string())
