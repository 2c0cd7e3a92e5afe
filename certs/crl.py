"""Revocation lists (RFC 5280, section 5): loaded, verified, and asked by issuer and serial number.

Complete lists are served, and delta lists beside the complete one that they go with (section 5.2.4); indirect and
partial ones are refused, because a certificate that they leave out would seem good.  A list that has run out is still
believed in what it revokes, and :meth:`CrlSet.until` says from when what it does not revoke is no longer known: each
authority's list speaks of its own certificates alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from esb.certs.der import MALFORMED
from esb.certs.names import issuer_key_of
from esb.kernel.faults import EsbError

MAX_SIZE = 64 * 1024 * 1024
"""Octets that a list may have: some two million entries."""

CLOCK_SKEW = 300
"""Seconds by which a list may come from the future."""

_STRONG_HASHES = ("sha256", "sha384", "sha512")
_LIFTED = x509.ReasonFlags.remove_from_crl.value
_Slot = tuple[bytes, bytes]  # canonical issuer name, DER of the key that signed


class CrlInvalid(EsbError):
    """A revocation list cannot be believed or is of a kind that is not served; the text says which and why."""


@dataclass(frozen=True, slots=True)
class ListEnd:
    """Until when an authority's list may be relied upon: Unix seconds, grace included."""

    issuer: x509.Certificate
    at: float


@dataclass(frozen=True, slots=True)
class CrlSet:
    """What the loaded lists say.  Built by :func:`load_crls`.

    Attributes:
        reasons: RFC 5280 reason by (canonical issuer name, serial number).
        ends: until when each list may be relied upon.
    """

    reasons: Mapping[tuple[bytes, int], str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    ends: tuple[ListEnd, ...] = ()

    @property
    def known_until(self) -> float | None:
        """Unix seconds until which every list may be relied upon, grace included; None without a list."""
        return min((one.at for one in self.ends), default=None)

    def until(self, certificate: x509.Certificate) -> float | None:
        """Until when the list of a certificate's own authority may be relied upon, as Unix seconds, grace included.

        None where that authority gave no list.  Of lists by several keys under one name that of the key counts by
        which the certificate was signed.
        """
        found = [one for one in self.ends if one.issuer.subject == certificate.issuer]
        if len(found) > 1:
            found = [one for one in found if _issued(one.issuer, certificate)] or found
        return min((one.at for one in found), default=None)

    def revocation(self, certificate: x509.Certificate) -> str | None:
        """Why ``certificate`` is revoked (the reason's name; ``unspecified`` where none is given), or None."""
        if not self.reasons:
            return None
        return self.reasons.get((issuer_key_of(certificate.issuer), certificate.serial_number))


def load_crls(lists: Iterable[bytes], issuers: Sequence[x509.Certificate], now: float, grace_seconds: float) -> CrlSet:
    """Read revocation lists and verify each.

    Of two lists of one issuer and key the newer counts.  A delta list changes what the newest complete list of its
    issuer and key says; one that is no newer than that says nothing, and one that has run out lifts no hold.

    Args:
        lists: each one list in PEM or DER.
        issuers: the anchors, and intermediates that have a path to one: a list that none of them signed is refused.
        now: Unix seconds.
        grace_seconds: how long after its nextUpdate a list is still relied upon.

    Raises:
        CrlInvalid: see the class.  The place in ``lists``, from 1, is told.
    """
    newest: dict[_Slot, x509.CertificateRevocationList] = {}
    signers: dict[_Slot, x509.Certificate] = {}
    deltas: dict[_Slot, tuple[int, x509.CertificateRevocationList]] = {}
    for place, octets in enumerate(lists, 1):
        try:
            crl, issuer = _verified(octets, issuers, now)
            slot = (issuer_key_of(crl.issuer), _key_of(issuer))
            signers[slot] = issuer
            if _base_number(crl) is not None:
                if slot not in deltas or _age(crl) > _age(deltas[slot][1]):
                    deltas[slot] = place, crl
            elif slot not in newest or _age(crl) > _age(newest[slot]):
                newest[slot] = crl
        except CrlInvalid as error:
            raise CrlInvalid(f"revocation list {place}: {error}") from None
    reasons: dict[tuple[bytes, int], str] = {}
    ends = []
    for slot, crl in newest.items():
        for serial, reason in _entries(crl):
            # An entry that lifts a hold belongs in delta lists; where it stands, the certificate is good again.
            if reason != _LIFTED:
                reasons[slot[0], serial] = reason
        ends.append(ListEnd(signers[slot], _end(crl) + grace_seconds))
    for slot, (place, delta) in deltas.items():
        if not _fits(delta, newest.get(slot), place):
            continue
        for serial, reason in _entries(delta):
            if reason != _LIFTED:
                reasons[slot[0], serial] = reason
            elif now <= _end(delta):
                reasons.pop((slot[0], serial), None)
    return CrlSet(MappingProxyType(reasons), tuple(ends))


def _fits(delta: x509.CertificateRevocationList, base: x509.CertificateRevocationList | None, place: int) -> bool:
    """Whether a delta list adds to its complete one; False when that is as new.

    Raises:
        CrlInvalid: what it is based on is not there (RFC 5280, section 5.2.4).
    """
    wanted = _base_number(delta) or 0
    if base is None:
        raise CrlInvalid(f"revocation list {place}: it is a delta list without the complete one: configure both")
    number, newer = _number(base), _number(delta)
    if number is None or newer is None:
        raise CrlInvalid(f"revocation list {place}: a delta list and its complete one have numbers, and one has none")
    if newer <= number:
        return False
    if wanted > number:
        raise CrlInvalid(
            f"revocation list {place}: it is a delta list that goes with complete list {wanted} or later, "
            f"and the one that is here has number {number}: fetch both again"
        )
    return True


def _verified(
    octets: bytes, issuers: Sequence[x509.Certificate], now: float
) -> tuple[x509.CertificateRevocationList, x509.Certificate]:
    """The list, and who signed it."""
    if len(octets) > MAX_SIZE:
        raise CrlInvalid("it is too large")
    if octets.count(b"-----BEGIN ") > 1:
        raise CrlInvalid("there is more than one list in one file: give each a file of its own")
    try:
        pem = octets.lstrip()[:5] == b"-----"
        crl = x509.load_pem_x509_crl(octets) if pem else x509.load_der_x509_crl(octets)
        digest = crl.signature_hash_algorithm
        _check_kind(crl)
        begin = crl.last_update_utc.timestamp()
        _ = sum(1 for _ in _entries(crl))
    except MALFORMED as error:
        raise CrlInvalid("it is not a revocation list in PEM or DER") from error
    if digest is not None and digest.name not in _STRONG_HASHES:
        raise CrlInvalid("it is signed with an outdated digest: the authority must sign with SHA-2")
    if begin > now + CLOCK_SKEW:
        raise CrlInvalid("it comes from the future: look to this machine's clock, or the authority's")
    named = [issuer for issuer in issuers if issuer.subject == crl.issuer]
    if not named:
        raise CrlInvalid("its issuer is none of the configured authorities")
    for issuer in named:
        if is_signed_by(crl, issuer):
            return crl, issuer
    raise CrlInvalid("it is not signed by the authority that it names: fetch it again from the authority")


def _key_of(issuer: x509.Certificate) -> bytes:
    return issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *MALFORMED):
        return False
    return True


def is_signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether an authority, which may sign lists, has signed this one."""
    try:
        try:
            usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        except x509.ExtensionNotFound:
            usage = None
        if usage is not None and not usage.crl_sign:
            return False
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, *MALFORMED):
        return False


def _check_kind(crl: x509.CertificateRevocationList) -> None:
    for extension in crl.extensions:
        if extension.oid == ExtensionOID.DELTA_CRL_INDICATOR:
            continue
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            point = extension.value
            if point.indirect_crl or point.only_some_reasons or point.only_contains_attribute_certs:
                raise CrlInvalid("it is an indirect or partial list: configure the complete one")
            if point.only_contains_ca_certs:
                raise CrlInvalid("it covers authorities only: configure the one for end certificates")
        elif extension.critical:
            raise CrlInvalid(f"it has the critical extension {extension.oid.dotted_string}, which is not understood")
    if crl.next_update_utc is None:
        raise CrlInvalid("it does not say when the next one comes (nextUpdate)")


def _entries(crl: x509.CertificateRevocationList) -> Iterable[tuple[int, str]]:
    for entry in crl:
        reason = "unspecified"
        for extension in entry.extensions:
            if extension.oid == CRLEntryExtensionOID.CERTIFICATE_ISSUER:
                raise CrlInvalid("it is an indirect list: configure the authority's own")
            if isinstance(extension.value, x509.CRLReason):
                reason = extension.value.reason.value
            elif extension.critical:
                raise CrlInvalid("an entry has a critical extension that is not understood")
        yield entry.serial_number, reason


def _end(crl: x509.CertificateRevocationList) -> float:
    moment = crl.next_update_utc
    if moment is None:
        raise CrlInvalid("it does not say when the next one comes (nextUpdate)")
    return moment.timestamp()


def _age(crl: x509.CertificateRevocationList) -> tuple[float, int]:
    return crl.last_update_utc.timestamp(), _number(crl) or 0


def _number(crl: x509.CertificateRevocationList) -> int | None:
    try:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return None


def _base_number(crl: x509.CertificateRevocationList) -> int | None:
    """The number of the complete list that a delta list goes with; None for a complete list."""
    try:
        return crl.extensions.get_extension_for_class(x509.DeltaCRLIndicator).value.crl_number
    except x509.ExtensionNotFound:
        return None
