"""The authority's door, /ca/…: certificates and revocation lists to fetch, OCSP and time-stamps to ask for.

Anybody may come here, without a signature and in any number, so everything is bounded: what is kept is given at once,
and only so much is signed in a second, in a thread of its own, that exchanges do not feel it.
"""

import binascii
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Final
from urllib.parse import unquote_to_bytes

from esb.admin.publication import Publication, PublishedFile
from esb.certs import ocsp, tsa
from esb.certs.ocsp import OcspAnswer, OcspRefused
from esb.certs.tsa import StampRefused, TimeStamper
from esb.kernel.clock import Clock
from esb.kernel.http import HttpRequest, HttpResponse

ROOT: Final = "/ca/"
_MOST_WAITING: Final = 64
_LIST_AGE: Final = 300  # seconds that a list may be kept: a new one may come any time, at a revocation
_OTHER_AGE: Final = 3600
_LONGEST_PATH: Final = 4 * ocsp.MAX_REQUEST // 3 + 4


class Bounded:
    """So many a second, with a second's worth at once."""

    def __init__(self, per_second: int, monotonic: Callable[[], float]) -> None:
        self._rate = float(per_second)
        self._monotonic = monotonic
        self._left = self._rate
        self._at = monotonic()

    def take(self) -> bool:
        """Whether one more may be done now."""
        now = self._monotonic()
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class AuthorityDoor:
    """Answers below /ca/.

    Args:
        run: runs blocking work off the reactor, in a thread that no exchange waits for.
        random: octets from a cryptographic source.
        ocsp_per_second, tsa_per_second: answers and stamps that are signed; None where that is not offered.
    """

    def __init__(
        self,
        publication: Publication,
        clock: Clock,
        run: Callable[[Callable[[], HttpResponse]], Awaitable[HttpResponse]],
        random: Callable[[int], bytes],
        ocsp_per_second: int | None,
        tsa_per_second: int | None,
    ) -> None:
        self._publication = publication
        self._clock = clock
        self._run = run
        self._random = random
        self._ocsp = None if ocsp_per_second is None else Bounded(ocsp_per_second, clock.monotonic)
        self._tsa = None if tsa_per_second is None else Bounded(tsa_per_second, clock.monotonic)
        self._waiting = 0

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Answer a GET or HEAD: a file, or an OCSP request in the path (RFC 6960, appendix A.1)."""
        name = request.path.removeprefix(ROOT)
        if name == "ocsp" or name.startswith("ocsp/"):
            octets = _from_path(name.removeprefix("ocsp").removeprefix("/"))
            return _ocsp(ocsp.refusal(ocsp.MALFORMED_REQUEST)) if octets is None else await self._answer(octets, True)
        if name == "tsa":
            return _plain(405, "Post a time-stamp request (RFC 3161).", (("Allow", "POST"),))
        if name == "bus" and request.query == "next":
            name = "bus?next"
        found = self._publication.files.get(name)
        if found is None:
            return _plain(404, "The authority publishes nothing at this address.")
        return self._file(found, request)

    async def ask_status(self, request: HttpRequest) -> HttpResponse:
        """Answer a POST to /ca/ocsp."""
        if _media_type(request) != "application/ocsp-request":
            return _plain(415, "Post an OCSP request as application/ocsp-request.")
        return await self._answer(request.body, False)

    async def ask_stamp(self, request: HttpRequest) -> HttpResponse:
        """Answer a POST to /ca/tsa."""
        if self._tsa is None:
            return _plain(404, "This bus stamps no time.")
        if _media_type(request) != tsa.REQUEST_TYPE:
            return _plain(415, f"Post a time-stamp request as {tsa.REQUEST_TYPE}.")
        stamper = self._publication.stamper
        if stamper is None or not self._tsa.take() or self._waiting >= _MOST_WAITING:
            return _plain(503, "No time-stamps are to be had at this moment.", (("Retry-After", "2"),))
        return await self._in_turn(lambda: self._stamp(stamper, request.body))

    async def _answer(self, octets: bytes, keep: bool) -> HttpResponse:
        if self._ocsp is None:
            return _plain(404, "This bus answers no OCSP requests.")
        responder = self._publication.responder
        if responder is None:
            return _ocsp(ocsp.refusal(ocsp.TRY_LATER))
        now = self._clock.now()
        kept = responder.kept(octets, self._publication.state, now)
        if kept is not None:
            return _answered(kept, now, keep)
        if not self._ocsp.take() or self._waiting >= _MOST_WAITING:
            return _ocsp(ocsp.refusal(ocsp.TRY_LATER))

        def sign() -> HttpResponse:
            try:
                return _answered(responder.answer(octets, self._publication.state, now), now, keep)
            except OcspRefused as refused:
                return _ocsp(ocsp.refusal(refused.status))

        return await self._in_turn(sign)

    def _stamp(self, stamper: TimeStamper, octets: bytes) -> HttpResponse:
        try:
            asked = tsa.read_request(octets)
            answer = tsa.granted(stamper.stamp(asked, self._publication.clock.now(), self._random))
        except StampRefused as refused:
            answer = tsa.rejected(refused)
        return HttpResponse(200, tsa.MEDIA_TYPE, answer, (("Cache-Control", "no-store"),))

    async def _in_turn(self, work: Callable[[], HttpResponse]) -> HttpResponse:
        self._waiting += 1
        try:
            return await self._run(work)
        finally:
            self._waiting -= 1

    def _file(self, found: PublishedFile, request: HttpRequest) -> HttpResponse:
        age = _OTHER_AGE
        if found.until is not None:
            age = max(0, min(_LIST_AGE, int(found.until - self._clock.now())))
        headers = (("ETag", found.etag), ("Cache-Control", f"public, max-age={age}"))
        asked = request.headers.get(b"if-none-match", b"").decode("latin-1")
        if asked == "*" or found.etag in [each.strip().removeprefix("W/") for each in asked.split(",")]:
            return HttpResponse(304, found.media_type, b"", headers)
        return HttpResponse(200, found.media_type, found.content, headers)


def _answered(answer: OcspAnswer, now: float, keep: bool) -> HttpResponse:
    if not keep or answer.with_nonce:
        return _ocsp(answer.der)
    # RFC 5019, section 6.2.
    age = max(0, int(answer.next_update - now))
    headers = (
        ("Cache-Control", f"max-age={age}, public, no-transform, must-revalidate"),
        ("Last-Modified", formatdate(answer.this_update, usegmt=True)),
        ("Expires", formatdate(answer.next_update, usegmt=True)),
    )
    return HttpResponse(200, ocsp.MEDIA_TYPE, answer.der, headers)


def _ocsp(der: bytes) -> HttpResponse:
    return HttpResponse(200, ocsp.MEDIA_TYPE, der, (("Cache-Control", "no-store"),))


def _from_path(text: str) -> bytes | None:
    """The request that a GET's path holds in base64, whose '/', '+' and '=' may stand escaped; None for none."""
    if not text or len(text) > 3 * _LONGEST_PATH:
        return None
    octets = unquote_to_bytes(text)
    try:
        return binascii.a2b_base64(octets + b"=" * (-len(octets) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        return None


def _media_type(request: HttpRequest) -> str:
    return request.headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()


def _plain(status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> HttpResponse:
    return HttpResponse(status, "text/plain; charset=utf-8", f"{text}\n".encode(), headers)
