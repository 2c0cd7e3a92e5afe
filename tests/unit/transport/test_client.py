"""The pool against providers over real sockets, good ones and scripted bad ones."""

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater

from esb.kernel.clock import ManualClock, SystemClock
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpAnswer, HttpCall, HttpRequest, HttpResponse
from esb.transport.client import ClientPool
from esb.transport.limits import ClientLimits, ServerLimits
from esb.transport.server import DoorFactory

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def a_call(port: int, timeout: float = 20, max_answer: int = 10**6, path: str = "/", body: bytes = b"<q/>") -> HttpCall:
    return HttpCall(f"http://127.0.0.1:{port}{path}", "text/xml", body, (), timeout, max_answer)


class Bench:
    """A pool, and calls on it made from the test's thread."""

    def __init__(self, thread: Any, limits: ClientLimits | None = None) -> None:
        self.thread = thread
        self.pool = ClientPool(thread.reactor, SystemClock(), None, limits)

    def call(self, call: HttpCall) -> HttpAnswer:
        return self.thread.run(lambda: self.pool.call(call))

    def refused(self, call: HttpCall) -> Refusal:
        with pytest.raises(Refusal) as caught:
            self.call(call)
        assert "127.0.0.1" not in caught.value.reason + str(caught.value.particulars)
        assert self.pool.in_flight == 0
        return caught.value


@pytest.fixture
def bench(reactor_thread: Any) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**limits: float) -> Bench:
        made.append(Bench(reactor_thread, ClientLimits(**limits)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        reactor_thread.run(one.pool.close)
        assert one.pool.connections == 0
        assert one.pool.in_flight == 0


@pytest.fixture
def good(reactor_thread: Any) -> Iterator[tuple[int, list[HttpRequest]]]:
    """A provider that behaves: echoes, and on /slow takes a while."""
    seen: list[HttpRequest] = []

    async def handler(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        if request.path == "/slow":
            await deferLater(reactor_thread.reactor, 0.1)
        if request.path == "/fault":
            return HttpResponse(500, "text/xml", b"<fault/>")
        return HttpResponse(200, "text/xml", request.body, (("X", "y"),))

    async def refuse(_: Refusal, __: HttpRequest) -> HttpResponse:
        return HttpResponse(413, "text/plain", b"")

    factory = DoorFactory(handler, refuse, ServerLimits(), reactor_thread.reactor, SystemClock())
    listener = reactor_thread.listen(factory)
    yield listener.getHost().port, seen

    async def stop() -> None:
        await listener.stopListening()
        await factory.drain()

    reactor_thread.run(stop)


def read_request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data or not data.endswith(b"<q/>"):
        piece = client.recv(65536)
        if not piece:
            return data
        data += piece
    return data


def until_cut(client: socket.socket) -> None:
    with contextlib.suppress(ConnectionError):
        client.recv(1)


def says(*answers: bytes) -> Callable[[socket.socket], None]:
    """A script that reads a request before each of ``answers``, then closes."""

    def script(client: socket.socket) -> None:
        for answer in answers:
            read_request(client)
            client.sendall(answer)

    return script


def test_a_call_is_answered_and_the_connection_kept(bench: Any, good: Any) -> None:
    port, seen = good
    one = bench()
    for size in (0, 10, 300_000):
        answer = one.call(a_call(port, body=b"x" * size))
        assert (answer.status, answer.body, answer.headers[b"x"]) == (200, b"x" * size, b"y")
    assert one.pool.connections == 1
    assert [request.headers[b"content-type"] for request in seen] == [b"text/xml"] * 3


def test_an_answer_of_any_status_is_an_answer(bench: Any, good: Any) -> None:
    answer = bench().call(a_call(good[0], path="/fault"))
    assert (answer.status, answer.body) == (500, b"<fault/>")


def test_a_redirect_is_not_followed(bench: Any, provider: Any) -> None:
    there = provider(says(b"HTTP/1.1 307 T\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"))
    assert bench().call(a_call(there.port)).status == 307


def test_many_calls_share_no_more_connections_than_allowed(bench: Any, good: Any) -> None:
    one = bench(per_host=3)
    bodies = [b"<%d/>" % n for n in range(30)]

    async def all_at_once() -> list[HttpAnswer]:
        calls = [Deferred.fromCoroutine(one.pool.call(a_call(good[0], path="/slow", body=body))) for body in bodies]
        assert one.pool.connections == 3
        return await gatherResults(calls)

    answers = one.thread.run(all_at_once)
    assert [answer.body for answer in answers] == bodies
    assert one.pool.connections == 3


def test_more_waiting_calls_than_allowed_are_refused_as_overload(bench: Any, good: Any) -> None:
    one = bench(per_host=1, waiting_per_host=1)

    async def three() -> list[str]:
        calls = [Deferred.fromCoroutine(one.pool.call(a_call(good[0], path="/slow"))) for _ in range(3)]
        outcomes = []
        for call in calls:
            try:
                outcomes.append(str((await call).status))
            except Refusal as refusal:
                outcomes.append(refusal.rule.id)
        return outcomes

    assert one.thread.run(three) == ["200", "200", "BUS-02"]


def test_a_call_that_waits_too_long_for_a_connection_was_not_sent(bench: Any, provider: Any) -> None:
    hold = threading.Event()

    def script(client: socket.socket) -> None:
        read_request(client)
        hold.wait(20)
        client.sendall(OK)

    there = provider(script)
    one = bench(per_host=1)

    async def two() -> str:
        first = Deferred.fromCoroutine(one.pool.call(a_call(there.port)))
        try:
            await one.pool.call(a_call(there.port, timeout=0.1))
        except Refusal as refusal:
            return refusal.rule.id
        finally:
            hold.set()
            await first
        return "answered"

    assert one.thread.run(two) == "BUS-02"


def test_nobody_listening(bench: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    refusal = bench().refused(a_call(port))
    assert (refusal.rule.id, refusal.particulars) == ("PRV-01", {"cause": "refused"})


def test_a_name_that_does_not_exist(bench: Any) -> None:
    one = bench()
    with pytest.raises(Refusal) as caught:
        one.call(HttpCall("http://no-such-host.invalid/", "text/xml", b"", (), 20, 1))
    assert caught.value.rule.id == "PRV-01"
    assert caught.value.particulars["cause"] == "dns"


def test_a_host_that_does_not_accept_in_time(bench: Any) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        others = [socket.socket() for _ in range(3)]
        for other in others:  # the queue of the kernel is full after these
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        refusal = bench(connect_seconds=0.3).refused(a_call(full.getsockname()[1]))
        for other in others:
            other.close()
    assert (refusal.rule.id, refusal.particulars) == ("PRV-01", {"cause": "timeout"})


def test_a_provider_that_does_not_answer_in_time_is_cut_off(bench: Any, provider: Any) -> None:
    cut = threading.Event()

    def script(client: socket.socket) -> None:
        read_request(client)
        until_cut(client)
        cut.set()

    there = provider(script)
    assert bench().refused(a_call(there.port, timeout=0.1)).rule.id == "PRV-02"
    assert cut.wait(20)


def test_a_provider_that_drips_its_answer_is_out_of_time_all_the_same(bench: Any, provider: Any) -> None:
    def script(client: socket.socket) -> None:
        read_request(client)
        try:
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"x" * 9999:
                client.sendall(bytes([byte]))
                threading.Event().wait(0.01)
        except OSError:
            pass

    assert bench().refused(a_call(provider(script).port, timeout=0.3)).rule.id == "PRV-02"


@pytest.mark.parametrize(
    ("answer", "rule", "particulars"),
    [
        (b"", "PRV-06", {"cause": "no-answer"}),
        (b"HTTP/1.1 200 OK\r\n", "PRV-06", {"cause": "cut-short"}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "PRV-06", {"cause": "cut-short"}),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "PRV-03", {"cause": "http"}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\n", "PRV-07", {"limit": "1000000"}),
    ],
)
def test_an_answer_that_is_none(
    bench: Any, provider: Any, answer: bytes, rule: str, particulars: dict[str, str]
) -> None:
    there = provider(says(answer))
    refusal = bench().refused(a_call(there.port))
    assert (refusal.rule.id, refusal.particulars) == (rule, particulars)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\n\r\nhi",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"hi", mtime=0),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong",
    ],
)
def test_an_unusual_answer(bench: Any, provider: Any, answer: bytes) -> None:
    assert bench().call(a_call(provider(says(answer)).port)).body == b"hi"


def test_an_answer_nobody_asked_for_never_meets_the_next_call(bench: Any, provider: Any) -> None:
    wrong = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
    gone = threading.Event()

    def unasked(client: socket.socket) -> None:
        read_request(client)
        client.sendall(OK)
        client.sendall(wrong)
        until_cut(client)
        gone.set()

    there = provider(unasked, says(OK))
    one = bench()
    assert one.call(a_call(there.port)).body == b"hi"
    assert gone.wait(20)
    assert one.call(a_call(there.port)).body == b"hi"
    assert there.accepted == 2


def test_a_connection_that_the_provider_closed_meanwhile_is_not_used(bench: Any, provider: Any) -> None:
    there = provider(*[says(OK)] * 5)
    one = bench()
    for _ in range(5):
        assert one.call(a_call(there.port)).body == b"hi"
        time.sleep(0.05)  # "meanwhile": a close that is still on its way when the request is written is PRV-06


def test_a_request_that_was_written_is_not_sent_again(bench: Any, provider: Any) -> None:
    """A kept connection that breaks after the second request: the provider may have acted on it."""
    seen: list[bytes] = []

    def script(client: socket.socket) -> None:
        seen.append(read_request(client))
        client.sendall(OK)
        seen.append(read_request(client))

    there = provider(script, says(OK))
    one = bench()
    one.call(a_call(there.port))
    assert one.refused(a_call(there.port)).rule.id == "PRV-06"
    assert len(seen) == 2
    assert there.accepted == 1


def test_giving_a_call_up_cuts_its_connection_and_the_next_call_gets_its_own_answer(bench: Any, provider: Any) -> None:
    arrived = threading.Event()

    def script(client: socket.socket) -> None:
        read_request(client)
        arrived.set()
        until_cut(client)

    there = provider(script, says(OK))
    one = bench()

    async def give_up() -> None:
        call = Deferred.fromCoroutine(one.pool.call(a_call(there.port)))
        call.addErrback(lambda failure: None)
        while not arrived.is_set():
            await deferLater(one.thread.reactor, 0.01)
        call.cancel()

    one.thread.run(give_up)
    assert one.pool.in_flight == 0
    assert one.call(a_call(there.port)).body == b"hi"


def test_a_waiting_call_can_be_given_up(bench: Any, good: Any) -> None:
    one = bench(per_host=1)

    async def work() -> HttpAnswer:
        first = Deferred.fromCoroutine(one.pool.call(a_call(good[0], path="/slow")))
        second = Deferred.fromCoroutine(one.pool.call(a_call(good[0])))
        second.addErrback(lambda failure: None)
        third = Deferred.fromCoroutine(one.pool.call(a_call(good[0], body=b"third")))
        second.cancel()
        await first
        return await third

    assert one.thread.run(work).body == b"third"
    assert len(good[1]) == 2


def test_unused_connections_are_let_go(bench: Any, good: Any) -> None:
    one = bench(idle_seconds=0.1)
    one.call(a_call(good[0]))

    async def until_none() -> None:
        while one.pool.connections:
            await deferLater(one.thread.reactor, 0.02)

    one.thread.run(until_none)


def test_a_closed_pool_takes_no_calls_and_ends_those_under_way(bench: Any, provider: Any) -> None:
    def script(client: socket.socket) -> None:
        read_request(client)
        until_cut(client)

    there = provider(script)
    one = bench()

    async def work() -> list[str]:
        call = Deferred.fromCoroutine(one.pool.call(a_call(there.port)))
        await deferLater(one.thread.reactor, 0.05)
        closing = Deferred.fromCoroutine(one.pool.close())
        rules = []
        for under_way in (call, Deferred.fromCoroutine(one.pool.call(a_call(there.port)))):
            try:
                await under_way
            except Refusal as refusal:
                rules.append(refusal.rule.id)
        await closing
        return rules

    assert one.thread.run(work) == ["BUS-04", "BUS-04"]


def test_https_needs_anchors(reactor_thread: Any) -> None:
    pool = ClientPool(reactor_thread.reactor, ManualClock(), None)
    with pytest.raises(Refusal) as caught:
        reactor_thread.run(lambda: pool.call(HttpCall("https://p/", "text/xml", b"", (), 1, 1)))
    assert (caught.value.rule.id, caught.value.particulars) == ("PRV-01", {"cause": "tls"})
