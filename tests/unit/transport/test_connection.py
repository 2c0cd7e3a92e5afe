"""Connections driven without sockets; real ones are in test_server.py."""

import gzip
from collections.abc import Awaitable, Callable

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from esb.kernel import rules
from esb.kernel.clock import ManualClock
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpRequest, HttpResponse
from esb.transport.limits import ServerLimits
from esb.transport.server import DoorFactory

GET = b"GET /a?b HTTP/1.1\r\nHost: bus\r\n"
POST = b"POST / HTTP/1.1\r\nHost: bus\r\n"


class Wire(StringTransport):
    half_closed = False

    def loseWriteConnection(self) -> None:
        self.half_closed = True


class Talk:
    def __init__(self, handler: Callable[[HttpRequest], Awaitable[HttpResponse]] | None = None) -> None:
        self.seen: list[HttpRequest] = []
        self.refused: list[tuple[Refusal, HttpRequest]] = []
        self.factory = DoorFactory(
            handler or self.handle, self.refuse, ServerLimits(body_bytes=5000), Clock(), ManualClock()
        )
        self.connection = self.factory.buildProtocol(None)
        self.wire = Wire()
        self.connection.makeConnection(self.wire)

    async def handle(self, request: HttpRequest) -> HttpResponse:
        self.seen.append(request)
        return HttpResponse(200, "text/xml", b"<answer>" + request.body + b"</answer>")

    async def refuse(self, refusal: Refusal, request: HttpRequest) -> HttpResponse:
        self.refused.append((refusal, request))
        return HttpResponse(500, "text/xml", b"<fault/>")

    def say(self, data: bytes) -> bytes:
        self.wire.clear()
        self.connection.dataReceived(data)
        return self.wire.value()

    @property
    def ended(self) -> bool:
        return self.wire.half_closed or self.wire.disconnecting or self.wire.disconnected


def test_a_request_reaches_the_handler_whole() -> None:
    talk = Talk()
    talk.say(b"POST /a/b?c=d HTTP/1.1\r\nHost: bus\r\nX: y\r\nContent-Length: 4\r\n\r\n<q/>")
    (request,) = talk.seen
    assert (request.method, request.path, request.query, request.body) == ("POST", "/a/b", "c=d", b"<q/>")
    assert request.headers == {b"host": b"bus", b"x": b"y", b"content-length": b"4"}
    assert (request.peer.address, request.peer.tls, request.peer.certificate_sha256) == ("192.168.1.1", False, None)


def test_answers_keep_the_order_of_requests_sent_ahead() -> None:
    talk = Talk()
    answer = talk.say(b"".join(POST + b"Content-Length: 1\r\n\r\n%d" % n for n in range(5)))
    assert [part[8:9] for part in answer.split(b"\r\n\r\n")[1:]] == [b"0", b"1", b"2", b"3", b"4"]
    assert not talk.ended


def test_the_next_request_waits_for_the_answer_before_it() -> None:
    gates: list[Deferred[HttpResponse]] = []

    async def handler(_: HttpRequest) -> HttpResponse:
        gates.append(Deferred())
        return await gates[-1]

    talk = Talk(handler)
    assert talk.say((GET + b"\r\n") * 2) == b""
    assert len(gates) == 1
    gates[0].callback(HttpResponse(200, "text/plain", b"one"))
    assert len(gates) == 2
    gates[1].callback(HttpResponse(200, "text/plain", b"two"))
    assert talk.wire.value().index(b"one") < talk.wire.value().index(b"two")


@pytest.mark.parametrize("head", [b"GET / HTTP/1.0\r\n", GET + b"Connection: close\r\n"])
def test_the_connection_ends_after_the_answer_where_the_client_says_so(head: bytes) -> None:
    talk = Talk()
    assert b"\r\nConnection: close\r\n" in talk.say(head + b"\r\n" + GET + b"\r\n")
    assert len(talk.seen) == 1
    assert talk.ended


def test_http_1_0_is_told_that_the_connection_stays() -> None:
    talk = Talk()
    assert b"\r\nConnection: keep-alive\r\n" in talk.say(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert not talk.ended


def test_leave_to_send_comes_before_the_answer() -> None:
    talk = Talk()
    assert talk.say(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert talk.say(b"hi").startswith(b"HTTP/1.1 200 OK\r\n")


def test_head_has_no_body() -> None:
    talk = Talk()
    answer = talk.say(b"HEAD / HTTP/1.1\r\nHost: bus\r\n\r\n")
    assert b"Content-Length: 17\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_gzip_goes_out_when_asked_for_and_worth_it() -> None:
    talk = Talk()
    big, small = b"x" * 2000, b"x"
    asked = POST + b"Accept-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
    head, _, body = talk.say(asked % (len(big), big)).partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert gzip.decompress(body) == b"<answer>" + big + b"</answer>"
    assert b"Content-Encoding" not in talk.say(asked % (len(small), small))
    assert b"Content-Encoding" not in talk.say(POST + b"Content-Length: %d\r\n\r\n%b" % (len(big), big))


def test_what_the_transport_refuses_is_answered_by_the_bus() -> None:
    talk = Talk()
    answer = talk.say(POST + b"SOAPAction: x\r\nContent-Length: 5001\r\n\r\nbegin")
    ((refusal, request),) = talk.refused
    assert refusal.rule is rules.SIZE
    assert (request.path, request.body, request.headers[b"soapaction"]) == ("/", b"", b"x")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.endswith(b"<fault/>")
    assert talk.wire.half_closed  # the rest is still read, so that the client reads the fault
    assert not talk.wire.disconnecting
    talk.connection.readConnectionLost()
    assert talk.wire.disconnecting


def test_a_refusal_raised_by_the_handler_is_answered_by_the_bus_and_the_connection_stays() -> None:
    async def handler(_: HttpRequest) -> HttpResponse:
        raise Refusal(rules.HTTP_MEDIA, "no")

    talk = Talk(handler)
    assert talk.say(GET + b"\r\n").endswith(b"<fault/>")
    assert [refusal.rule for refusal, _ in talk.refused] == [rules.HTTP_MEDIA]
    assert not talk.ended


@pytest.mark.parametrize(
    "response", [None, HttpResponse(200, "text/xml", b"", (("X", "a\r\nb"),)), HttpResponse(99, "text/xml", b"")]
)
def test_a_handler_that_breaks_is_answered_with_nothing_of_its_error(response: HttpResponse | None) -> None:
    async def handler(_: HttpRequest) -> HttpResponse:
        if response is None:
            raise RuntimeError("secret")
        return response

    talk = Talk(handler)
    answer = talk.say(GET + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"secret" not in answer
    assert talk.ended
    assert talk.factory.in_flight == 0


def test_a_client_that_closes_its_half_still_gets_its_answer() -> None:
    gate: Deferred[HttpResponse] = Deferred()

    async def handler(_: HttpRequest) -> HttpResponse:
        return await gate

    talk = Talk(handler)
    talk.say(GET + b"\r\n")
    talk.connection.readConnectionLost()
    assert not talk.ended
    gate.callback(HttpResponse(200, "text/plain", b"late"))
    assert talk.wire.value().endswith(b"late")
    assert talk.ended


@pytest.mark.parametrize("data", [b"", b"GET /", POST + b"Content-Length: 5\r\n\r\nhe"])
def test_a_client_that_closes_its_half_without_a_whole_request_is_let_go(data: bytes) -> None:
    talk = Talk()
    if data:
        talk.say(data)
    talk.connection.readConnectionLost()
    assert talk.wire.disconnecting
    assert talk.seen == []


def test_a_client_that_goes_away_does_not_stop_the_handler_nor_get_an_answer() -> None:
    gate: Deferred[HttpResponse] = Deferred()
    finished: list[bool] = []

    async def handler(_: HttpRequest) -> HttpResponse:
        response = await gate
        finished.append(True)
        return response

    talk = Talk(handler)
    talk.say(GET + b"\r\n")
    talk.connection.connectionLost()
    assert (talk.factory.connections, talk.factory.in_flight) == (0, 1)
    gate.callback(HttpResponse(200, "text/plain", b""))
    assert finished == [True]
    assert talk.factory.in_flight == 0
    assert talk.wire.value() == b""
