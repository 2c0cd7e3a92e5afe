"""Who stamps the log's checkpoints: the home's own time-stamp authority in this process, or another's over HTTP."""

import hashlib
import ssl
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.audit.attested import StampJudge
from esb.certs.der import MALFORMED
from esb.certs.download import FetchFailed, ask
from esb.certs.keys import load_key
from esb.certs.stamps import MAX_RESPONSE, Stamped, StampInvalid, StampVerifier, stamp_request, token_of
from esb.certs.tsa import MEDIA_TYPE, REQUEST_TYPE, StampRefused, SteadyClock, TimeStamper, timestamp
from esb.kernel.faults import EsbError

SECONDS: Final = 10.0
"""How long another's authority may take."""

_NONCE_BYTES: Final = 8
_Random = Callable[[int], bytes]


class NoStamp(EsbError):
    """No time-stamp is to be had now; the text says why."""


class StampSource(Protocol):
    """Gives time-stamps."""

    def stamp(self, note: bytes) -> tuple[bytes, Stamped]:
        """A token over a checkpoint's note, verified, and what it says.  Blocking.

        Raises:
            NoStamp: none can be had, or what came does not hold.
        """


class OwnStamps:
    """Stamps with the key of the home's own authority, which is opened when it is first needed and when it changed.

    Args:
        authority: the home's authority's certificate, PEM; ``key`` and ``certificate`` those of its time-stamps.
        passphrase: reads the passphrase of the home's keys.
        policy, accuracy_ms: see :class:`~esb.certs.tsa.TimeStamper`.
        now: Unix seconds.
        floor: a moment that has certainly passed, Unix seconds: that of the last time-stamp.
    """

    def __init__(
        self,
        authority: Path,
        key: Path,
        certificate: Path,
        passphrase: Callable[[], bytes],
        policy: str,
        accuracy_ms: int,
        now: Callable[[], float],
        floor: Callable[[], float],
        random: _Random,
    ) -> None:
        self._paths = (authority, key, certificate)
        self._passphrase = passphrase
        self._policy = policy
        self._accuracy = accuracy_ms
        self._clock = SteadyClock(now, floor, accuracy_ms / 1000)
        self._random = random
        self._seen: tuple[tuple[int, int], ...] = ()
        self._tools: tuple[TimeStamper, StampVerifier] | None = None

    def stamp(self, note: bytes) -> tuple[bytes, Stamped]:
        """See :class:`StampSource`."""
        stamper, verifier = self._open()
        imprint = hashlib.sha256(note).digest()
        try:
            token = timestamp(stamper, imprint, self._clock.now(), self._random)
            return token, verifier.check(token, imprint)
        except (StampRefused, StampInvalid) as error:
            raise NoStamp(f"the home's own time-stamp authority: {error}") from error

    def _open(self) -> tuple[TimeStamper, StampVerifier]:
        authority, key, certificate = self._paths
        try:
            seen = tuple((facts.st_mtime_ns, facts.st_ino) for facts in (path.stat() for path in self._paths))
        except OSError:
            raise NoStamp(
                "the home has no time-stamp authority of its own: make its key with esb ca tsa, "
                "or set evidence.timestamp to another's URL or to none"
            ) from None
        if self._tools is None or seen != self._seen:
            try:
                issuer = x509.load_pem_x509_certificates(authority.read_bytes())[0]
                own = x509.load_pem_x509_certificate(certificate.read_bytes())
                opened = load_key(key, self._passphrase())
                stamper = TimeStamper(opened, own, issuer, self._policy, self._accuracy)
            except (OSError, EsbError, *MALFORMED) as error:
                raise NoStamp(f"the time-stamp authority's key or certificate cannot be used ({error})") from error
            self._tools, self._seen = (stamper, StampVerifier([issuer])), seen
        return self._tools


class OtherStamps:
    """Asks another's time-stamp authority (RFC 3161, section 3.4).

    Args:
        url: http or https.
        anchors: reads the certificates that its tokens must lead to.
        tls: towards https; None judges by the machine's authorities.
        random: makes the nonces.
    """

    def __init__(
        self, url: str, anchors: Callable[[], Sequence[x509.Certificate]], tls: ssl.SSLContext | None, random: _Random
    ) -> None:
        self._url = url
        self._host = (urlsplit(url).hostname or "").lower()
        self._anchors = anchors
        self._tls = tls
        self._random = random

    def stamp(self, note: bytes) -> tuple[bytes, Stamped]:
        """See :class:`StampSource`."""
        imprint = hashlib.sha256(note).digest()
        nonce = int.from_bytes(self._random(_NONCE_BYTES), "big") >> 1
        headers = {"Content-Type": REQUEST_TYPE, "Accept": MEDIA_TYPE}
        try:
            answer = ask(
                self._url,
                {self._host},
                most=MAX_RESPONSE,
                seconds=SECONDS,
                body=stamp_request(imprint, nonce),
                headers=headers,
                tls=self._tls,
            )
            token = token_of(answer.octets) if answer.status == 200 else b""
            said = StampVerifier(self._anchors()).check(token, imprint, nonce) if token else None
        except (FetchFailed, StampInvalid, OSError) as error:
            raise NoStamp(f"the time-stamp authority {self._host}: {error}") from error
        if said is None:
            raise NoStamp(f"the time-stamp authority {self._host} answers HTTP {answer.status}")
        return token, said


def read_anchors(places: Iterable[Path]) -> list[x509.Certificate]:
    """The certificates of PEM files, and of the PEM files in folders.

    Raises:
        NoStamp: a place cannot be read, or holds none.
    """
    found: list[x509.Certificate] = []
    for place in places:
        try:
            files = sorted(place.glob("*.pem")) if place.is_dir() else [place]
            read = [each for path in files for each in x509.load_pem_x509_certificates(path.read_bytes())]
        except (OSError, *MALFORMED) as error:
            raise NoStamp(f"{place} cannot be read as certificates in PEM") from error
        if not read:
            raise NoStamp(f"{place} holds no certificate in PEM")
        found += read
    return found


class Anchored(Protocol):
    """What the settings say of time-stamps' anchors ([evidence])."""

    @property
    def timestamp_anchors(self) -> Path | None:
        """Those of another's authority."""


def stamp_places(anchors: Path, evidence: Anchored) -> list[Path]:
    """Where the certificates are that time-stamps of this home may lead to: its own authority's, and another's.

    Args:
        anchors: the folder of the home's anchors.
    """
    own = sorted(anchors.glob("shluz-ca*.pem"))
    return own if evidence.timestamp_anchors is None else [*own, evidence.timestamp_anchors]


def stamp_judge(anchors: Iterable[x509.Certificate]) -> StampJudge:
    """What verifies the time-stamps of a log that is walked over; can be handed to another process."""
    return partial(_judged, tuple(each.public_bytes(Encoding.DER) for each in anchors))


def _judged(anchors: tuple[bytes, ...], token: bytes, note: bytes) -> tuple[int, int]:
    found = _verifier(anchors).check(token, hashlib.sha256(note).digest())
    return found.at, found.accuracy


@lru_cache(4)
def _verifier(anchors: tuple[bytes, ...]) -> StampVerifier:
    return StampVerifier([x509.load_der_x509_certificate(each) for each in anchors])
