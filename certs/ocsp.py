"""An OCSP responder (RFC 6960, with the nonce of RFC 8954 and the light profile of RFC 5019): octets in, octets out.

Answers are signed by a delegated key whose certificate the authority made for that alone.  What the authority never
issued, and what another authority issued, is ``unknown``: this responder does not use the leave of RFC 6960, section
2.2, to call it revoked.  Who is asked about what is known is the caller's: here nothing waits.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto.ocsp import OCSPRequest
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from esb.certs.der import BIT_STRING, MALFORMED, OCTET_STRING, SEQUENCE, encode
from esb.certs.keys import KeyUnusable, SigningKey
from esb.certs.pkix import PkixSigner
from esb.kernel.faults import EsbError

MAX_REQUEST: Final = 8_192
"""Octets that a request may have."""

MAX_CERTIFICATES: Final = 16
"""Certificates that one request may ask about."""

MEDIA_TYPE: Final = "application/ocsp-response"

_ENUMERATED, _GENERALIZED_TIME, _GOOD, _UNKNOWN, _REVOKED = 0x0A, 0x18, 0x80, 0x82, 0xA1
_HASHES: Final = ("sha1", "sha256", "sha384", "sha512")
_NONCE: Final = bytes.fromhex("06092b0601050507300102")
_ARCHIVE_CUTOFF: Final = bytes.fromhex("06092b0601050507300106")
_BASIC: Final = bytes.fromhex("06092b0601050507300101")
_NONCE_SIZES: Final = range(1, 33)  # RFC 8954, section 2.1
_REASONS: Final = {
    "unspecified": 0,
    "keyCompromise": 1,
    "cACompromise": 2,
    "affiliationChanged": 3,
    "superseded": 4,
    "cessationOfOperation": 5,
    "certificateHold": 6,
    "privilegeWithdrawn": 9,
    "aACompromise": 10,
}


class OcspRefused(EsbError):
    """A request is not answered; ``status`` is the OCSPResponseStatus that says so."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


MALFORMED_REQUEST: Final = 1
INTERNAL_ERROR: Final = 2
TRY_LATER: Final = 3


@dataclass(frozen=True, slots=True)
class State:
    """What the authority says of a certificate that it issued.  Times are Unix seconds.

    Attributes:
        not_after: when the certificate ends.
        revoked: the RFC 5280 reason's name, None while it is good.
    """

    not_after: float
    revoked: str | None = None
    revoked_at: float = 0.0


Lookup = Callable[[int], State | None]
"""What is known of a serial number of the authority; None for one that it never issued."""


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """A successful answer.

    Attributes:
        der: the OCSPResponse.
        this_update, next_update: Unix seconds.
        with_nonce: it answers one request alone, so nobody may keep it.
    """

    der: bytes
    this_update: float
    next_update: float
    with_nonce: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """One certificate asked about: its CertID as it came, and its serial number, None for another authority's."""

    cert_id: bytes
    serial: int | None


@dataclass(frozen=True, slots=True)
class _Question:
    asked: tuple[_Asked, ...]
    nonce: bytes | None


@dataclass(frozen=True, slots=True)
class _Kept:
    serials: tuple[int | None, ...]
    states: tuple[State | None, ...]
    answer: OcspAnswer


class Responder:
    """Answers for one authority.

    Args:
        key: the responder's own.
        certificate: of that key, by ``authority``, with the purpose OCSPSigning.
        lifetime: seconds between thisUpdate and nextUpdate.
        capacity: signed answers kept; of more the oldest is forgotten.

    Raises:
        KeyUnusable: key, certificate and authority do not belong together.
    """

    def __init__(
        self,
        key: SigningKey,
        certificate: x509.Certificate,
        authority: x509.Certificate,
        lifetime: float = 3600.0,
        capacity: int = 20_000,
    ) -> None:
        check_delegated(key, certificate, authority, ExtendedKeyUsageOID.OCSP_SIGNING)
        self._signer = PkixSigner.of(key)
        self._ends = certificate.not_valid_after_utc.timestamp()
        self._lifetime = lifetime
        self._capacity = capacity
        self._kept: dict[bytes, _Kept] = {}
        self._begun = authority.not_valid_before_utc.timestamp()
        own_key = hashlib.sha1(_key_bits(certificate), usedforsecurity=False).digest()
        self._responder_id = encode(0xA2, encode(OCTET_STRING, own_key))
        self._certificates = encode(0xA0, encode(SEQUENCE, certificate.public_bytes(Encoding.DER)))
        name, bits = authority.subject.public_bytes(), _key_bits(authority)
        # A CertID's digests are names; nothing is trusted for them.
        self._issuer = {(kind, _digest(kind, name), _digest(kind, bits)) for kind in _HASHES}

    def kept(self, request: bytes, lookup: Lookup, now: float) -> OcspAnswer | None:
        """An answer to the same request that was signed before and is still true; a few dictionary accesses."""
        kept = self._kept.get(request)
        if kept is None or not kept.answer.this_update <= now < kept.answer.next_update - self._lifetime / 2:
            return None
        return kept.answer if _states(kept.serials, lookup) == kept.states else None

    def answer(self, request: bytes, lookup: Lookup, now: float) -> OcspAnswer:
        """Sign an answer.  Some hundred microseconds of work: off the reactor.

        Args:
            request: an OCSPRequest, DER.
            now: Unix seconds.

        Raises:
            OcspRefused: the request is not answered.
        """
        if now > self._ends:
            raise OcspRefused(TRY_LATER, "the responder's certificate has ended: renew it with esb ca responder")
        question = self._read(request)
        serials = tuple([one.serial for one in question.asked])
        states = _states(serials, lookup)
        # Nobody believes an answer beyond the end of the certificate that signed it.
        until = min(now + self._lifetime, self._ends)
        singles = [
            self._single(one.cert_id, state, now, until) for one, state in zip(question.asked, states, strict=True)
        ]
        der = self._signed(singles, question.nonce, now)
        answer = OcspAnswer(der, float(int(now)), float(int(until)), question.nonce is not None)
        if question.nonce is None:
            while len(self._kept) >= self._capacity:
                self._kept.pop(next(iter(self._kept)), None)
            self._kept[request] = _Kept(serials, states, answer)
        return answer

    def _read(self, request: bytes) -> _Question:
        if len(request) > MAX_REQUEST:
            raise OcspRefused(MALFORMED_REQUEST, "the request is too large")
        try:
            parsed = OCSPRequest.load(request, strict=True)["tbs_request"]
            nonce, binding = None, [parsed["version"].native != "v1"]
            for extension in parsed["request_extensions"]:
                if extension["extn_id"].dotted == "1.3.6.1.5.5.7.48.1.2":
                    nonce = extension["extn_value"].parsed.native
                else:
                    binding.append(extension["critical"].native)
            asked = []
            for one in parsed["request_list"]:
                binding += [extension["critical"].native for extension in one["single_request_extensions"]]
                asked.append(self._asked(one["req_cert"]))
        except (*MALFORMED, KeyError, IndexError, OverflowError, RecursionError, AttributeError) as error:
            raise OcspRefused(MALFORMED_REQUEST, "the request is no OCSPRequest") from error
        if any(binding):
            raise OcspRefused(
                MALFORMED_REQUEST, "the request has a version or critical extension that is not known here"
            )
        if not 1 <= len(asked) <= MAX_CERTIFICATES:
            raise OcspRefused(MALFORMED_REQUEST, f"a request asks about 1 to {MAX_CERTIFICATES} certificates")
        if nonce is not None and (not isinstance(nonce, bytes) or len(nonce) not in _NONCE_SIZES):
            raise OcspRefused(MALFORMED_REQUEST, "a nonce has 1 to 32 octets (RFC 8954)")
        return _Question(tuple(asked), nonce)

    def _asked(self, cert_id: Any) -> _Asked:
        found = (
            cert_id["hash_algorithm"]["algorithm"].native,
            cert_id["issuer_name_hash"].native,
            cert_id["issuer_key_hash"].native,
        )
        serial = cert_id["serial_number"].native
        return _Asked(cert_id.dump(), serial if found in self._issuer else None)

    def _single(self, cert_id: bytes, state: State | None, now: float, until: float) -> bytes:
        if state is None:
            status = encode(_UNKNOWN)
        elif state.revoked is None:
            status = encode(_GOOD)
        else:
            reason = _REASONS[state.revoked]
            told = (encode(0xA0, encode(_ENUMERATED, bytes([reason]))),) if reason else ()
            status = encode(_REVOKED, _time(state.revoked_at), *told)
        parts = [cert_id, status, _time(now), encode(0xA0, _time(until))]
        if state is not None and state.not_after < now:
            # What has ended is still answered for, back to the authority's first day (RFC 6960, section 4.4.4).
            cutoff = encode(SEQUENCE, _ARCHIVE_CUTOFF, encode(OCTET_STRING, _time(self._begun)))
            parts.append(encode(0xA1, encode(SEQUENCE, cutoff)))
        return encode(SEQUENCE, *parts)

    def _signed(self, singles: list[bytes], nonce: bytes | None, now: float) -> bytes:
        parts = [self._responder_id, _time(now), encode(SEQUENCE, *singles)]
        if nonce is not None:
            value = encode(OCTET_STRING, encode(OCTET_STRING, nonce))
            parts.append(encode(0xA1, encode(SEQUENCE, encode(SEQUENCE, _NONCE, value))))
        data = encode(SEQUENCE, *parts)
        signature = encode(BIT_STRING, b"\0", self._signer.sign(data))
        basic = encode(SEQUENCE, data, self._signer.identifier, signature, self._certificates)
        body = encode(SEQUENCE, _BASIC, encode(OCTET_STRING, basic))
        return encode(SEQUENCE, encode(_ENUMERATED, b"\0"), encode(0xA0, body))


def refusal(status: int) -> bytes:
    """The unsigned OCSPResponse that says why there is no answer (RFC 6960, section 2.3)."""
    return encode(SEQUENCE, encode(_ENUMERATED, bytes([status])))


def check_delegated(
    key: SigningKey, certificate: x509.Certificate, authority: x509.Certificate, purpose: x509.ObjectIdentifier
) -> None:
    """Raise :class:`KeyUnusable` unless the certificate is for the key, by the authority, and for the purpose."""
    try:
        certificate.verify_directly_issued_by(authority)
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (InvalidSignature, x509.ExtensionNotFound, *MALFORMED) as error:
        raise KeyUnusable("this certificate was not made by the home's authority for such a service") from error
    if purpose not in purposes:
        raise KeyUnusable("this certificate is for another purpose")
    if certificate.public_key() != key.public_key():
        raise KeyUnusable("the certificate is not for this key")


def _states(serials: tuple[int | None, ...], lookup: Lookup) -> tuple[State | None, ...]:
    return tuple([None if serial is None else lookup(serial) for serial in serials])


def _digest(kind: str, octets: bytes) -> bytes:
    return hashlib.new(kind, octets, usedforsecurity=False).digest()


def _time(moment: float) -> bytes:
    return encode(_GENERALIZED_TIME, datetime.fromtimestamp(int(moment), UTC).strftime("%Y%m%d%H%M%SZ").encode())


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The subjectPublicKey's octets, without tag, length and unused bits: what a CertID's key hash is of."""
    key = Certificate.load(certificate.public_bytes(Encoding.DER))["tbs_certificate"]["subject_public_key_info"]
    bits: bytes = key["public_key"].contents[1:]
    return bits
