"""The registered certificates, read once and laid out by each of the ways in which a message can refer to one."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from esb.certs.der import MALFORMED
from esb.certs.names import issuer_key_of
from esb.kernel.directory import CertificateIndex, CertificateUse, KnownCertificate
from esb.kernel.faults import EsbError, Rule

MAX_SIZE = 64 * 1024
"""Octets that a certificate may have."""

_K = TypeVar("_K", bound=Hashable)


class CertificateUnreadable(EsbError):
    """Octets are not one X.509 certificate with a key that can be read."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is read from a certificate's octets and nowhere else."""

    sha256: bytes
    sha1: bytes
    key: CertificatePublicKeyTypes
    key_id: bytes
    subject: str
    issuer: str
    issuer_key: bytes
    serial: int
    not_before: float
    not_after: float


class CertificateLoader:
    """Reads certificates and remembers what it read, so that an index is built again without loading keys again.

    Args:
        capacity: certificates remembered; beyond it the oldest is forgotten.
    """

    def __init__(self, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._facts: dict[bytes, _Facts] = {}

    def known(
        self,
        der: bytes,
        owner: str,
        use: CertificateUse,
        chain_problem: Rule | None,
        revoked: str | None,
        known_until: float | None = None,
    ) -> KnownCertificate:
        """Put together what a certificate says and what the registry, the chain and the revocation lists say of it.

        Args:
            der: the certificate, DER.
            owner: the member's code; "" for the bus's own.
            chain_problem: what :func:`esb.certs.chain.chain_problem` said.
            revoked: what :meth:`esb.certs.crl.CrlSet.revocation` said.
            known_until: until when its authority's list or a responder's answer counts.

        Raises:
            CertificateUnreadable: ``der`` is not exactly one certificate, or its key is of a kind nobody knows.
        """
        facts = self._read(der)
        return KnownCertificate(
            sha256=facts.sha256,
            der=der,
            owner=owner,
            use=use,
            key=facts.key,
            subject=facts.subject,
            issuer=facts.issuer,
            serial=facts.serial,
            not_before=facts.not_before,
            not_after=facts.not_after,
            problem=chain_problem,
            revoked=revoked,
            known_until=known_until,
        )

    def check(self, der: bytes) -> None:
        """Raise :class:`CertificateUnreadable` for what :meth:`known` would not read."""
        self._read(der)

    def index(self, certificates: Iterable[KnownCertificate]) -> CertificateIndex:
        """Lay certificates out by digest, issuer and serial, key identifier and thumbprint.

        A reference that two different certificates share finds neither, and so does a certificate that two members
        registered.  One that a member registered for signing and for TLS is there once, for signing.
        """
        known = _once(certificates)
        facts = {certificate.sha256: self._read(certificate.der) for certificate in known}

        def by(reference: Callable[[_Facts], _K]) -> Mapping[_K, KnownCertificate]:
            return _unambiguous((reference(facts[certificate.sha256]), certificate) for certificate in known)

        return CertificateIndex(
            by_sha256=by(lambda found: found.sha256),
            by_issuer_serial=by(lambda found: (found.issuer_key, found.serial)),
            by_key_id=by(lambda found: found.key_id),
            by_sha1=by(lambda found: found.sha1),
        )

    def _read(self, der: bytes) -> _Facts:
        digest = hashlib.sha256(der).digest()
        facts = self._facts.get(digest)
        if facts is None:
            facts = _read(der, digest)
            while len(self._facts) >= self._capacity:
                self._facts.pop(next(iter(self._facts)))
            self._facts[digest] = facts
        return facts


def build_known(
    der: bytes, owner: str, use: CertificateUse, chain_problem: Rule | None, revoked: str | None
) -> KnownCertificate:
    """:meth:`CertificateLoader.known` for one certificate, remembering nothing."""
    return CertificateLoader().known(der, owner, use, chain_problem, revoked)


def build_index(certificates: Iterable[KnownCertificate]) -> CertificateIndex:
    """:meth:`CertificateLoader.index`, remembering nothing."""
    return CertificateLoader().index(certificates)


def _once(certificates: Iterable[KnownCertificate]) -> list[KnownCertificate]:
    """Each certificate once; those that two members claim are left out."""
    found: dict[bytes, KnownCertificate] = {}
    disputed = set()
    for certificate in certificates:
        other = found.setdefault(certificate.sha256, certificate)
        if other.owner != certificate.owner:
            disputed.add(certificate.sha256)
        elif certificate.use is CertificateUse.SIGNING:
            found[certificate.sha256] = certificate
    return [certificate for digest, certificate in found.items() if digest not in disputed]


def _unambiguous(pairs: Iterable[tuple[_K, KnownCertificate]]) -> Mapping[_K, KnownCertificate]:
    found: dict[_K, KnownCertificate] = {}
    shared = set()
    for key, certificate in pairs:
        if found.setdefault(key, certificate) is not certificate:
            shared.add(key)
    for key in shared:
        del found[key]
    return MappingProxyType(found)


def _read(der: bytes, digest: bytes) -> _Facts:
    if len(der) > MAX_SIZE:
        raise CertificateUnreadable("the certificate is too large: give one certificate in DER")
    try:
        certificate = x509.load_der_x509_certificate(der)
        return _Facts(
            sha256=digest,
            # A thumbprint is a name that WSS 1.1 gives; nothing is trusted for it.
            sha1=hashlib.sha1(der, usedforsecurity=False).digest(),
            key=certificate.public_key(),
            key_id=_key_id(certificate),
            subject=certificate.subject.rfc4514_string(),
            issuer=certificate.issuer.rfc4514_string(),
            issuer_key=issuer_key_of(certificate.issuer),
            serial=certificate.serial_number,
            not_before=certificate.not_valid_before_utc.timestamp(),
            # RFC 5280, section 4.1.2.5: valid through the second that notAfter names.
            not_after=certificate.not_valid_after_utc.timestamp(),
        )
    except MALFORMED as error:
        raise CertificateUnreadable(
            "this is not one X.509 certificate in DER with a key of a known kind: export it again"
        ) from error


def _key_id(certificate: x509.Certificate) -> bytes:
    """The subject key identifier; without the extension the SHA-1 of the key (RFC 5280, section 4.2.1.2, method 1)."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
