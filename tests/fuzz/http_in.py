"""HTTP from clients: however a stream is cut, the same requests come of it, and nothing but our own refusals."""

from typing import Any

from fuzz.dice import Dice
from fuzz.target import Found, Target
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from esb.kernel.clock import ManualClock
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpRequest, HttpResponse
from esb.transport.framing import BadRequest
from esb.transport.limits import ServerLimits
from esb.transport.requests import Refused, RequestReader, Whole
from esb.transport.server import DoorFactory

LIMITS = ServerLimits(body_bytes=400, inflated_bytes=2000, header_bytes=1500, headers=20, pipelined_bytes=3000)
_STATUSES = (b"100 ", b"200 ", b"400 ", b"408 ", b"413 ", b"417 ", b"431 ", b"501 ", b"503 ", b"505 ")


def one(data: bytes) -> None:
    """The first octets say how the rest is cut."""
    dice = Dice(data[:12])
    stream = data[12:]
    pieces = dice.cut(stream)
    whole, parts = events([stream]), events(pieces)
    if [each for each in whole if isinstance(each, Whole)] != [each for each in parts if isinstance(each, Whole)]:
        raise Found("cut otherwise, the stream holds other requests", stream)
    taken = [each for each in whole if isinstance(each, Whole)]
    for each in taken:
        if len(each.body) > LIMITS.inflated_bytes or len(each.head.headers) > LIMITS.headers:
            raise Found("more came through than the limits allow", stream)
    _compare(stream, taken)
    _serve(stream, pieces, taken)


def events(pieces: list[bytes]) -> list[Any]:
    """Every event of a stream; a refusal by its rule."""
    reader, found = RequestReader(LIMITS), []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (event := reader.next()) is not None:
                if isinstance(event, Refused):
                    return [*found, event.refusal.rule.id]
                found.append(event)
    except BadRequest as error:
        found.append(error.status)
    return found


class _Seen:
    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def on_message_begin(self) -> None:
        self.bodies.append(b"")

    def on_body(self, data: bytes) -> None:
        self.bodies[-1] += data


def _compare(stream: bytes, taken: list[Whole]) -> None:
    """A strict parser of other hands finds the same bodies where ours finds any: else something could be smuggled."""
    other = _Seen()
    try:
        HttpRequestParser(other).feed_data(stream)
    except HttpParserUpgrade:
        return  # it stops at an offered upgrade, which ours passes over as the RFC allows
    except HttpParserError:
        pass
    for at, each in enumerate(taken):
        if b"content-encoding" in each.head.headers or not each.head.keep_alive:
            return
        if at >= len(other.bodies) or other.bodies[at] != each.body:
            raise Found("llhttp finds another request there", stream)


def _serve(stream: bytes, pieces: list[bytes], taken: list[Whole]) -> None:
    """A whole connection: what reaches the handler is what the reader took, in order; it answers, and it ends."""
    seen: list[HttpRequest] = []

    async def handler(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse(200, "text/plain", b"served")

    async def refuse(_: Refusal, __: HttpRequest) -> HttpResponse:
        return HttpResponse(413, "text/plain", b"refused")

    clock, reactor = ManualClock(), Clock()
    factory = DoorFactory(handler, refuse, LIMITS, reactor, clock)
    connection, wire = factory.buildProtocol(None), _Wire()
    connection.makeConnection(wire)
    for piece in pieces:
        connection.dataReceived(piece)
    for _ in range(40):
        clock.advance(10)
        reactor.advance(1)
    if not (wire.half_closed or wire.disconnecting or wire.disconnected):
        raise Found("a connection never ends", stream)
    wanted = [(each.head.method, each.head.path, each.body) for each in taken]
    got = [(each.method, each.path, each.body) for each in seen]
    if got != wanted[: len(got)] or (len(got) < len(wanted) and all(each.head.keep_alive for each in taken)):
        raise Found("the handler was given other requests than the stream holds", stream)
    said = wire.value()
    if said and not said.startswith(tuple(b"HTTP/1.1 " + status for status in _STATUSES)):
        raise Found(f"it answered {said[:40]!r}", stream)
    if b"HTTP/1.1 500" in said or factory.in_flight or factory.held:
        raise Found("it failed inside, or holds on to something", stream)


class _Wire(StringTransport):
    half_closed = False

    def loseWriteConnection(self) -> None:
        self.half_closed = True


_HEAD = b"POST /a HTTP/1.1\r\nHost: bus\r\n"
WORDS = (
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b":", b" ", b"\t", b"Content-Length: 3\r\n", b"content-length:5\r\n",
    b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"0\r\n\r\n",
    b"3\r\nabc\r\n", b"3;x=y\r\nabc\r\n", b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"Upgrade: h2c\r\n",
    b"Connection: keep-alive, upgrade\r\n", b"Content-Encoding: gzip\r\n", b"Host: a\r\n", _HEAD, b"abc",
    b"GET / HTTP/1.1\r\nHost: bus\r\n\r\n", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"X: " + b"y" * 600 + b"\r\n",
    b"\x00", b"\xff", b",", b"chunked", b"ffffffffffffffff\r\n", b"-1", b"+3", b"0x3", b"http://x/", b"*", b"//",
    b"X-A: 1\r\n" * 19,
)  # fmt: skip


def seeds() -> list[bytes]:
    """Lawful requests of each framing, alone and one behind the other."""
    import gzip

    plain = _HEAD + b"Content-Length: 3\r\n\r\nabc"
    chunked = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    packed = gzip.compress(b"abc" * 300, mtime=0)
    zipped = _HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed)
    get = b"GET /a?b HTTP/1.1\r\nHost: bus\r\n\r\n"
    old = b"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx"
    waits = _HEAD + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
    streams = [plain, chunked, zipped, get, old, waits, plain + get, chunked + plain, get * 5, zipped + chunked]
    return [bytes(12) + each for each in streams] + [bytes(range(3, 15)) + each for each in streams]


TARGET = Target("http-in", one, seeds, WORDS, longest=2500)
