"""Judging a signer's certificate as of the moment at which it signed: its path, its time, and its revocation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from esb.certs.chain import chain_problem, explain_chain
from esb.certs.crl import CLOCK_SKEW, CrlInvalid, load_crls
from esb.certs.der import MALFORMED
from esb.certs.ocsp_answer import OcspInvalid, read_answer
from esb.kernel import rules
from esb.kernel.faults import EsbError

_SECOND: Final = 1.0  # valid to the end of the second that notAfter names (RFC 5280, section 4.1.2.5)


class SignerUnproven(EsbError):
    """A certificate did not count when it signed; the text says why."""


@dataclass(frozen=True, slots=True)
class Known:
    """What revocation data say of a certificate.

    Attributes:
        proven: whether they speak for the moment; False where there are none, or only some that had run out.
        text: what was found.
    """

    proven: bool
    text: str


def read_certificate(der: bytes) -> x509.Certificate:
    """Read a certificate in DER.

    Raises:
        SignerUnproven: it is none.
    """
    try:
        return x509.load_der_x509_certificate(der)
    except MALFORMED:
        raise SignerUnproven("a certificate in the package cannot be read") from None


def check_path(
    certificate: x509.Certificate,
    others: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    at: float,
) -> str:
    """Check that a certificate was in its time and had a path to an anchor.

    Args:
        others: authorities that may stand between; they prove nothing by being given.
        anchors: the authorities that the verifier believes.
        at: Unix seconds.

    Returns:
        The names on the path, the signer's first.

    Raises:
        SignerUnproven: it had not.
    """
    begin, end = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp() + _SECOND
    if not begin <= at < end:
        raise SignerUnproven(
            f"it was valid from {moment(begin)} to {moment(end - _SECOND)}, and was used at {moment(at)}"
        )
    problem = chain_problem(certificate, others, anchors, at)
    if problem is not None:
        reasons = [link.problem for link in explain_chain(certificate, others, anchors, at) if link.problem]
        because = "; ".join(reasons) or problem.text
        what = (
            "it leads to none of the authorities that you believe" if problem is rules.CRT_PATH else "it may not sign"
        )
        raise SignerUnproven(f"{what}: {because}")
    links = explain_chain(certificate, others, anchors, at)
    return " < ".join(link.certificate.subject.rfc4514_string() for link in links)


def check_revocation(
    certificate: x509.Certificate,
    authorities: Sequence[x509.Certificate],
    files: Mapping[str, bytes],
    at: float,
) -> Known:
    """Check that a certificate was not revoked at a moment.

    Args:
        authorities: anchors, and those in the package that have a path to one: whoever may have signed the data.
        files: DER of lists (``.crl``) and of answers (``.ocsp``), by name; those about others say nothing here.

    Raises:
        SignerUnproven: it was revoked, or one of the files that is about it cannot be believed.
    """
    issuers = [one for one in authorities if one.subject == certificate.issuer]
    lists = [each for each in _lists(files) if each.issuer == certificate.issuer]
    then = [each for each in lists if each.last_update_utc.timestamp() <= at + CLOCK_SKEW]
    words = [
        word
        for name, octets in files.items()
        if name.endswith(".ocsp")
        if (word := _word(octets, certificate, issuers, at, lists))
    ]
    # A list that says that it was revoked counts beside a good answer too: the bus heeded both.
    listed = _listed_then(certificate, issuers, lists, then, at)
    return Known(True, "; ".join(words)) if words else listed


def _listed_then(
    certificate: x509.Certificate,
    issuers: Sequence[x509.Certificate],
    lists: Sequence[x509.CertificateRevocationList],
    then: Sequence[x509.CertificateRevocationList],
    at: float,
) -> Known:
    known = _by_lists(certificate, issuers, then, at, at) if then else None
    if known is not None and known.proven:
        return known
    # One of after the moment: what it does not name was not revoked then, for entries stay until certificates end; and
    # once more after that (RFC 5280, section 3.3), but who knows whether it was the first.
    end = certificate.not_valid_after_utc
    later = [each for each in lists if each.last_update_utc <= end]
    if len(later) > len(then):
        return _by_lists(certificate, issuers, later, at, max(each.last_update_utc.timestamp() for each in later))
    if len(lists) > len(later):
        return Known(False, "its authority's list is from after the certificate's end, and need not name it any more")
    return known or Known(False, "no revocation data of its authority are in the package")


def _by_lists(
    certificate: x509.Certificate,
    issuers: Sequence[x509.Certificate],
    lists: Sequence[x509.CertificateRevocationList],
    at: float,
    asked: float,
) -> Known:
    try:
        found = load_crls([each.public_bytes(Encoding.DER) for each in lists], issuers, asked, 0.0)
    except CrlInvalid as error:
        raise SignerUnproven(f"a revocation list cannot be believed: {error}") from None
    newest = max(lists, key=lambda each: each.last_update_utc)
    date = moment(newest.last_update_utc.timestamp())
    reason = found.revocation(certificate)
    if reason is not None:
        since = min(
            entry.revocation_date_utc.timestamp()
            for each in lists
            if (entry := each.get_revoked_certificate_by_serial_number(certificate.serial_number)) is not None
        )
        if since <= at:
            raise SignerUnproven(f"it was revoked at {moment(since)} ({reason}), before it was used")
        return Known(True, f"not revoked then; revoked only later, at {moment(since)}")
    if asked > at:
        return Known(True, f"not revoked, by a list of after that time ({date}), which tells no hold that was lifted")
    if found.known_until is not None and found.known_until < at:
        return Known(False, f"not revoked by the list of {date}, which had run out by then")
    return Known(True, f"not revoked, by the list of {date}")


def _lists(files: Mapping[str, bytes]) -> Iterable[x509.CertificateRevocationList]:
    for name, octets in files.items():
        if name.endswith(".crl"):
            try:
                yield x509.load_der_x509_crl(octets)
            except MALFORMED:
                raise SignerUnproven(f"{name} is not a revocation list that can be read") from None


def _word(
    octets: bytes,
    certificate: x509.Certificate,
    issuers: Sequence[x509.Certificate],
    at: float,
    lists: Sequence[x509.CertificateRevocationList],
) -> str:
    """What an OCSP answer says of the certificate; "" where it is about another."""
    try:
        answer = ocsp.load_der_ocsp_response(octets)
        if answer.serial_number != certificate.serial_number:
            return ""
        nonces = [each.value.nonce for each in answer.extensions if isinstance(each.value, x509.OCSPNonce)]
    except MALFORMED:
        raise SignerUnproven("an OCSP answer in the package cannot be read") from None
    problem = "its issuer is not known"
    for issuer in issuers:
        try:
            word = read_answer(
                octets, certificate, issuer, at, nonces[0] if nonces else b"", lambda one: _listed(one, lists)
            )
        except OcspInvalid as error:
            problem = str(error)
            continue
        if word.revoked is not None:
            raise SignerUnproven(f"its authority's responder had said that it was revoked ({word.revoked})")
        return f"not revoked, by the responder's answer of {moment(word.since)}"
    raise SignerUnproven(f"an OCSP answer cannot be believed: {problem}")


def _listed(certificate: x509.Certificate, lists: Sequence[x509.CertificateRevocationList]) -> str | None:
    found = any(
        each.issuer == certificate.issuer
        and each.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
        for each in lists
    )
    return "listed" if found else None


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, hex."""
    return certificate.fingerprint(SHA256()).hex()


def moment(at: float) -> str:
    """A time for people, in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
