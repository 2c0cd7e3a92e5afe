"""One worker: it accepts where it is told, and leaves, retires and ends as it is told."""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.client import post
from support.place import PERSONS, Place, make_place
from support.provider import Delivered, Given, Provider, persons
from support.reactor import on_reactor, reactor

from esb.endpoints.services import hosted_adapter
from esb.server import Server
from esb.supervision.channel import BEAT, HURRY, NOW, READY, RETIRE, Channel, make_channel
from esb.supervision.sockets import listening_sockets
from esb.wiring import wire
from esb.worker import Attendant

PATH = f"/services/{PERSONS.text}"


class Worker:
    """A worker in this process, and its supervisor's end of the channel."""

    def __init__(self, place: Place, idle_seconds: float = 75.0) -> None:
        settings = replace(place.settings, door=replace(place.settings.door, idle_seconds=idle_seconds))
        self.sockets = listening_sockets("127.0.0.1", 0, 2)
        self.port = self.sockets[0].getsockname()[1]
        mine, its = make_channel()
        self.supervisor = Channel(mine)
        self.stopped = threading.Event()
        self.said: list[tuple[str, str]] = []
        server = Server(on_reactor(lambda: wire(settings, reactor, place.clock, hosted_adapter)), reactor)
        worker = self

        class Reactor:
            """The tests' own, which goes on when a worker has ended."""

            def __getattr__(self, name: str) -> Any:
                return getattr(reactor, name)

            def stop(self) -> None:
                assert not worker.stopped.is_set(), "a reactor that was stopped cannot be stopped again"
                worker.stopped.set()

        self.server = server
        self.attendant = Attendant(server, Channel(its), [each.dup() for each in self.sockets], Reactor())
        on_reactor(server.begin)
        on_reactor(self.attendant.start)

    def tell(self, word: str, what: object = "") -> None:
        self.supervisor.say(word, what)
        time.sleep(0.1)
        on_reactor(lambda: None)

    def heard(self) -> list[str]:
        self.said += self.supervisor.hear() or []
        return [word for word, _ in self.said]

    def status(self, seconds: float = 10) -> int:
        """Of one question over a fresh connection; 0 when nobody answers in time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status
        except TimeoutError:
            return 0
        finally:
            connection.close()

    def close(self) -> None:
        on_reactor(self.server.stop)
        for each in self.sockets:
            each.close()
        self.supervisor.close()


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Place:
    return make_place(tmp_path_factory.mktemp("worker") / "home", provider)


@pytest.fixture
def worker(place: Place) -> Iterator[Worker]:
    place.provider.reset()
    worker = Worker(place)
    yield worker
    worker.close()


def test_it_is_ready_first_and_accepts_only_when_told(worker: Worker) -> None:
    assert worker.heard()[:2] == [READY, BEAT]
    assert worker.status(0.3) == 0
    worker.tell("serve", 0)
    worker.tell("serve", 0)  # once more is no more
    worker.tell("serve", 1)
    # What waited in the queue is served too.
    assert [worker.status() for _ in range(20)] == [200] * 20
    worker.tell("leave", 0)
    worker.tell("leave", 1)
    assert worker.status(0.3) == 0
    worker.tell("leave", 1)
    assert not worker.stopped.is_set()


def test_who_came_while_it_served_anothers_share_too_comes_again(worker: Worker) -> None:
    """Else kept-alive clients would stay with the one that served alone, and the other would have nothing to do."""
    worker.tell("serve", 0)
    worker.tell("serve", 1)
    kept = http.client.HTTPConnection("127.0.0.1", worker.port, timeout=10)
    for told, said in (((), None), (("leave", 1), "close")):
        if told:
            worker.tell(*told)
        kept.request("GET", "/healthz")
        answer = kept.getresponse()
        assert (answer.status, answer.getheader("connection"), answer.read()) == (200, said, b"ok\n")
    kept.close()


def test_without_a_supervisor_it_ends(worker: Worker) -> None:
    worker.tell("serve", 0)
    worker.supervisor.close()
    assert worker.stopped.wait(20)


def test_a_retired_one_answers_what_was_begun_and_one_more(worker: Worker, place: Place) -> None:
    arrived, released = threading.Event(), threading.Event()

    def slow(request: Delivered) -> Given:
        arrived.set()
        released.wait(20)
        return persons(request)

    for slot in (0, 1):
        worker.tell("serve", slot)
    silent = http.client.HTTPConnection("127.0.0.1", worker.port, timeout=20)
    silent.request("GET", "/healthz")
    assert silent.getresponse().read() == b"ok\n"
    place.provider.answer = slow
    statuses: list[int] = []
    asking = threading.Thread(
        target=lambda: statuses.append(post(worker.port, PATH, place.consumers["EESMN"].sign()).status)
    )
    asking.start()
    assert arrived.wait(10)
    worker.tell(RETIRE)
    # Its sockets are its supervisor's and its successor's now: what comes waits for them, and is not refused.
    assert worker.status(0.3) == 0
    silent.request("GET", "/healthz")
    answer = silent.getresponse()
    assert (answer.status, answer.getheader("connection"), answer.read()) == (200, "close", b"ok\n")
    assert not worker.stopped.is_set()
    released.set()
    asking.join(20)
    assert statuses == [200]
    assert worker.stopped.wait(20)


def test_a_retired_one_does_not_wait_for_who_says_nothing_longer_than_ever(place: Place) -> None:
    worker = Worker(place, idle_seconds=3.0)
    worker.tell("serve", 0)
    worker.tell("serve", 1)
    with socket.create_connection(("127.0.0.1", worker.port), 20) as silent:
        silent.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert silent.recv(1000).startswith(b"HTTP/1.1 200")
        worker.tell(RETIRE)
        silent.settimeout(0.5)
        with pytest.raises(TimeoutError):
            silent.recv(1)
        silent.settimeout(20)
        assert silent.recv(1) == b""  # after door.idle_seconds
    assert worker.stopped.wait(20)
    worker.close()


def test_however_often_it_is_told_to_end_it_ends_in_order_once(worker: Worker, place: Place) -> None:
    """A service manager that tells the whole control group, the supervisor, and the kernel when that is gone."""
    arrived, released = threading.Event(), threading.Event()

    def slow(request: Delivered) -> Given:
        arrived.set()
        released.wait(20)
        return persons(request)

    place.provider.answer = slow
    worker.tell("serve", 0)
    worker.tell("serve", 1)
    statuses: list[int] = []
    asking = threading.Thread(
        target=lambda: statuses.append(post(worker.port, PATH, place.consumers["EESMN"].sign()).status)
    )
    asking.start()
    assert arrived.wait(10)
    for _ in range(3):
        on_reactor(worker.attendant.end)
    worker.supervisor.close()
    time.sleep(0.2)
    assert not worker.stopped.is_set()
    released.set()
    asking.join(20)
    assert statuses == [200]
    assert worker.stopped.wait(20)


def test_told_to_end_now_it_waits_for_nobody(worker: Worker, place: Place) -> None:
    worker.tell("serve", 0)
    on_reactor(worker.attendant.end)
    worker.tell(NOW)
    assert worker.stopped.wait(20)


def test_one_that_is_hurried_still_refuses_nobody(worker: Worker, place: Place) -> None:
    """Its successor's successor is there; but its clients have done nothing wrong."""
    worker.tell("serve", 0)
    worker.tell("serve", 1)
    asks = http.client.HTTPConnection("127.0.0.1", worker.port, timeout=20)
    silent = http.client.HTTPConnection("127.0.0.1", worker.port, timeout=20)
    for each in (asks, silent):
        each.request("GET", "/healthz")
        assert each.getresponse().read()
    worker.tell(RETIRE)
    worker.supervisor.say(HURRY)
    asks.request("POST", PATH, place.consumers["EESMN"].sign(), {"Content-Type": "text/xml; charset=utf-8"})
    answer = asks.getresponse()
    assert (answer.status, answer.getheader("connection")) == (200, "close")
    assert silent.sock.recv(1) == b""
    assert worker.stopped.wait(20)


def test_one_that_retires_can_be_stopped(worker: Worker) -> None:
    """A supervisor that renews twice, or is told to end, does not wait for the idle time of the first."""
    worker.tell("serve", 0)
    worker.tell("serve", 1)
    with socket.create_connection(("127.0.0.1", worker.port), 20) as silent:
        silent.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert silent.recv(1000).startswith(b"HTTP/1.1 200")
        worker.tell(RETIRE)
        on_reactor(worker.server.stop)
        assert silent.recv(1) == b""
    assert worker.stopped.wait(20)


def test_a_request_that_meets_the_end_is_refused_in_order(worker: Worker, place: Place) -> None:
    """The connection was idle when the end began; the request was on its way."""
    worker.tell("serve", 0)
    worker.tell("serve", 1)
    kept = http.client.HTTPConnection("127.0.0.1", worker.port, timeout=20)
    kept.request("GET", "/healthz")
    assert kept.getresponse().read()
    ended: Callable[[], object] = lambda: worker.server.stop() and None  # noqa: E731
    on_reactor(ended)
    kept.request("POST", PATH, place.consumers["EESMN"].sign(), {"Content-Type": "text/xml; charset=utf-8"})
    answer = kept.getresponse()
    assert (answer.status, answer.getheader("connection")) == (503, "close")
    assert b"BUS-04" in answer.read()
    assert place.provider.journal == []
