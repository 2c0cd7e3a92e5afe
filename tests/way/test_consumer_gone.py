"""A consumer that hangs up before the answer: what was done is on record all the same."""

import socket
import threading

from support.client import Consumer
from support.place import Place
from support.provider import Delivered, Given, persons
from support.way import MEDIA, PERSONS, Asker, expect_person, path_of

from esb.audit.entry import Kind
from esb.kernel.soap import SoapVersion


def test_the_answer_is_on_record(asker: Asker, place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    arrived, released = threading.Event(), threading.Event()

    def slow(request: Delivered) -> Given:
        arrived.set()
        released.wait(20)
        return persons(request)

    place.provider.answer = slow
    message, mark = eesmn.sign(version=version), asker.newest()
    head = (
        f"POST {path_of(PERSONS)} HTTP/1.1\r\nHost: bus\r\nContent-Type: {MEDIA[version]}\r\n"
        f"Content-Length: {len(message)}\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", place.port)) as connection:
        connection.sendall(head + message)
        assert arrived.wait(10)
    released.set()
    deadline = place.clock.monotonic() + 10
    while len(records := asker.since(mark)) < 2:
        assert place.clock.monotonic() < deadline
    assert [one.entry.kind for one in records] == [Kind.REQUEST, Kind.ANSWER]
    assert records[1].entry.outcome == "answered"
    place.provider.reset()
    expect_person(asker.ask(version=version))


def test_one_that_hangs_up_before_it_has_asked(asker: Asker, place: Place, eesmn: Consumer) -> None:
    mark, message = asker.newest(), eesmn.sign()
    head = f"POST {path_of(PERSONS)} HTTP/1.1\r\nHost: bus\r\nContent-Length: {len(message)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", place.port)) as connection:
        connection.sendall(head + message[:-10])
    expect_person(asker.ask())
    assert [one.entry.kind for one in asker.since(mark)] == [Kind.REQUEST, Kind.ANSWER]
