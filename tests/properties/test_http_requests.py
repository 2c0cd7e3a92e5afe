"""What must hold for every stream of bytes that a client can send."""

import string
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from esb.kernel.clock import ManualClock
from esb.kernel.http import HttpRequest, HttpResponse
from esb.transport.framing import BadRequest
from esb.transport.limits import ServerLimits
from esb.transport.requests import Refused, RequestReader, Whole
from esb.transport.server import DoorFactory

LIMITS = ServerLimits(body_bytes=2000, header_bytes=4000)
TOKEN = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
TEXT = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A lawful request, and its body."""
    method = draw(st.sampled_from(["POST", "PUT", "GET", "DELETE", "OPTIONS"]))
    path = "/" + draw(st.text(string.ascii_letters + string.digits + "/._~%-!$&'()*+,;=:@", max_size=30))
    names = draw(st.lists(st.text(TOKEN, min_size=1, max_size=10).map(lambda name: "X-" + name), max_size=5))
    lines = [f"{name}:{draw(st.sampled_from(['', ' ', chr(9)]))}{draw(TEXT)}" for name in names]
    body = draw(st.binary(max_size=200))
    if draw(st.booleans()):
        lines.append(f"Content-Length: {len(body)}")
        wire = body
    else:
        lines.append("Transfer-Encoding: chunked")
        cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=4)))
        pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        wire = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"
    lines.append("Host: bus")
    head = "\r\n".join([f"{method} {path} HTTP/1.1", *draw(st.permutations(lines))])
    return head.encode("ascii") + b"\r\n\r\n" + wire, body


def read(pieces: list[bytes]) -> list[Any]:
    """Every event of a stream, and what ended it."""
    reader, events = RequestReader(LIMITS), []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (event := reader.next()) is not None:
                events.append(event)
                if isinstance(event, Refused):
                    return [*events[:-1], (event.head, event.refusal.rule)]
    except BadRequest:
        events.append("refused")
    return events


def cut(data: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({place % (len(data) + 1) for place in places})
    return [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]


class Seen:
    """What llhttp alone makes of a stream."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def on_message_begin(self) -> None:
        self.bodies.append(b"")

    def on_body(self, data: bytes) -> None:
        self.bodies[-1] += data


@given(st.lists(requests(), min_size=1, max_size=4), st.lists(st.integers(0, 10**4), max_size=20))
def test_a_stream_of_lawful_requests_is_read_the_same_however_it_is_cut(
    sent: list[tuple[bytes, bytes]], places: list[int]
) -> None:
    data = b"".join(wire for wire, _ in sent)
    events = read([data])
    assert [event.body for event in events if isinstance(event, Whole)] == [body for _, body in sent]
    assert read(cut(data, places)) == events
    assert read([data[at : at + 1] for at in range(len(data))]) == events


@given(st.lists(requests(), min_size=1, max_size=3))
def test_what_is_taken_is_what_llhttp_would_have_taken(sent: list[tuple[bytes, bytes]]) -> None:
    other = Seen()
    HttpRequestParser(other).feed_data(b"".join(wire for wire, _ in sent))
    assert other.bodies == [body for _, body in sent]


PIECES = st.sampled_from(
    b"Content-Length: 3\r\n|content-length:5\r\n|Transfer-Encoding: chunked\r\n|Transfer-Encoding: gzip\r\n|0\r\n\r\n|"
    b"Expect: 100-continue\r\n|Connection: close\r\n|Connection: upgrade\r\n|Upgrade: h2c\r\n|3\r\nabc\r\n|5;x\r\n|"
    b"Content-Encoding: gzip\r\n|GET /a HTTP/1.1\r\nHost: bus\r\n\r\n|"
    b"\r\n\r\n|\r\n|\n|\r| |\t|:|;|,|\x00|\xff".split(b"|")
)


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """Lawful requests with a few places spoilt."""
    data = b"".join(wire for wire, _ in draw(st.lists(requests(), min_size=1, max_size=3)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(PIECES | st.binary(max_size=4)) + data[at + draw(st.integers(0, 3)) :]
    return data


@given(mangled(), st.lists(st.integers(0, 10**4), max_size=10))
def test_any_stream_gives_the_same_requests_however_it_is_cut(data: bytes, places: list[int]) -> None:
    """Where the stream is broken, what came before the break is the same; only the break may show earlier."""
    whole, parts = read([data]), read(cut(data, places))
    assert [event for event in whole if isinstance(event, Whole)] == [
        event for event in parts if isinstance(event, Whole)
    ]


@given(mangled())
def test_what_is_taken_of_any_stream_llhttp_reads_the_same(data: bytes) -> None:
    """The other way round would be smuggling: our reader believes a request that a strict parser does not see."""
    ours = [event.body for event in read([data]) if isinstance(event, Whole)]
    other = Seen()
    try:
        HttpRequestParser(other).feed_data(data)
    except HttpParserUpgrade:
        return  # llhttp stops at an offered upgrade, which we ignore as the RFC allows
    except HttpParserError:
        pass
    if b"onnection: close" not in data and b"HTTP/1.0" not in data:  # llhttp stops there; the connection does as well
        assert other.bodies[: len(ours)] == ours


@given(st.lists(PIECES | st.binary(max_size=50) | mangled(), max_size=5))
def test_no_stream_makes_a_connection_raise_or_answer_out_of_order(pieces: list[bytes]) -> None:
    async def handler(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, "text/plain", b"served")

    async def refuse(_: object, __: HttpRequest) -> HttpResponse:
        return HttpResponse(413, "text/plain", b"refused")

    class Wire(StringTransport):
        half_closed = False

        def loseWriteConnection(self) -> None:
            self.half_closed = True

    clock, reactor = ManualClock(), Clock()
    factory = DoorFactory(handler, refuse, LIMITS, reactor, clock)
    connection, wire = factory.buildProtocol(None), Wire()
    connection.makeConnection(wire)
    for piece in pieces:
        connection.dataReceived(piece)
    for _ in range(100):
        clock.advance(10)
        reactor.advance(1)
    assert wire.half_closed or wire.disconnecting or wire.disconnected
    said = wire.value()
    assert said == b"" or said.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 1", b"HTTP/1.1 4", b"HTTP/1.1 5"))
    assert factory.in_flight == 0
