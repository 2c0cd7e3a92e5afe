"""The listener over real sockets."""

import gzip
import http.client
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater
from twisted.internet.testing import StringTransport

from esb.kernel.clock import ManualClock, SystemClock
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpRequest, HttpResponse
from esb.transport.limits import ServerLimits
from esb.transport.server import DoorFactory

LIMITS = ServerLimits(body_bytes=200_000, inflated_bytes=300_000, linger_seconds=1)


@dataclass
class Served:
    port: int
    factory: DoorFactory
    listener: Any


@pytest.fixture
def served(reactor_thread: Any) -> Iterator[Served]:
    async def handler(request: HttpRequest) -> HttpResponse:
        if request.path == "/slow":
            await deferLater(reactor_thread.reactor, 0.2)
        if request.path == "/big":
            return HttpResponse(200, "text/plain", b"x" * 20_000_000)
        return HttpResponse(200, "text/xml", b"<%d/>" % len(request.body))

    async def refuse(refusal: Refusal, request: HttpRequest) -> HttpResponse:
        return HttpResponse(500, "text/xml", refusal.rule.id.encode())

    factory = DoorFactory(handler, refuse, LIMITS, reactor_thread.reactor, SystemClock())
    listener = reactor_thread.listen(factory)
    yield Served(listener.getHost().port, factory, listener)

    async def stop() -> None:
        if not factory.draining:
            await listener.stopListening()
        await factory.drain()

    reactor_thread.run(stop)


def exchange(port: int, data: bytes) -> bytes:
    """Send ``data`` and read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(data)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_an_ordinary_client_is_served_on_one_connection(served: Served) -> None:
    client = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    for size in (0, 1, 70_000, 200_000):
        client.request("POST", "/", b"x" * size)
        assert client.getresponse().read() == b"<%d/>" % size
    client.request(
        "POST", "/", iter([b"x" * 1000] * 150), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
    )
    assert client.getresponse().read() == b"<150000/>"
    client.request("POST", "/", gzip.compress(b"x" * 250_000, mtime=0), headers={"Content-Encoding": "gzip"})
    assert client.getresponse().read() == b"<250000/>"
    assert served.factory.connections == 1
    client.close()


def test_curl_is_served(served: Served, tmp_path: Any) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"x" * 150_000)
    url = f"http://127.0.0.1:{served.port}/"
    for options in (
        ["--data-binary", f"@{body}", "-H", "Expect: 100-continue"],
        ["--data-binary", f"@{body}", "-H", "Transfer-Encoding: chunked"],
        ["--data-binary", f"@{body}", "--http1.0"],
        ["--data-binary", f"@{body}", "--http2"],
        ["--data-binary", f"@{body}", "--compressed"],
    ):
        done = subprocess.run(["curl", "-sS", *options, url, url], capture_output=True, timeout=60)
        assert (done.stdout, done.stderr) == (b"<150000/>" * 2, b""), options


def test_curl_reads_the_refusal_of_a_body_that_is_too_large(served: Served, tmp_path: Any) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"x" * 5_000_000)
    url = f"http://127.0.0.1:{served.port}/"
    for options in ([], ["-H", "Expect: 100-continue"], ["-H", "Transfer-Encoding: chunked"]):
        done = subprocess.run(
            ["curl", "-sS", "--data-binary", f"@{body}", *options, url], capture_output=True, timeout=60
        )
        assert done.stdout == b"MSG-04", (options, done.stderr)


def test_a_client_that_sends_everything_before_it_reads_still_reads_the_refusal(served: Served) -> None:
    head = b"POST / HTTP/1.1\r\nHost: bus\r\nContent-Length: 300000\r\n\r\n"
    assert exchange(served.port, head + b"x" * 200_000).endswith(b"MSG-04")


def test_a_bad_request_is_answered_and_the_connection_closed(served: Served) -> None:
    assert exchange(served.port, b"GET / HTTP/1.1\n\n").startswith(b"HTTP/1.1 400 ")


def test_a_client_that_closes_its_half_gets_its_answer(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: bus\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        assert b"".join(iter(lambda: client.recv(65536), b"")).endswith(b"<0/>")


def test_a_large_answer_reaches_a_slow_reader_whole(served: Served) -> None:
    request = b"GET /big HTTP/1.1\r\nHost: bus\r\nConnection: close\r\n\r\n"
    assert len(exchange(served.port, request).partition(b"\r\n\r\n")[2]) == 20_000_000


def test_a_large_answer_is_compressed_off_the_reactor(served: Served) -> None:
    request = b"GET /big HTTP/1.1\r\nHost: bus\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n"
    head, _, body = exchange(served.port, request).partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert len(gzip.decompress(body)) == 20_000_000


def test_draining_answers_what_is_under_way_and_closes_what_is_idle(served: Served, reactor_thread: Any) -> None:
    idle = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    busy = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    client = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    client.request("GET", "/")  # its answer tells that the connections before it have been accepted
    client.getresponse().read()
    busy.request("GET", "/slow")

    async def drain() -> None:
        while not served.factory.in_flight:
            await deferLater(reactor_thread.reactor, 0.01)
        await served.listener.stopListening()
        await served.factory.drain()

    reactor_thread.run(drain)
    assert (served.factory.connections, served.factory.in_flight) == (0, 0)
    assert idle.recv(1) == b""
    answer = busy.getresponse()
    assert (answer.status, answer.headers["Connection"]) == (200, "close")
    with pytest.raises(OSError, match=r"refused"):
        socket.create_connection(("127.0.0.1", served.port), timeout=20)
    idle.close()
    client.close()


def door(limits: ServerLimits = LIMITS) -> tuple[DoorFactory, Clock]:
    async def handler(_: HttpRequest) -> HttpResponse:
        return await Deferred()

    async def refuse(_: Refusal, __: HttpRequest) -> HttpResponse:
        return HttpResponse(500, "", b"")

    reactor = Clock()
    return DoorFactory(handler, refuse, limits, reactor, ManualClock()), reactor


def test_connections_are_counted_and_nothing_ticks_without_one() -> None:
    factory, reactor = door()
    assert reactor.getDelayedCalls() == []
    connections = []
    for _ in range(3):
        connection = factory.buildProtocol(None)
        connection.makeConnection(StringTransport())
        connections.append(connection)
    assert factory.connections == 3
    assert len(reactor.getDelayedCalls()) == 1
    connections[0].dataReceived(b"GET / HTTP/1.1\r\nHost: bus\r\n\r\n")
    assert factory.in_flight == 1
    for connection in connections:
        connection.connectionLost()
    assert factory.connections == 0
    assert reactor.getDelayedCalls() == []


def test_shed_connections_end_with_their_next_answer_and_new_ones_stay(served: Served, reactor_thread: Any) -> None:
    old, new = (http.client.HTTPConnection("127.0.0.1", served.port) for _ in range(2))
    old.request("GET", "/")
    answer = old.getresponse()
    assert (answer.getheader("connection"), answer.read()) == (None, b"<0/>")

    async def shed() -> None:
        served.factory.shed()

    reactor_thread.run(shed)
    for connection, said in ((new, None), (old, "close"), (new, None)):
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("connection"), answer.read()) == (200, said, b"<0/>")
    for connection in (old, new):
        connection.close()


def test_an_idle_connection_may_send_one_more_request_while_it_is_drained(served: Served, reactor_thread: Any) -> None:
    """And one that says nothing is closed when its time is over, or when there is suddenly less of it."""
    asks, silent = (
        http.client.HTTPConnection("127.0.0.1", served.port),
        http.client.HTTPConnection("127.0.0.1", served.port),
    )
    for each in (asks, silent):
        each.request("GET", "/")
        each.getresponse().read()
    drained: list[Deferred[None]] = []

    async def drain() -> None:
        await served.listener.stopListening()
        drained.append(served.factory.drain(3600))

    reactor_thread.run(drain)
    asks.request("GET", "/")
    answer = asks.getresponse()
    assert (answer.status, answer.getheader("connection"), answer.read()) == (200, "close", b"<0/>")
    assert not drained[0].called

    async def hurry() -> None:
        await served.factory.drain(0.1)

    reactor_thread.run(hurry)
    assert drained[0].called
    assert silent.sock.recv(1) == b""
    for each in (asks, silent):
        each.close()


def test_a_drained_door_with_nobody_in_it_is_done_at_once_and_lets_nobody_in() -> None:
    factory, _ = door()
    done: list[None] = []
    factory.drain().addCallback(done.append)
    factory.drain().addCallback(done.append)
    assert done == [None, None]
    wire = StringTransport()
    factory.buildProtocol(None).makeConnection(wire)
    assert wire.disconnected or wire.disconnecting
    assert factory.connections == 0


def test_a_door_is_not_drained_while_a_handler_runs_for_a_client_that_left() -> None:
    factory, _ = door(replace(LIMITS))
    connection = factory.buildProtocol(None)
    connection.makeConnection(StringTransport())
    connection.dataReceived(b"GET / HTTP/1.1\r\nHost: bus\r\n\r\n")
    connection.connectionLost()
    done: list[None] = []
    factory.drain().addCallback(done.append)
    assert done == []
    factory.ended()
    assert done == [None]
