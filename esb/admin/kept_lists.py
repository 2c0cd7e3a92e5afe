"""Revocation lists as evidence, whoever signed them: under which subject they are kept, and from when until when."""

import hashlib

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from esb.certs.names import issuer_key_of
from esb.registry.revocation import Kept, delta_subject


def list_subject(issuer: x509.Name) -> str:
    """The name under which lists of an issuer are kept: the SHA-256 (hex) of its canonical name."""
    return hashlib.sha256(issuer_key_of(issuer)).hexdigest()


def kept_list(crl: x509.CertificateRevocationList, octets: bytes) -> Kept:
    """A list as it is kept; a delta list apart, for by itself it does not say who is revoked (RFC 5280, 5.2.4).

    Args:
        octets: of the list as it was received or published.
    """
    subject = list_subject(crl.issuer)
    if any(each.oid == ExtensionOID.DELTA_CRL_INDICATOR for each in crl.extensions):
        subject = delta_subject(subject)
    until = crl.next_update_utc
    begun = crl.last_update_utc.timestamp()
    return Kept("crl", subject, octets, begun, begun if until is None else until.timestamp())
