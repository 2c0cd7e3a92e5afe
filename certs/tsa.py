"""A time-stamp authority (RFC 3161, with the signing certificate of RFC 5816): a digest in, a token out.

``ordering`` is never claimed: several processes stamp, and which of two stamps within the accuracy came first is not
theirs to say.  Serial numbers are the moment in microseconds and 72 random bits after it, so that no two processes, and
no two lives of one, ever give the same.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from esb.certs.der import MALFORMED, OCTET_STRING, SEQUENCE, encode, encode_integer
from esb.certs.keys import SigningKey
from esb.certs.ocsp import check_delegated
from esb.certs.pkix import PkixSigner
from esb.kernel.faults import EsbError

MAX_REQUEST: Final = 8_192
"""Octets that a request may have."""

MEDIA_TYPE: Final = "application/timestamp-reply"
REQUEST_TYPE: Final = "application/timestamp-query"

DIGESTS: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
"""Digests that are stamped, with their sizes in octets."""

_SET: Final = 0x31
_SIGNED_DATA: Final = cms.ContentType("signed_data").dump()
_TST_INFO: Final = cms.ContentType("tst_info").dump()
_MESSAGE_DIGEST: Final = cms.CMSAttributeType("message_digest").dump()
_DIGEST_IDENTIFIERS: Final = {name: algos.DigestAlgorithm({"algorithm": name}).dump() for name in DIGESTS}
_LARGEST_NONCE: Final = 1 << 512


class StampRefused(EsbError):
    """No stamp is given; ``failure`` is the name of the PKIFailureInfo (RFC 3161, section 2.4.2) that says why."""

    def __init__(self, failure: str, text: str) -> None:
        super().__init__(text)
        self.failure = failure


class SteadyClock:
    """A clock that says when it cannot be believed: it must never be earlier than it was, nor than what is recorded.

    Args:
        now: Unix seconds.
        floor: a moment that has certainly passed, Unix seconds, such as that of the registry's newest act.
        tolerance: seconds by which it may fall back: what keeps a clock right may nudge it.
    """

    def __init__(self, now: Callable[[], float], floor: Callable[[], float], tolerance: float) -> None:
        self._now = now
        self._floor = floor
        self._tolerance = tolerance
        self._latest = 0.0

    def now(self) -> float:
        """Unix seconds.

        Raises:
            StampRefused: timeNotAvailable.
        """
        now = self._now()
        if now + self._tolerance < max(self._latest, self._floor()):
            raise StampRefused("time_not_available", "the clock was stepped back: no time is given until it caught up")
        self._latest = max(self._latest, now)
        return now


@dataclass(frozen=True, slots=True)
class Asked:
    """What a time-stamp request asks for.

    Attributes:
        digest: name of the digest, of :data:`DIGESTS`; ``imprint`` the digest itself.
        policy: dotted, None for the authority's own.
        nonce: to be given back, None without one.
        with_certificate: whether the token is to hold the authority's certificate.
    """

    digest: str
    imprint: bytes
    policy: str | None = None
    nonce: int | None = None
    with_certificate: bool = True


class TimeStamper:
    """Stamps with one key.

    Args:
        certificate: of ``key``, by ``authority``, with the purpose timeStamping.
        policy: object identifier under which stamps are made.
        accuracy_ms: how far the clock may be off, milliseconds.

    Raises:
        KeyUnusable: key, certificate and authority do not belong together.
    """

    def __init__(
        self, key: SigningKey, certificate: x509.Certificate, authority: x509.Certificate, policy: str, accuracy_ms: int
    ) -> None:
        check_delegated(key, certificate, authority, ExtendedKeyUsageOID.TIME_STAMPING)
        self._signer = PkixSigner.of(key)
        self._policy = policy
        self._begins = certificate.not_valid_before_utc.timestamp()
        self._ends = certificate.not_valid_after_utc.timestamp()
        der = certificate.public_bytes(Encoding.DER)
        # What never changes is written once: asn1crypto takes ten milliseconds for a whole token.
        known = asn1_x509.Certificate.load(der)
        issuer_serial = {"issuer": known.issuer, "serial_number": known.serial_number}
        signing = {
            "hash_algorithm": {"algorithm": "sha256"},
            "cert_hash": hashlib.sha256(der).digest(),
            "issuer_serial": {
                "issuer": [asn1_x509.GeneralName("directory_name", known.issuer)],
                "serial_number": known.serial_number,
            },
        }
        attributes = (
            {"type": "content_type", "values": ["tst_info"]},
            {"type": "signing_certificate_v2", "values": [{"certs": [signing]}]},
        )
        self._attributes = tuple(cms.CMSAttribute(each).dump() for each in attributes)
        self._sid = cms.IssuerAndSerialNumber(issuer_serial).dump()
        self._digest = algos.DigestAlgorithm({"algorithm": self._signer.digest}).dump()
        self._certificates = encode(0xA0, der)
        self._name = encode(0xA0, asn1_x509.GeneralName("directory_name", known.subject).dump())
        self._begun = encode_integer(1) + core.ObjectIdentifier(policy).dump()
        seconds, millis = divmod(accuracy_ms, 1000)
        parts = [encode_integer(seconds)] if seconds else []
        if millis:
            parts.append(encode(0x80, encode_integer(millis)[2:]))
        self._accuracy = encode(SEQUENCE, *parts)

    def stamp(self, asked: Asked, now: float, random: Callable[[int], bytes]) -> bytes:
        """A TimeStampToken, DER.  Milliseconds of work: off the reactor.

        Args:
            now: Unix seconds.
            random: gives octets from a cryptographic source.

        Raises:
            StampRefused: the digest, the policy or the time is not to be had.
        """
        if DIGESTS.get(asked.digest) is None:
            raise StampRefused("bad_alg", f"stamps are given for {', '.join(DIGESTS)}")
        if DIGESTS[asked.digest] != len(asked.imprint):
            raise StampRefused("bad_data_format", "the imprint has not its digest's size")
        if asked.policy not in (None, self._policy):
            raise StampRefused("unaccepted_policy", f"stamps are made under {self._policy} alone")
        if not self._begins <= now <= self._ends:
            raise StampRefused("time_not_available", "the authority's certificate is not valid now")
        serial = (int(now * 1_000_000) << 72) | int.from_bytes(random(9), "big")
        imprint = encode(SEQUENCE, _DIGEST_IDENTIFIERS[asked.digest], encode(OCTET_STRING, asked.imprint))
        nonce = b"" if asked.nonce is None else core.Integer(asked.nonce).dump()
        info = (self._begun, imprint, encode_integer(serial), _time(now), self._accuracy, nonce, self._name)
        return self._signed(encode(SEQUENCE, *info), asked.with_certificate)

    def _signed(self, content: bytes, with_certificate: bool) -> bytes:
        """CMS SignedData around a TSTInfo (RFC 5652, section 5; RFC 3161, section 2.4.2)."""
        digest = encode(OCTET_STRING, hashlib.new(self._signer.digest, content).digest())
        attributes = [*self._attributes, encode(SEQUENCE, _MESSAGE_DIGEST, encode(_SET, digest))]
        # DER sorts a SET OF by its members' octets; what is signed has the SET's tag, what is sent the field's.
        ordered = b"".join(sorted(attributes))
        signer = encode(
            SEQUENCE,
            encode_integer(1),
            self._sid,
            self._digest,
            encode(0xA0, ordered),
            self._signer.identifier,
            encode(OCTET_STRING, self._signer.sign(encode(_SET, ordered))),
        )
        signed = encode(
            SEQUENCE,
            encode_integer(3),
            encode(_SET, self._digest),
            encode(SEQUENCE, _TST_INFO, encode(0xA0, encode(OCTET_STRING, content))),
            self._certificates if with_certificate else b"",
            encode(_SET, signer),
        )
        return encode(SEQUENCE, _SIGNED_DATA, encode(0xA0, signed))


def timestamp(
    stamper: TimeStamper, imprint: bytes, now: float, random: Callable[[int], bytes], digest: str = "sha256"
) -> bytes:
    """Stamp a digest in this process, without a request: what the evidence log does with its checkpoints.

    Args:
        imprint: the digest, of the kind ``digest`` names.
        now: Unix seconds; take them from a :class:`SteadyClock`.

    Returns:
        The TimeStampToken, DER, with the authority's certificate in it.

    Raises:
        StampRefused: as :meth:`TimeStamper.stamp` does.
    """
    return stamper.stamp(Asked(digest, imprint), now, random)


def read_request(der: bytes) -> Asked:
    """Read a TimeStampReq.

    Raises:
        StampRefused: badDataFormat, badRequest, badAlg or unacceptedExtension.
    """
    if len(der) > MAX_REQUEST:
        raise StampRefused("bad_data_format", "the request is too large")
    try:
        request = tsp.TimeStampReq.load(der, strict=True)
        version, imprint = request["version"].native, request["message_imprint"]
        digest = imprint["hash_algorithm"]["algorithm"].native
        parameters = imprint["hash_algorithm"]["parameters"].native
        hashed = imprint["hashed_message"].native
        policy = None if request["req_policy"].native is None else request["req_policy"].dotted
        nonce, wanted = request["nonce"].native, request["cert_req"].native
        extensions = len(request["extensions"])
    except (*MALFORMED, KeyError, IndexError, OverflowError, RecursionError, AttributeError) as error:
        raise StampRefused("bad_data_format", "the request is no TimeStampReq") from error
    if version != "v1":
        raise StampRefused("bad_request", "the request is of another version")
    if extensions:
        raise StampRefused("unaccepted_extension", "no extension of a request is known here")
    if digest not in DIGESTS or parameters is not None:
        raise StampRefused("bad_alg", f"stamps are given for {', '.join(DIGESTS)}")
    if len(hashed) != DIGESTS[digest]:
        raise StampRefused("bad_data_format", "the imprint has not its digest's size")
    if nonce is not None and not -_LARGEST_NONCE < nonce < _LARGEST_NONCE:
        raise StampRefused("bad_request", "the nonce is too large")
    return Asked(digest, hashed, policy, nonce, bool(wanted))


def granted(token: bytes) -> bytes:
    """The TimeStampResp around a token."""
    return encode(SEQUENCE, encode(SEQUENCE, encode_integer(0)), token)


def rejected(refused: StampRefused) -> bytes:
    """The TimeStampResp that says why there is no stamp."""
    status = {"status": "rejection", "status_string": [str(refused)], "fail_info": {refused.failure}}
    return encode(SEQUENCE, tsp.PKIStatusInfo(status).dump())


def _time(moment: float) -> bytes:
    """GeneralizedTime with milliseconds; DER leaves out the zeros at its end (RFC 3161, section 2.4.2)."""
    seconds, millis = divmod(int(moment * 1000), 1000)
    fraction = f".{millis:03d}".rstrip("0").rstrip(".")
    return encode(0x18, f"{datetime.fromtimestamp(seconds, UTC):%Y%m%d%H%M%S}{fraction}Z".encode())
