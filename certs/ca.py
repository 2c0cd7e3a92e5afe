"""The bus's own certification authority: one self-signed root that certifies members and says what it took back.

The profiles are RFC 5280's.  What a certificate says of its holder comes from the registry, never from the request.
Files, the register of serial numbers and who may ask are the caller's; here are values in and a signed value out.
"""

import datetime
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from esb.certs.keys import PrivateKey, generate_key, signing_hash
from esb.certs.profiles import Profile, member_profile
from esb.certs.requests import check_hostname
from esb.kernel.directory import CertificateUse
from esb.kernel.faults import EsbError

BACKDATED = 300
"""Seconds by which a certificate begins before it is made, for relying clocks that run late."""

_DAY = 86_400
_UB_ORGANIZATION = 64
_URL = re.compile(r"https?://[!-~]{1,500}", re.ASCII)


class AuthorityError(EsbError):
    """The authority cannot do what is asked; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a certificate is for, as the registry knows them.

    Attributes:
        code: the member's code; becomes CN and organizationIdentifier.
        organization: the member's name; becomes O, cut to the 64 characters that X.520 allows.
    """

    code: str
    organization: str


def serial_number(octets: bytes) -> int:
    """A certificate's serial number of 127 random bits, never zero or negative (RFC 5280, section 4.1.2.2).

    Args:
        octets: 16 octets from a cryptographic source, e.g. ``secrets.token_bytes(16)``.
    """
    if len(octets) != 16:
        raise ValueError("a serial number is made of 16 random octets")
    # A set bit keeps every number the same length, and at 126 random bits beyond what a counter gives.
    return int.from_bytes(octets, "big") & ~(1 << 127) | (1 << 126)


def create_authority(
    common_name: str, key_kind: str, now: float, days: int, key: PrivateKey | None = None
) -> tuple[PrivateKey, x509.Certificate]:
    """Make a new root: a key of one of :data:`esb.certs.keys.KINDS` and its self-signed certificate.

    It may certify members and sign revocation lists, and no other authority (path length 0).

    Args:
        now: Unix seconds.
        days: how long it is valid; twice as long as the certificates that it will issue, or more.
        key: one that there is already, such as one in a device; ``key_kind`` is then not looked at.

    Raises:
        AuthorityError: a name that is empty or longer than 64 octets, or no days.
        KeyUnusable: an unknown kind of key.
    """
    if not 1 <= len(common_name.encode()) <= 64:
        raise AuthorityError("an authority's name has 1 to 64 octets in UTF-8")
    key = generate_key(key_kind) if key is None else key
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    key_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # Making a key draws on the system's randomness anyhow, so the serial number may do so too.
    builder = (
        _begin(now, days)
        .serial_number(x509.random_serial_number())
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(key_id, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier(key_id.digest, None, None), critical=False)
    )
    return key, builder.sign(key, signing_hash(key))


@dataclass(frozen=True, slots=True)
class Published:
    """Where relying parties find what the authority publishes, as it stands in what it issues.  "" leaves it out.

    Attributes:
        crl, delta: http addresses of the complete list and of the delta list (CRL distribution point, freshest CRL).
        ocsp: address of the OCSP responder; ``issuer`` of the authority's own certificate (authority information
            access).
        policy: object identifier of the certificate policy, dotted.
    """

    crl: str = ""
    delta: str = ""
    ocsp: str = ""
    issuer: str = ""
    policy: str = ""


NOWHERE: Final = Published()
"""For an authority that publishes nothing."""


def issue(
    authority_key: PrivateKey,
    authority_cert: x509.Certificate,
    csr: x509.CertificateSigningRequest,
    subject: Subject,
    use: CertificateUse,
    now: float,
    days: int,
    serial: int,
    hostnames: Sequence[str] = (),
    published: Published = NOWHERE,
) -> x509.Certificate:
    """Certify a member's key.

    Args:
        csr: a request that :func:`esb.certs.requests.read_request` took; only its public key is used.
        use: SIGNING gives digitalSignature and contentCommitment; TLS gives digitalSignature with clientAuth, and with
            serverAuth where there are host names.
        hostnames: hosts that somebody agreed are this member's (a request's wishes are
            :func:`esb.certs.requests.requested_hostnames`); for TLS alone.
        now, days, serial, published: as for :func:`certify`.

    Raises:
        AuthorityError, RequestRefused: as :func:`certify` does.
    """
    if csr.public_key() == authority_cert.public_key():
        raise AuthorityError("the request is for the authority's own key: a member has a key of its own")
    profile = member_profile(use, bool(hostnames))
    return certify(
        authority_key, authority_cert, csr.public_key(), subject, profile, now, days, serial, hostnames, published
    )


def certify(
    authority_key: PrivateKey,
    authority_cert: x509.Certificate,
    key: CertificatePublicKeyTypes,
    subject: Subject,
    profile: Profile,
    now: float,
    days: int,
    serial: int,
    hostnames: Sequence[str] = (),
    published: Published = NOWHERE,
) -> x509.Certificate:
    """Certify a key after a profile.

    Args:
        key: the public key; that its holder has the private one was shown to the caller.
        now: Unix seconds.
        days: how long the certificate is valid; it ends with its authority in any case.
        serial: of :func:`serial_number`, never used before by this authority.
        published: where the authority publishes, for distribution points, information access and policy.

    Raises:
        AuthorityError: the key and certificate of the authority do not belong together, the authority has ended, or
            another argument is not as said above.
        RequestRefused: a host's name is not lawful.
    """
    _check_authority(authority_key, authority_cert)
    end = authority_cert.not_valid_after_utc.timestamp()
    if int(now) >= end:
        raise AuthorityError("the authority itself has ended: make a new one in a home of its own")
    if not 1 << 64 <= serial < 1 << 159:
        raise AuthorityError("a serial number is random: take it from serial_number()")
    if hostnames and not profile.hosts:
        raise AuthorityError("host names belong in a certificate for TLS")
    if profile.hosts_needed and not hostnames:
        raise AuthorityError("a server is known by its host names: give at least one")
    if days > profile.longest_days:
        raise AuthorityError(
            f"a certificate of the kind {profile.name} is valid for {profile.longest_days} days at most"
        )
    builder = (
        _begin(now, days, end)
        .serial_number(serial)
        .subject_name(_subject_name(subject))
        .issuer_name(authority_cert.subject)
        .public_key(key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True, content_commitment=profile.content_commitment), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(_authority_key_id(authority_cert), critical=False)
    )
    if profile.purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(profile.purposes), critical=profile.purposes_critical)
    if hostnames:
        names = [x509.DNSName(name) for name in dict.fromkeys(map(check_hostname, hostnames))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if profile.no_check:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    for extension in _pointers(profile, published):
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(authority_key, signing_hash(authority_key))


def _pointers(profile: Profile, published: Published) -> Iterator[x509.ExtensionType]:
    """The extensions that say where the authority publishes, and under which policy it certifies."""
    if published.policy:
        identifier = x509.ObjectIdentifier(published.policy)
        yield x509.CertificatePolicies([x509.PolicyInformation(identifier, None)])
    if published.crl:
        yield x509.CRLDistributionPoints([_distribution_point(published.crl)])
    if published.crl and published.delta:
        yield x509.FreshestCRL([_distribution_point(published.delta)])
    access = []
    # Who asks a responder about its own certificate would be answered by that very certificate.
    if published.ocsp and not profile.no_check:
        access.append((AuthorityInformationAccessOID.OCSP, published.ocsp))
    if published.issuer:
        access.append((AuthorityInformationAccessOID.CA_ISSUERS, published.issuer))
    if access:
        yield x509.AuthorityInformationAccess([x509.AccessDescription(how, _address(url)) for how, url in access])


def sign_crl(
    authority_key: PrivateKey,
    authority_cert: x509.Certificate,
    revoked: Sequence[tuple[int, float, str]],
    number: int,
    now: float,
    next_update_days: float,
    *,
    base: int | None = None,
    delta_url: str = "",
) -> x509.CertificateRevocationList:
    """Sign a revocation list (RFC 5280, section 5).

    Args:
        revoked: for each certificate taken back: its serial number, when (Unix seconds) and the RFC 5280 reason's
            name, e.g. ``keyCompromise``; ``unspecified`` where none is known.  In a delta list what changed since its
            base, ``removeFromCRL`` for a hold that was lifted.
        number: the list's number, higher than that of any list before, complete or delta.
        now: Unix seconds.
        next_update_days: until when the next list will have come.
        base: the number of the complete list that a delta list goes with; None for a complete list.
        delta_url: where the delta list that goes with this complete one is published; "" for nowhere.

    Raises:
        AuthorityError: the authority's key and certificate do not belong together, a serial number stands twice, no
            days, a base that is not earlier, or a reason that is unknown.
    """
    _check_authority(authority_key, authority_cert)
    if len({serial for serial, _, _ in revoked}) != len(revoked):
        raise AuthorityError("a serial number stands twice in the list of what is revoked")
    if next_update_days <= 0 or (base is None and next_update_days < 1):
        raise AuthorityError("a revocation list is good for one day or more")
    if base is not None and base >= number:
        raise AuthorityError("a delta list comes after its base: its number is higher")
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority_cert.subject)
        .last_update(_time(now))
        .next_update(_time(now + next_update_days * _DAY))
        .add_extension(_authority_key_id(authority_cert), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    if base is not None:
        builder = builder.add_extension(x509.DeltaCRLIndicator(base), critical=True)
    elif delta_url:
        builder = builder.add_extension(x509.FreshestCRL([_distribution_point(delta_url)]), critical=False)
    for serial, revoked_at, reason in sorted(revoked):
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(_time(revoked_at))
        flag = _reason(reason, delta=base is not None)
        # RFC 5280, section 5.3.1: unspecified is said by leaving the reason out.
        if flag is not x509.ReasonFlags.unspecified:
            entry = entry.add_extension(x509.CRLReason(flag), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(authority_key, signing_hash(authority_key))


def _time(moment: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(moment), datetime.UTC)


def _begin(now: float, days: int, latest: float = math.inf) -> x509.CertificateBuilder:
    if days < 1:
        raise AuthorityError("a certificate is valid for one day or more")
    return (
        x509.CertificateBuilder()
        .not_valid_before(_time(now - BACKDATED))
        .not_valid_after(_time(min(int(now) + days * _DAY, latest)))
    )


def _usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject_name(subject: Subject) -> x509.Name:
    organization = " ".join(subject.organization.split())[:_UB_ORGANIZATION].rstrip()
    if not organization.isprintable() or not organization:
        raise AuthorityError(f"member {subject.code} needs a name of printable characters before it gets a certificate")
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, subject.code),
            x509.NameAttribute(NameOID.COMMON_NAME, subject.code),
        ]
    )


def _check_authority(key: PrivateKey, certificate: x509.Certificate) -> None:
    if key.public_key() != certificate.public_key():
        raise AuthorityError("the authority's certificate is not for the authority's key: name the two that are a pair")


def _authority_key_id(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own.value)


def _address(url: str) -> x509.UniformResourceIdentifier:
    if not _URL.fullmatch(url):
        raise AuthorityError(f"{url[:80]!a} is not an http address at which the authority publishes")
    return x509.UniformResourceIdentifier(url)


def _distribution_point(url: str) -> x509.DistributionPoint:
    return x509.DistributionPoint([_address(url)], None, None, None)


def _reason(name: str, *, delta: bool) -> x509.ReasonFlags:
    try:
        flag = x509.ReasonFlags(name)
    except ValueError:
        flag = None
    # removeFromCRL has a meaning in delta lists only.
    if flag is None or (flag is x509.ReasonFlags.remove_from_crl and not delta):
        raise AuthorityError(f"{name[:40]!a} is not a reason to revoke (RFC 5280): use e.g. keyCompromise") from None
    return flag
