"""What the built-in authority certifies, each kind as one frozen value: usages, purposes and the longest life.

The profiles are RFC 5280's, with RFC 6960, section 4.2.2.2, for who answers OCSP and RFC 3161, section 2.3, for who
stamps the time.  A profile says everything that differs between kinds; :mod:`esb.certs.ca` says what they share.
"""

from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from esb.kernel.directory import CertificateUse


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of certificate.

    Attributes:
        name: as the register of what was issued holds it and people read it.
        content_commitment: whether keyUsage has contentCommitment beside digitalSignature: what is signed is meant.
        purposes: extendedKeyUsage, in order; empty leaves the extension out.
        purposes_critical: whether that extension binds those who do not know it.
        hosts: whether host names may (True) stand in it, and must where ``hosts_needed``.
        no_check: whether it has id-pkix-ocsp-nocheck: nobody can ask a responder about the responder itself.
        longest_days: beyond which none is issued.
    """

    name: str
    content_commitment: bool = False
    purposes: tuple[x509.ObjectIdentifier, ...] = ()
    purposes_critical: bool = False
    hosts: bool = False
    hosts_needed: bool = False
    no_check: bool = False
    longest_days: int = 1825


MEMBER_SIGNING = Profile("member-signing", content_commitment=True)
"""With which a member signs its messages."""

MEMBER_TLS_CLIENT = Profile("member-tls-client", purposes=(ExtendedKeyUsageOID.CLIENT_AUTH,))
"""With which a member's system connects."""

MEMBER_TLS = Profile(
    "member-tls", purposes=(ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH), hosts=True
)
"""With which a member's system connects, and is connected to under its host names."""

BUS_SIGNING = Profile("bus-signing", content_commitment=True)
"""With which the bus signs whatever leaves it."""

OCSP_RESPONDER = Profile("ocsp-responder", purposes=(ExtendedKeyUsageOID.OCSP_SIGNING,), no_check=True, longest_days=90)
"""With which a serving bus says whether a certificate is revoked.  Short-lived, because nothing can revoke it."""

TIME_STAMPING = Profile("time-stamping", purposes=(ExtendedKeyUsageOID.TIME_STAMPING,), purposes_critical=True)
"""With which the bus stamps the time: critical and alone, as RFC 3161 demands."""

DOOR_TLS = Profile("door-tls", purposes=(ExtendedKeyUsageOID.SERVER_AUTH,), hosts=True, hosts_needed=True)
"""With which the bus's door is known by its host names."""

PROFILES = {
    profile.name: profile
    for profile in (
        MEMBER_SIGNING,
        MEMBER_TLS_CLIENT,
        MEMBER_TLS,
        BUS_SIGNING,
        OCSP_RESPONDER,
        TIME_STAMPING,
        DOOR_TLS,
    )
}
"""Every profile by its name."""


def member_profile(use: CertificateUse, hostnames: bool) -> Profile:
    """The profile of a member's certificate: for TLS a server's too where it has host names."""
    if use is CertificateUse.SIGNING:
        return MEMBER_SIGNING
    return MEMBER_TLS if hostnames else MEMBER_TLS_CLIENT
