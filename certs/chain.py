"""Whether a certificate has a path to an anchor and may sign at all (RFC 5280, section 6).

Judged when the registry's index is built, not per message.  The time of the end certificate is judged per message
(CRT-03, CRT-04) and its revocation by :mod:`esb.certs.crl`; that of the authorities above it is judged here.

What is not processed is refused where RFC 5280 makes it binding: name constraints, policy constraints, and any critical
extension that is not in the list below.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtensionOID

from esb.certs.der import MALFORMED
from esb.certs.strength import weakness
from esb.kernel import rules
from esb.kernel.faults import Rule

MAX_AUTHORITIES = 6
"""Authorities that a path may have, the anchor among them."""

_MAX_SIGNATURES = 64
_STRONG_HASHES = ("sha256", "sha384", "sha512")

_UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.ISSUER_ALTERNATIVE_NAME,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    }
)


class ChainJudge:
    """Judges certificates against one set of anchors and intermediates, each certificate once.

    A path's answer changes with time only when the validity of an authority begins or ends, so it is remembered
    between two such moments, up to ``capacity`` certificates.
    """

    def __init__(
        self, intermediates: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], capacity: int = 100_000
    ) -> None:
        self._intermediates = tuple(intermediates)
        self._anchors = tuple(anchors)
        self._capacity = capacity
        edges: set[float] = set()
        for authority in (*self._intermediates, *self._anchors):
            # Valid to the end of the second that notAfter names.
            edges |= {authority.not_valid_before_utc.timestamp(), authority.not_valid_after_utc.timestamp() + 1}
        self._edges = sorted(edges)
        self._known: dict[tuple[bytes, int], Rule | None] = {}

    def problem(self, certificate: x509.Certificate, now: float) -> Rule | None:
        """What :func:`chain_problem` says of ``certificate`` at ``now`` (Unix seconds)."""
        key = (certificate.fingerprint(hashes.SHA256()), bisect_right(self._edges, now))
        if key not in self._known:
            if len(self._known) >= self._capacity:
                self._known.clear()
            self._known[key] = chain_problem(certificate, self._intermediates, self._anchors, now)
        return self._known[key]


def chain_problem(
    certificate: x509.Certificate,
    intermediates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    now: float,
) -> Rule | None:
    """Why ``certificate`` cannot sign, whatever the time of its own validity; None when it can.

    Args:
        intermediates: authorities that may stand between; they prove nothing by being given.
        anchors: the configured roots, or authorities trusted as such.
        now: Unix seconds, for the validity of the authorities.

    Returns:
        CRT-06 for an authority's own certificate or a key usage without digitalSignature, SIG-13 for a weak key,
        CRT-02 for no path, a critical extension that is not understood, a control character in a name, or a
        certificate that is malformed inside; None when nothing is wrong.
    """
    try:
        if not _readable(certificate):
            return rules.CRT_PATH
        if _is_authority(certificate) or not _may(certificate, "digital_signature"):
            return rules.CRT_USAGE
    except MALFORMED:
        return rules.CRT_PATH
    try:
        if weakness(certificate.public_key()):
            return rules.SIG_KEY_MATCH
    except MALFORMED:
        return rules.SIG_KEY_MATCH
    sound = [authority for authority in (*anchors, *intermediates) if _sound_authority(authority, now)]
    trusted = {anchor.fingerprint(hashes.SHA256()) for anchor in anchors}
    search = _Search(sound, trusted)
    return None if search.reaches_anchor(certificate, below=0, path=()) else rules.CRT_PATH


@dataclass(frozen=True, slots=True)
class Link:
    """One certificate of a path, for people.

    Attributes:
        certificate: the end certificate first, then the authority that issued it, and so on.
        anchor: whether it is an anchor, with which a path ends.
        problem: why the path breaks here; "" where it holds.
    """

    certificate: x509.Certificate
    anchor: bool
    problem: str


def explain_chain(
    certificate: x509.Certificate,
    authorities: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    now: float,
) -> tuple[Link, ...]:
    """The path that :func:`chain_problem` looks for, link by link, up to an anchor or to where it breaks.

    Arguments as there.  Of several authorities of one name that one is shown which signed.
    """
    trusted = {anchor.fingerprint(hashes.SHA256()) for anchor in anchors}
    links: list[Link] = []
    current, problem = certificate, _own_problem(certificate)
    for _ in range(MAX_AUTHORITIES + 1):
        anchor = current.fingerprint(hashes.SHA256()) in trusted
        if problem or (anchor and links):
            return (*links, Link(current, anchor, problem))
        issuer, problem = _issuer_of(current, (*anchors, *authorities))
        if issuer is None:
            return (*links, Link(current, anchor, problem))
        links.append(Link(current, False, ""))
        below = sum(1 for link in links[1:] if link.certificate.subject != link.certificate.issuer)
        current, problem = issuer, _authority_problem(issuer, below, now)
    return (*links, Link(current, False, f"the path is longer than {MAX_AUTHORITIES} authorities"))


def _own_problem(certificate: x509.Certificate) -> str:
    try:
        if not _readable(certificate):
            return "it has a critical extension that is not understood, or a control character in a name"
        if _is_authority(certificate):
            return "it is an authority's own certificate, which signs no messages"
        if not _may(certificate, "digital_signature"):
            return "its key usage does not allow digitalSignature"
        return weakness(certificate.public_key()) or ""
    except MALFORMED:
        return "it is malformed inside"


def _issuer_of(
    certificate: x509.Certificate, authorities: Sequence[x509.Certificate]
) -> tuple[x509.Certificate | None, str]:
    named = [authority for authority in authorities if authority.subject == certificate.issuer]
    name = certificate.issuer.rfc4514_string()
    if not named:
        return None, f"its issuer is not among the anchors: {name}"
    digest = certificate.signature_hash_algorithm
    if digest is not None and digest.name not in _STRONG_HASHES:
        return None, f"it is signed with an outdated digest ({digest.name})"
    for authority in named:
        try:
            certificate.verify_directly_issued_by(authority)
        except (InvalidSignature, *MALFORMED):
            continue
        return authority, ""
    return None, f"an authority of its issuer's name is known, and another key signed it: {name}"


def _authority_problem(authority: x509.Certificate, below: int, now: float) -> str:
    if _sound_authority(authority, now):
        length = authority.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
        return "" if length is None or below <= length else "more authorities stand below it than it allows"
    if now >= authority.not_valid_after_utc.timestamp() + 1:
        return f"the authority has ended on {authority.not_valid_after_utc:%Y-%m-%d}"
    if now < authority.not_valid_before_utc.timestamp():
        return f"the authority begins on {authority.not_valid_before_utc:%Y-%m-%d} only"
    return "it may not certify others: no authority (basicConstraints), no keyCertSign, a weak key, or not readable"


class _Search:
    """Looks for a path upward, depth first, within a bound on the signatures that are tried."""

    def __init__(self, authorities: Sequence[x509.Certificate], trusted: set[bytes]) -> None:
        self._authorities = authorities
        self._trusted = trusted
        self._left = _MAX_SIGNATURES

    def reaches_anchor(self, certificate: x509.Certificate, below: int, path: tuple[bytes, ...]) -> bool:
        """Whether an anchor is above ``certificate``.

        Args:
            below: authorities that are not self-issued among those passed already (RFC 5280, section 6.1.4 (l)).
            path: SHA-256 of each authority passed already.
        """
        for authority, digest in self._issuers(certificate):
            if digest in path:
                continue
            length = authority.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
            if length is not None and below > length:
                continue
            if digest in self._trusted:
                return True
            counted = below + (authority.subject != authority.issuer)
            if len(path) + 2 <= MAX_AUTHORITIES and self.reaches_anchor(authority, counted, (*path, digest)):
                return True
        return False

    def _issuers(self, certificate: x509.Certificate) -> Iterator[tuple[x509.Certificate, bytes]]:
        digest = certificate.signature_hash_algorithm
        if digest is not None and digest.name not in _STRONG_HASHES:
            return
        for authority in self._authorities:
            if authority.subject != certificate.issuer or self._left == 0:
                continue
            self._left -= 1
            try:
                certificate.verify_directly_issued_by(authority)
            except (InvalidSignature, *MALFORMED):
                continue
            yield authority, authority.fingerprint(hashes.SHA256())


def _sound_authority(authority: x509.Certificate, now: float) -> bool:
    """Whether an authority's own certificate allows it to certify at ``now``.

    An anchor is held to this too, though RFC 5280 takes it as given: one that has ended should be seen to have.
    """
    try:
        return (
            authority.not_valid_before_utc.timestamp() <= now < authority.not_valid_after_utc.timestamp() + 1
            and _readable(authority)
            and authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
            and _may(authority, "key_cert_sign")
            and weakness(authority.public_key()) is None
        )
    except (x509.ExtensionNotFound, *MALFORMED):
        return False


def _readable(certificate: x509.Certificate) -> bool:
    """Whether everything binding in a certificate is understood, and its names are what they look like."""
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            return False
        # RFC 5280, section 4.2.1.10, makes these always critical: an authority that forgot meant it all the same.
        if extension.oid in (ExtensionOID.NAME_CONSTRAINTS, ExtensionOID.POLICY_CONSTRAINTS):
            return False
        if isinstance(extension.value, x509.SubjectAlternativeName) and _has_control(
            [name for kind in (x509.DNSName, x509.RFC822Name) for name in extension.value.get_values_for_type(kind)]
        ):
            return False
    values = [attribute.value for name in (certificate.subject, certificate.issuer) for attribute in name]
    return not _has_control([value for value in values if isinstance(value, str)])


def _has_control(texts: Sequence[str]) -> bool:
    return any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for text in texts for char in text)


def _is_authority(certificate: x509.Certificate) -> bool:
    """Whether a certificate says anywhere that it may certify others."""
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            return True
        if isinstance(value, x509.KeyUsage) and value.key_cert_sign:
            return True
    return False


def _may(certificate: x509.Certificate, usage: str) -> bool:
    """Whether the key usage allows ``usage``; a certificate without the extension allows everything."""
    try:
        value = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return bool(getattr(value, usage))
