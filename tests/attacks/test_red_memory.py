"""Many strangers, each within its own limit: what all connections hold together is bounded too."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from support.client import GET_PERSON, Consumer
from support.place import PERSONS, Place
from support.reactor import on_reactor
from support.soundness import expect_sound
from support.way import Asker, expect_person, path_of

from esb.kernel import rules

MIB = 1 << 20


@pytest.fixture
def tight(place: Place) -> Iterator[Place]:
    """A bus that holds 2 MiB of bodies."""
    assert place.node is not None
    factory, limits = place.node.factory, place.node.factory.limits
    on_reactor(lambda: setattr(factory, "limits", replace(limits, held_bytes=2 * MIB)))
    yield place
    on_reactor(lambda: setattr(factory, "limits", limits))


def hold(place: Place, size: int) -> socket.socket:
    """A connection with a body of which ``size`` bytes came, and never the rest."""
    connection = socket.create_connection(("127.0.0.1", place.port), timeout=20)
    head = (
        f"POST {path_of(PERSONS)} HTTP/1.1\r\nHost: b\r\nContent-Type: text/xml\r\nContent-Length: {size + 9}\r\n\r\n"
    )
    connection.sendall(head.encode() + b"x" * size)
    return connection


def held(place: Place) -> int:
    assert place.node is not None
    return int(on_reactor(lambda: place.node.factory.held))  # type: ignore[union-attr]


def wait_for(place: Place, least: int, most: int) -> None:
    """Until the bus has read what was sent, or noticed what was closed."""
    until = time.monotonic() + 20
    while not least <= (now := held(place)) <= most and time.monotonic() < until:
        time.sleep(0.01)
    assert least <= now <= most


def large(consumer: Consumer, size: int = MIB) -> bytes:
    """A good request, made large by white space between its headers."""
    message = consumer.sign(GET_PERSON)
    at = message.index(b"<soap:Header>") + len(b"<soap:Header>")
    return message[:at] + b" " * size + message[at:]


def test_large_bodies_that_never_end(asker: Asker, tight: Place, eesmn: Consumer) -> None:
    with ExitStack() as open_now:
        for _ in range(3):
            open_now.enter_context(hold(tight, 600_000))
        wait_for(tight, 1_500_000, 2 * MIB)
        exchange = asker.send(large(eesmn))
        expect_sound(exchange, read=False)
        assert (exchange.reply.status, exchange.reply.rule) == (503, rules.BUS_LOAD.id)
        assert exchange.delivered == ()
        expect_person(asker.ask())  # an ordinary one has its own room
        wait_for(tight, 1_500_000, 2 * MIB)
    wait_for(tight, 0, 0)
    expect_person(asker.send(large(eesmn)))
    wait_for(tight, 0, 0)


def test_room_comes_back_however_a_request_ends(asker: Asker, tight: Place, eesmn: Consumer) -> None:
    for end in ("answered", "cut off", "refused", "broken"):
        if end == "answered":
            expect_person(asker.send(large(eesmn)))
        elif end == "cut off":
            with hold(tight, MIB):
                wait_for(tight, MIB - 65_536, MIB)
        elif end == "refused":
            assert asker.send(large(eesmn).replace(b"5ABC123", b"?")).reply.code
        else:
            with hold(tight, MIB) as connection:
                connection.sendall(b"x" * 9 + b"GARBAGE\r\n\r\n")
                while connection.recv(65_536):
                    pass
        wait_for(tight, 0, 0)
