"""An orderly end: what was begun is answered, and nothing new is taken (BUS-04)."""

import http.client
import threading
import time
from collections.abc import Callable

from support.client import Reply, post
from support.place import Place
from support.provider import Delivered, Given, persons
from support.reactor import on_reactor
from support.way import MEDIA, PERSONS, Asker, expect_refusal, path_of

from esb.audit.entry import Kind
from esb.kernel import rules
from esb.kernel.soap import SoapVersion


def test_what_was_begun_is_answered(own_place: Callable[..., Place]) -> None:
    place = own_place()
    arrived, released = threading.Event(), threading.Event()

    def slow(request: Delivered) -> Given:
        arrived.set()
        released.wait(20)
        return persons(request)

    place.provider.answer = slow
    replies: list[Reply] = []
    message = place.consumers["EESMN"].sign()
    with place.serve():
        port = place.port
        thread = threading.Thread(target=lambda: replies.append(post(port, path_of(PERSONS), message)))
        thread.start()
        assert arrived.wait(10)
        threading.Timer(0.4, released.set).start()
    thread.join(10)
    assert replies[0].status == 200
    assert replies[0].text("//*[local-name()='surname']") == "Əliyeva"
    assert [one.entry.kind for one in place.records(replies[0].exchange)] == [Kind.REQUEST, Kind.ANSWER]


def test_a_bus_that_is_stopping_says_so(own_place: Callable[..., Place]) -> None:
    """To a request that still comes in over a connection that was open."""
    place = own_place()
    with place.serve():
        node = place.node
        assert node is not None
        on_reactor(lambda: setattr(node.bus, "stopping", True))
        asker = Asker(place)
        for version in SoapVersion:
            exchange = asker.ask(version=version)
            reply = expect_refusal(exchange, rules.BUS_STOPPING, consumer=exchange.records[-1].entry.consumer)
            assert int(reply.headers["retry-after"]) >= 1


def test_nothing_new_is_delivered_while_it_stops(own_place: Callable[..., Place]) -> None:
    """A kept connection's next request is refused or not read at all; the provider never sees it."""
    place = own_place()
    arrived, released = threading.Event(), threading.Event()

    def slow(request: Delivered) -> Given:
        arrived.set()
        released.wait(20)
        return persons(request)

    consumer = place.consumers["EESMN"]
    outcome: list[Reply | None] = []
    with place.serve():
        port = place.port
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Content-Type": MEDIA[SoapVersion.V11]}
        kept.request("POST", path_of(PERSONS), consumer.sign(), headers)
        assert kept.getresponse().read()
        place.provider.answer = slow
        message = consumer.sign()
        first = threading.Thread(target=lambda: post(port, path_of(PERSONS), message))
        first.start()
        assert arrived.wait(10)
        second = consumer.sign(ident="second")

        def ask_again() -> None:
            time.sleep(0.3)
            try:
                kept.request("POST", path_of(PERSONS), second, headers)
                answer = kept.getresponse()
                outcome.append(Reply(answer.status, dict(answer.getheaders()), answer.read()))
            except (http.client.HTTPException, OSError):
                outcome.append(None)
            released.set()

        again = threading.Thread(target=ask_again)
        again.start()
    again.join(20)
    first.join(20)
    kept.close()
    assert outcome[0] is None or (outcome[0].status, outcome[0].rule) == (503, "BUS-04")
    assert not any(b"second" in one.body for one in place.provider.journal)
