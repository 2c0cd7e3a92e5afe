"""Overloaded (BUS-01): what cannot be recorded does not happen: not the delivery, and not the answer."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.client import verify_with_xmlsec
from support.place import Place
from support.provider import Delivered, Given, persons
from support.way import MEDIA, Asker, Exchange, expect_person

from esb.audit.entry import Kind
from esb.kernel.soap import SoapVersion


def log_of(place: Place) -> Path:
    return Path(place.settings.evidence.url.removeprefix("sqlite:///"))


def rename(place: Place, old: str, new: str) -> None:
    connection = sqlite3.connect(log_of(place), timeout=10, isolation_level=None)
    connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
    connection.close()


@contextmanager
def lost_log(place: Place) -> Iterator[None]:
    """The log's table is gone: every write fails, as it would on a broken disk."""
    rename(place, "record", "lost")
    try:
        yield
    finally:
        rename(place, "lost", "record")


@pytest.fixture(scope="module")
def breakable(make_own: Callable[..., Place]) -> Iterator[Place]:
    place = make_own()
    with place.serve():
        yield place


@pytest.fixture
def own(breakable: Place) -> Place:
    recover(breakable)
    return breakable


def expect_overloaded(exchange: Exchange) -> None:
    """A signed fault that cites BUS-01.  No record can stand behind it, so nothing is said of one."""
    from cryptography import x509

    reply = exchange.reply
    assert (reply.status, reply.code, reply.rule) == (503, "Overloaded", "BUS-01")
    assert int(reply.headers["retry-after"]) >= 1
    assert reply.headers["content-type"].lower() == MEDIA[exchange.version]
    certificate = x509.load_pem_x509_certificate(exchange.place.settings.keys.certificate.read_bytes())
    assert verify_with_xmlsec(reply, certificate) >= {"Body", "Timestamp", "Receipt"}
    assert reply.text("//exch:retryable") == "after"
    assert "5ABC123" not in reply.body.decode()
    assert "Leyla" not in reply.body.decode()
    assert "sqlite" not in reply.body.decode().lower()
    assert "no such table" not in reply.body.decode()


def recover(place: Place) -> None:
    """Ask until the bus has found its log again, by itself."""
    asker, deadline = Asker(place), place.clock.monotonic() + 10
    while (exchange := asker.ask()).reply.rule == "BUS-01":
        assert place.clock.monotonic() < deadline
    expect_person(exchange)
    place.provider.reset()


def test_a_request_that_cannot_be_recorded_is_not_delivered(own: Place) -> None:
    asker = Asker(own)
    for version in SoapVersion:
        message = own.consumers["EESMN"].sign(version=version)
        with lost_log(own):
            from support.client import post
            from support.way import PERSONS, path_of

            reply = post(own.port, path_of(PERSONS), message, MEDIA[version])
        expect_overloaded(Exchange(own, version, message, reply, (), ()))
        assert own.provider.journal == []
        recover(own)
        # The same message may come again: it was not accepted.
        expect_person(asker.send(message, version))
        own.provider.reset()


def test_a_refusal_that_cannot_be_recorded_says_nothing_else(own: Place) -> None:
    """Evidence of refusals is evidence too."""
    from support.client import post
    from support.handmade import unsigned
    from support.way import PERSONS, path_of

    for version in SoapVersion:
        message = unsigned(version=version)
        with lost_log(own):
            reply = post(own.port, path_of(PERSONS), message, MEDIA[version])
        expect_overloaded(Exchange(own, version, message, reply, (), ()))


def test_an_answer_that_cannot_be_recorded_does_not_leave(own: Place) -> None:
    """The log breaks while the provider works: the consumer learns that, and not what the provider said."""
    from support.client import post
    from support.way import PERSONS, path_of

    def lose(request: Delivered) -> Given:
        rename(own, "record", "lost")
        return persons(request)

    for version in SoapVersion:
        own.provider.answer = lose
        message = own.consumers["EESMN"].sign(version=version)
        try:
            reply = post(own.port, path_of(PERSONS), message, MEDIA[version])
        finally:
            rename(own, "lost", "record")
        expect_overloaded(Exchange(own, version, message, reply, (), ()))
        assert len(own.provider.journal) == 1
        own.provider.reset()
        assert [one.entry.kind for one in own.records(reply.exchange)][:1] == [Kind.REQUEST]
        assert not any(one.entry.kind is Kind.ANSWER for one in own.records(reply.exchange))
        recover(own)


def test_the_bus_says_that_it_is_not_ready(own: Place) -> None:
    import http.client

    def ready() -> int:
        connection = http.client.HTTPConnection("127.0.0.1", own.port, timeout=10)
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
        connection.close()
        return status

    assert ready() == 200
    with lost_log(own):
        message = own.consumers["EESMN"].sign()
        from support.client import post
        from support.way import PERSONS, path_of

        assert post(own.port, path_of(PERSONS), message).rule == "BUS-01"
        assert ready() == 503
    recover(own)
    assert ready() == 200
