"""Clients that are slow, silent or greedy on purpose: each is cut off, and holds no more than its limit meanwhile."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from esb.kernel.clock import ManualClock
from esb.kernel.http import HttpRequest, HttpResponse
from esb.transport.limits import ServerLimits
from esb.transport.server import DoorFactory

LIMITS = ServerLimits(
    header_seconds=10, body_seconds=20, slowest_rate=100, idle_seconds=60, write_seconds=15, linger_seconds=5
)
HEAD = b"POST / HTTP/1.1\r\nHost: bus\r\n"


class Wire(StringTransport):
    half_closed = aborted = False

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def abortConnection(self) -> None:
        self.aborted = True
        super().abortConnection()


class Scene:
    """One connection, and time that moves when it is told to."""

    def __init__(self, limits: ServerLimits = LIMITS, body: bytes = b"served") -> None:
        self.clock, self.reactor = ManualClock(), Clock()
        self.seen: list[HttpRequest] = []
        self.body = body
        self.factory = DoorFactory(self.handle, self.refuse, limits, self.reactor, self.clock)
        self.connection = self.factory.buildProtocol(None)
        self.wire = Wire()
        self.connection.makeConnection(self.wire)

    async def handle(self, request: HttpRequest) -> HttpResponse:
        self.seen.append(request)
        return HttpResponse(200, "text/plain", self.body)

    async def refuse(self, refusal: object, request: HttpRequest) -> HttpResponse:
        return HttpResponse(413, "text/plain", b"refused")

    def wait(self, seconds: int, each: Callable[[], None] = lambda: None) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            self.reactor.advance(1)
            each()

    @property
    def ended(self) -> bool:
        return self.wire.half_closed or self.wire.disconnecting or self.wire.disconnected


def test_a_connection_that_says_nothing_is_closed_without_a_word() -> None:
    scene = Scene()
    scene.wait(9)
    assert not scene.ended
    scene.wait(2)
    assert scene.ended
    assert scene.wire.value() == b""


def test_a_head_that_drips_in_is_cut_off_although_bytes_keep_coming() -> None:
    scene = Scene()
    scene.connection.dataReceived(HEAD)
    scene.wait(11, lambda: scene.ended or scene.connection.dataReceived(b"X: a\r\n"))
    assert scene.wire.value().startswith(b"HTTP/1.1 408 ")
    assert scene.ended
    assert scene.seen == []


def test_a_body_that_drips_in_is_cut_off_although_bytes_keep_coming() -> None:
    scene = Scene()
    scene.connection.dataReceived(HEAD + b"Content-Length: 5000\r\n\r\n")
    scene.wait(30, lambda: scene.ended or scene.connection.dataReceived(b"x"))
    assert scene.wire.value().startswith(b"HTTP/1.1 408 ")
    assert scene.seen == []


def test_chunks_of_one_byte_that_drip_in_are_cut_off() -> None:
    scene = Scene()
    scene.connection.dataReceived(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    scene.wait(30, lambda: scene.ended or scene.connection.dataReceived(b"1\r\nx\r\n"))
    assert scene.wire.value().startswith(b"HTTP/1.1 408 ")


def test_a_slow_line_that_keeps_the_lowest_rate_is_served() -> None:
    scene = Scene()
    scene.connection.dataReceived(HEAD + b"Content-Length: 6000\r\n\r\n")
    scene.wait(60, lambda: scene.connection.dataReceived(b"x" * 100))
    assert [len(request.body) for request in scene.seen] == [6000]


def test_an_idle_connection_is_closed_after_its_time_and_not_before() -> None:
    scene = Scene()
    scene.connection.dataReceived(HEAD + b"\r\n")
    scene.wait(59)
    assert not scene.ended
    scene.wait(2)
    assert scene.ended
    assert scene.wire.value().count(b"HTTP/1.1") == 1


def test_a_reader_that_does_not_read_its_answer_is_cut_off() -> None:
    scene = Scene(body=b"x" * 1000)
    scene.connection.dataReceived(HEAD + b"\r\n")
    scene.connection.pauseProducing()  # what Twisted says when the socket takes no more
    scene.wait(15 + 1000 // 100)
    assert not scene.wire.aborted
    scene.wait(3)
    assert scene.wire.aborted


def test_a_reader_that_catches_up_is_served_on() -> None:
    scene = Scene(body=b"x" * 1000)
    scene.connection.dataReceived(HEAD + b"\r\n")
    scene.connection.pauseProducing()
    scene.connection.dataReceived(HEAD + b"\r\n")
    assert len(scene.seen) == 1
    scene.connection.resumeProducing()
    assert len(scene.seen) == 2
    scene.wait(30)
    assert not scene.wire.aborted


def test_requests_sent_ahead_without_reading_answers_stop_being_read() -> None:
    scene = Scene(body=b"x" * 1000)
    scene.connection.dataReceived(HEAD + b"\r\n")
    scene.connection.pauseProducing()
    sent = 0
    while scene.wire.producerState == "producing" and sent < 10_000_000:
        scene.connection.dataReceived(HEAD + b"\r\n")
        sent += len(HEAD) + 2
    assert sent < LIMITS.pipelined_bytes + 1000
    assert len(scene.seen) == 1


def test_requests_sent_ahead_while_one_is_handled_stop_being_read_and_go_on_after() -> None:
    scene = Scene()
    gate: Deferred[HttpResponse] = Deferred()
    first = iter([gate])
    usual = scene.handle

    async def handle(request: HttpRequest) -> HttpResponse:
        answer = await usual(request)
        held = next(first, None)
        return answer if held is None else await held

    scene.factory.handler = handle
    count = 0
    while scene.wire.producerState == "producing":
        scene.connection.dataReceived(HEAD + b"X: %d\r\n\r\n" % count)
        count += 1
    assert len(scene.seen) == 1
    gate.callback(HttpResponse(200, "text/plain", b"first"))
    assert [request.headers.get(b"x") for request in scene.seen] == [b"%d" % n for n in range(count)]
    assert scene.wire.producerState == "producing"


def test_a_handler_may_take_longer_than_every_limit() -> None:
    scene = Scene()
    gate: Deferred[HttpResponse] = Deferred()

    async def handle(_: HttpRequest) -> HttpResponse:
        return await gate

    scene.factory.handler = handle
    scene.connection.dataReceived(HEAD + b"\r\n")
    scene.wait(1000)
    assert not scene.ended
    gate.callback(HttpResponse(200, "text/plain", b"late"))
    assert scene.wire.value().endswith(b"late")


def test_a_client_that_goes_on_sending_after_a_refusal_is_heard_out_only_so_long() -> None:
    scene = Scene(replace(LIMITS, body_bytes=1000))
    scene.connection.dataReceived(HEAD + b"Content-Length: 100000\r\n\r\n")
    assert scene.wire.value().startswith(b"HTTP/1.1 413 ")
    assert scene.wire.half_closed
    scene.wait(4, lambda: scene.connection.dataReceived(b"x" * 100))
    assert not scene.wire.aborted
    scene.wait(2)
    assert scene.wire.aborted


def test_a_client_that_floods_after_a_refusal_stops_being_read() -> None:
    scene = Scene(replace(LIMITS, body_bytes=1000))
    scene.connection.dataReceived(HEAD + b"Content-Length: 100000\r\n\r\n")
    for _ in range(11):
        scene.connection.dataReceived(b"x" * 100)
    assert scene.wire.producerState == "paused"


def test_thousands_of_requests_in_one_packet_do_not_exhaust_the_stack() -> None:
    scene = Scene(replace(LIMITS, pipelined_bytes=10**6))
    scene.connection.dataReceived((HEAD + b"\r\n") * 5000)
    assert len(scene.seen) == 5000


@pytest.mark.parametrize("piece", [b"A" * 1000, b"A: b\r\n" * 100])
def test_a_head_without_end_is_refused_at_its_limit(piece: bytes) -> None:
    scene = Scene()
    scene.connection.dataReceived(HEAD)
    sent = 0
    while not scene.ended:
        scene.connection.dataReceived(piece)
        sent += len(piece)
    assert sent <= LIMITS.header_bytes + len(piece)
    assert scene.wire.value().startswith(b"HTTP/1.1 431 ")


def test_connections_above_the_cap_get_503_and_those_far_above_nothing() -> None:
    limits = replace(LIMITS, connections=2, refused_connections=1)
    scene = Scene(limits)
    wires = []
    for _ in range(3):
        wire = Wire()
        scene.factory.buildProtocol(None).makeConnection(wire)
        wires.append(wire)
    assert wires[0].value() == b""
    assert wires[1].value().startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: 1\r\n" in wires[1].value()
    assert wires[2].value() == b""
    assert wires[2].aborted
    assert scene.factory.connections == 3
