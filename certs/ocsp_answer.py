"""Asking a responder (OCSP, RFC 6960) about one certificate, and whether what it answers can be believed.

An answer is believed from the certificate's issuer itself, or from a responder that the issuer certified for this
(extended key usage OCSPSigning, section 4.2.2.2).  What a responder does not know is told as such and never as good.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from esb.certs.der import MALFORMED, decode
from esb.certs.strength import weakness
from esb.kernel.faults import EsbError

MAX_SIZE: Final = 64 * 1024
"""Octets that an answer may have."""

CLOCK_SKEW: Final = 300.0
"""Seconds by which a responder's clock may differ from ours."""

UNSAID: Final = 3600.0
"""Seconds that an answer without nextUpdate is relied upon: newer ones are always to be had (section 4.2.2.1)."""

_STRONG: Final = ("sha256", "sha384", "sha512")
_NAMING: Final = ("sha1", *_STRONG)
_UNDERSTOOD: Final = (x509.KeyUsage, x509.ExtendedKeyUsage, x509.BasicConstraints, x509.OCSPNoCheck)

Revoked = Callable[[x509.Certificate], str | None]
"""Why a certificate is revoked, or None: :meth:`esb.certs.crl.CrlSet.revocation`."""


class OcspInvalid(EsbError):
    """An answer cannot be believed, or says nothing; the text says why."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a responder says of one certificate; times are Unix seconds.

    Attributes:
        revoked: RFC 5280's reason where it is revoked (``unspecified`` where none is given), None where it is good.
        since, until: the time that the answer speaks for (thisUpdate, nextUpdate).
    """

    revoked: str | None
    since: float
    until: float


def question(certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes) -> bytes:
    """An OCSP request about one certificate, DER.

    The certificate is named by SHA-1, as every responder understands (RFC 5019, section 2.1.1): a name, not a proof.

    Args:
        nonce: 16 to 32 random octets (RFC 8954).
    """
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    return builder.add_extension(x509.OCSPNonce(nonce), critical=False).build().public_bytes(Encoding.DER)


def read_answer(
    octets: bytes, certificate: x509.Certificate, issuer: x509.Certificate, now: float, nonce: bytes, revoked: Revoked
) -> Word:
    """Verify an answer.

    It is about one certificate: of an answer about several nobody could keep what concerns this one alone.

    Args:
        issuer: the authority that issued ``certificate``.
        now: Unix seconds.
        nonce: what the question held: an answer with another nonce is not an answer to it.  One without is believed,
            for responders that prepare answers leave it out (RFC 5019, section 4); its time bounds its replay.
        revoked: what the lists say of a delegated responder.

    Raises:
        OcspInvalid: see the class.
    """
    if len(octets) > MAX_SIZE:
        raise OcspInvalid("the answer is too large")
    try:
        answer = ocsp.load_der_ocsp_response(octets)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise OcspInvalid(f"the responder gives no answer: {answer.response_status.name.lower()}")
        _check_signer(answer, issuer, now, revoked)
        single = _single(answer, certificate, issuer)
        _check_extensions(answer, nonce)
        return _word(single, now)
    except (InvalidSignature, *MALFORMED) as error:
        raise OcspInvalid("it is not an OCSP answer that can be read") from error


def responders_of(certificate: x509.Certificate) -> list[str]:
    """The responders' URLs that a certificate names (authorityInfoAccess)."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, *MALFORMED):
        return []
    return [
        each.access_location.value
        for each in access
        if each.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(each.access_location, x509.UniformResourceIdentifier)
    ]


def _check_extensions(answer: ocsp.OCSPResponse, nonce: bytes) -> None:
    for extension in (*answer.extensions, *answer.single_extensions):
        if isinstance(extension.value, x509.OCSPNonce):
            if extension.value.nonce != nonce:
                raise OcspInvalid("the answer is to another question: its nonce is another")
        elif extension.critical:
            raise OcspInvalid("the answer has a critical extension that is not understood")


def _single(answer: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> Any:
    """The one response, which must be about the certificate (section 3.2, points 1 and 2)."""
    singles = list(answer.responses)
    if len(singles) != 1:
        raise OcspInvalid("the answer is about several certificates")
    kind = singles[0].hash_algorithm.name
    if (
        kind not in _NAMING
        or singles[0].serial_number != certificate.serial_number
        or singles[0].issuer_name_hash != _digest(kind, issuer.subject.public_bytes())
        or singles[0].issuer_key_hash != _digest(kind, _key_bits(issuer))
    ):
        raise OcspInvalid("the answer is about another certificate")
    return singles[0]


def _word(single: Any, now: float) -> Word:
    since = single.this_update_utc.timestamp()
    until = since + UNSAID if single.next_update_utc is None else single.next_update_utc.timestamp()
    if since > now + CLOCK_SKEW:
        raise OcspInvalid("the answer comes from the future: look to this machine's clock, or the responder's")
    if until < now - CLOCK_SKEW or until < since:
        raise OcspInvalid("the answer has run out")
    if single.certificate_status is ocsp.OCSPCertStatus.GOOD:
        return Word(None, since, until)
    if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        reason = single.revocation_reason
        return Word("unspecified" if reason is None else str(reason.value), since, until)
    raise OcspInvalid("the responder does not know the certificate")


def _check_signer(answer: ocsp.OCSPResponse, issuer: x509.Certificate, now: float, revoked: Revoked) -> None:
    """Whether the issuer, or one whom it certified for this, signed the answer (section 3.2, points 3 and 4)."""
    digest = answer.signature_hash_algorithm
    if digest is not None and digest.name not in _STRONG:
        raise OcspInvalid(f"the answer is signed with an outdated digest ({digest.name})")
    problem = "the answer is signed by none whom the certificate's issuer vouches for"
    for signer in (issuer, *answer.certificates):
        if not _is_named(answer, signer):
            continue
        doubt = "" if signer == issuer else _undelegated(signer, issuer, now, revoked)
        if not doubt and _signed(signer.public_key(), answer):
            return
        problem = doubt or "the answer's signature does not hold"
    raise OcspInvalid(problem)


def _is_named(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    if answer.responder_name is not None:
        return answer.responder_name == signer.subject
    return answer.responder_key_hash == _digest("sha1", _key_bits(signer))


def _undelegated(responder: x509.Certificate, issuer: x509.Certificate, now: float, revoked: Revoked) -> str:
    """Why a responder's certificate does not let it speak for the issuer; "" where it does."""
    try:
        responder.verify_directly_issued_by(issuer)
        extensions = list(responder.extensions)
    except (InvalidSignature, *MALFORMED):
        return "the answer's signer is not certified by the certificate's issuer"
    purposes = [each.value for each in extensions if isinstance(each.value, x509.ExtendedKeyUsage)]
    usages = [each.value for each in extensions if isinstance(each.value, x509.KeyUsage)]
    if not any(ExtendedKeyUsageOID.OCSP_SIGNING in each for each in purposes):
        return "the answer's signer is not certified for OCSP (no OCSPSigning)"
    if not all(each.digital_signature or each.content_commitment for each in usages):
        return "the answer's signer is not certified to sign"
    if any(each.critical and not isinstance(each.value, _UNDERSTOOD) for each in extensions):
        return "the certificate of the answer's signer has a critical extension that is not understood"
    # RFC 5280, section 4.1.2.5: valid through the second that notAfter names.
    if not responder.not_valid_before_utc.timestamp() <= now < responder.not_valid_after_utc.timestamp() + 1:
        return "the certificate of the answer's signer is not valid now"
    digest = responder.signature_hash_algorithm
    if weakness(responder.public_key()) or (digest is not None and digest.name not in _STRONG):
        return "the certificate of the answer's signer is weak"
    return "the certificate of the answer's signer is revoked" if revoked(responder) else ""


def _signed(key: Any, answer: ocsp.OCSPResponse) -> bool:
    digest: Any = answer.signature_hash_algorithm
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), digest)
        else:
            key.verify(answer.signature, answer.tbs_response_bytes)
    except (InvalidSignature, *MALFORMED):
        return False
    return True


def _digest(kind: str, octets: bytes) -> bytes:
    return hashlib.new(kind, octets, usedforsecurity=False).digest()


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The octets of subjectPublicKey, over which a key's hash is made (section 4.1.1)."""
    info = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    _, _, after_algorithm = decode(decode(info)[1])
    return decode(after_algorithm)[1][1:]
