"""Responders of outside authorities (OCSP): asked about every registered certificate, ahead, and never by a message.

Only responders that the settings name are asked.  A certificate's own (authorityInfoAccess) is one of them where its
host and port are named there.  What is believed is kept in the registry, where every process finds it, as evidence.
"""

import os
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from cryptography import x509
from sqlalchemy import Engine

from esb.admin.believing import Beliefs, own_authority
from esb.admin.trust import Trust, read_trust
from esb.certs.answers import outside_issuer
from esb.certs.der import MALFORMED
from esb.certs.download import FetchFailed, fetch
from esb.certs.ocsp_answer import MAX_SIZE, OcspInvalid, Word, question, read_answer, responders_of
from esb.registry.certificates import list_certificates
from esb.registry.database import reading
from esb.registry.leases import take_lease
from esb.registry.revocation import Kept, keep

SECONDS: Final = 5.0
"""How long one question may take."""

LOOK_SECONDS: Final = 15.0
"""How often it is looked what is due: a certificate that was registered just now should not wait long."""

_ROUND: Final = 30.0  # seconds after which a round is broken off; the rest is due with the next
_MOST: Final = 500  # questions in a round
_SILENT: Final = 3  # failures in a row after which a responder is left alone for the rest of the round
_RETRY: Final = 60.0  # seconds after which is asked again where no answer came
_LEAST: Final = 10.0  # seconds between two questions about one certificate, however short its answers live
_LEASE: Final = 90.0  # seconds: well over a round and the look after it, so that the holder stays the holder


class Asking(Beliefs, Protocol):
    """What the settings say of asking ([certs])."""

    @property
    def ocsp_urls(self) -> tuple[str, ...]:
        """Responders that may be asked."""

    @property
    def ocsp_minutes(self) -> float:
        """How often each certificate is asked about."""


class AnswerFetcher:
    """Asks responders.

    Args:
        log: told of each certificate that turns out revoked, and of what keeps an answer away, once each.
        holder: this node's name: of several processes one asks at a time.
        random: makes the nonces.
        going: False ends a round between two questions.
    """

    def __init__(
        self,
        certs: Asking,
        log: Any,
        holder: str,
        random: Callable[[int], bytes],
        going: Callable[[], bool] = lambda: True,
    ) -> None:
        self._certs = certs
        self._interval = certs.ocsp_minutes * 60
        self._doors = frozenset(map(_door, certs.ocsp_urls))
        self._log = log
        self._holder = f"{holder}:{os.getpid()}"
        self._random = random
        self._going = going
        self._due: dict[str, float] = {}
        self._told: dict[str, str] = {}

    @property
    def pause(self) -> float:
        """Seconds after which :meth:`run` is to be called again."""
        return min(self._interval, LOOK_SECONDS)

    def run(self, engine: Engine, now: float) -> int:
        """Ask what is due; returns how many answers were news.  Blocking.

        Args:
            engine: the registry's database.
            now: Unix seconds.
        """
        if not take_lease(engine, "certificate status", self._holder, now, _LEASE):
            return 0
        with reading(engine) as session:
            registered = {row.sha256: row.der for row in list_certificates(session) if row.revoked is None}
        self._due = {sha256: self._due.get(sha256, 0.0) for sha256 in registered}
        due = sorted([sha256 for sha256, at in self._due.items() if at <= now], key=self._due.__getitem__)
        if not due:
            return 0
        certs = self._certs
        trust = read_trust(certs.anchors, certs.crl, certs.crl_grace_hours * 3600, now)
        own = own_authority(certs)
        ends = time.monotonic() + _ROUND
        failures: Counter[str] = Counter()
        news = asked = 0
        for sha256 in due:
            if asked >= _MOST or time.monotonic() > ends or not self._going():
                break
            certificate = _read(registered[sha256])
            issuer = None if certificate is None else outside_issuer(certificate, trust.anchors, own)
            if certificate is None or issuer is None or certificate.not_valid_after_utc.timestamp() < now:
                self._due[sha256] = now + self._interval
                continue
            asked += 1
            found, problem = self._ask(certificate, issuer, trust, failures, now)
            self._tell(sha256, problem)
            if found is None:
                self._due[sha256] = now + min(self._interval, _RETRY)
                continue
            octets, word = found
            # Ahead of nextUpdate: half of what is left, so that a failure leaves time to ask again.
            self._due[sha256] = now + min(self._interval, max(_LEAST, (word.until - now) / 2))
            status = "good" if word.revoked is None else "revoked"
            if keep(engine, Kept("ocsp", sha256, octets, word.since, word.until, status, word.revoked), now):
                news += 1
        return news

    def _ask(
        self, certificate: x509.Certificate, issuer: x509.Certificate, trust: Trust, failures: Counter[str], now: float
    ) -> tuple[tuple[bytes, Word] | None, str]:
        """The first answer that can be believed; or None, and what kept it away."""
        problem = "no responder is asked: certs.ocsp_urls names none"
        for url in self._places(certificate):
            if failures[url] >= _SILENT:
                problem = f"{url} is silent"
                continue
            nonce = self._random(32)
            try:
                octets = _exchange(url, question(certificate, issuer, nonce))
            except FetchFailed as error:
                failures[url] += 1
                problem = str(error)
                continue
            failures[url] = 0
            try:
                word = read_answer(octets, certificate, issuer, now, nonce, trust.crls.revocation)
            except OcspInvalid as error:
                problem = f"{url}: {error}"
                continue
            return (octets, word), "" if word.revoked is None else f"it is revoked: {word.revoked}"
        return None, problem

    def _places(self, certificate: x509.Certificate) -> list[str]:
        """The certificate's own responders where they may be asked, else all that may be."""
        named = [url for url in responders_of(certificate) if _door(url) in self._doors]
        return named or list(self._certs.ocsp_urls)

    def _tell(self, sha256: str, problem: str) -> None:
        if self._told.get(sha256, "") != problem:
            self._told[sha256] = problem
            if problem:
                self._log.warning("a certificate's status", sha256=sha256, problem=problem)
            else:
                self._log.info("a certificate's status is known again", sha256=sha256)


def _exchange(url: str, body: bytes) -> bytes:
    headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
    hosts = {(urlsplit(url).hostname or "").lower()}
    octets = fetch(url, hosts, most=MAX_SIZE, seconds=SECONDS, body=body, headers=headers).octets
    if octets is None:
        raise FetchFailed(f"{url} answers HTTP 304")
    return octets


def _door(url: str) -> tuple[str, int] | None:
    """Host and port of an http or https URL; None for what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return parts.hostname.lower(), port or (80 if parts.scheme == "http" else 443)


def _read(der: bytes) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(der)
    except MALFORMED:
        return None
