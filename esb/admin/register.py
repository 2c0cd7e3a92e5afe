"""The register of what the built-in authority issued, as acts enter it: what a certificate says becomes a row."""

import hashlib
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from esb.admin.home import Home
from esb.admin.kept_lists import kept_list
from esb.certs.crl import is_signed_by
from esb.certs.der import MALFORMED
from esb.certs.profiles import BUS_SIGNING, Profile, member_profile
from esb.registry.acts import Act
from esb.registry.issued import Issued, enter_issued, missing_of, unentered_certificates
from esb.registry.revocation import keep_within

_MAX_FILE = 64 * 1024


def key_digest(key: CertificatePublicKeyTypes) -> str:
    """SHA-256 of a key's SubjectPublicKeyInfo in hex, by which the register knows it."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def enter(act: Act, authority: x509.Certificate, issued: x509.Certificate, profile: Profile, owner: str) -> None:
    """Enter a certificate that the authority signed.

    Args:
        owner: the member's code; "" for the bus's own.

    Raises:
        Conflict: its serial number was issued before.
    """
    enter_issued(
        act,
        Issued(
            sha256=issued.fingerprint(SHA256()).hex(),
            der=issued.public_bytes(Encoding.DER),
            issuer=key_digest(authority.public_key()),
            serial=issued.serial_number,
            profile=profile.name,
            subject=issued.subject.rfc4514_string(),
            owner=owner,
            key_sha256=key_digest(issued.public_key()),
            not_before=issued.not_valid_before_utc.timestamp(),
            not_after=issued.not_valid_after_utc.timestamp(),
        ),
    )


def adopt(act: Act, home: Home, authority: x509.Certificate) -> int:
    """Enter what the authority issued before there was a register, or before the home had a registry.

    These are members' certificates that the registry knows, and the bus's own in the keys' folder.  Returns how many.
    Its lists that stand in the home are kept from now on, as those are that it signs later: what is exchanged before
    it signs the next one is judged by them.
    """
    _keep_lists(act, home.crl, authority)
    found: dict[str, tuple[x509.Certificate, Profile, str]] = {}
    for der, owner, use in unentered_certificates(act.session):
        certificate = x509.load_der_x509_certificate(der)
        if _is_of(certificate, authority):
            profile = member_profile(use, _names_hosts(certificate)) if owner else BUS_SIGNING
            found[certificate.fingerprint(SHA256()).hex()] = certificate, profile, owner
    return _enter_missing(act, authority, found) + _adopt_files(act, home.keys, authority)


def _keep_lists(act: Act, folder: Path, authority: x509.Certificate) -> None:
    for path in sorted(folder.glob("shluz-ca*.crl")):
        try:
            crl = x509.load_pem_x509_crl(path.read_bytes())
        except (OSError, *MALFORMED):
            continue  # a list that cannot be read is what a bus complains of
        if crl.issuer == authority.subject and is_signed_by(crl, authority):
            keep_within(act.session, kept_list(crl, crl.public_bytes(Encoding.DER)), act.now)


def _adopt_files(act: Act, folder: Path, authority: x509.Certificate) -> int:
    found: dict[str, tuple[x509.Certificate, Profile, str]] = {}
    for path in sorted(folder.glob("bus*.pem")):
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes()[:_MAX_FILE])
        except (OSError, *MALFORMED):
            continue  # somebody else's file, or one that goes as we look
        if _is_of(certificate, authority):
            found[certificate.fingerprint(SHA256()).hex()] = certificate, BUS_SIGNING, ""
    return _enter_missing(act, authority, found)


def _enter_missing(
    act: Act, authority: x509.Certificate, found: dict[str, tuple[x509.Certificate, Profile, str]]
) -> int:
    missing = missing_of(act.session, found)
    for digest in missing:
        certificate, profile, owner = found[digest]
        enter(act, authority, certificate, profile, owner)
    return len(missing)


def _is_of(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    if certificate.issuer != authority.subject:
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, *MALFORMED):
        return False
    return True


def _names_hosts(certificate: x509.Certificate) -> bool:
    try:
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return False
    return True
