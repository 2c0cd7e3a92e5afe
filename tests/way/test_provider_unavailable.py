"""ProviderUnavailable: nobody answers at the endpoint, or hangs up before the answer is whole."""

import socket
from collections.abc import Callable

import pytest
from support.place import Place
from support.provider import Given
from support.way import Asker, expect_person, expect_refusal, granted

from esb.kernel import rules
from esb.kernel.directory import ServiceStatus
from esb.kernel.soap import SoapVersion
from esb.registry.interruptions import announce_maintenance, cancel_maintenance
from esb.registry.services import update_service

Name = Callable[[], str]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_nobody_listens(asker: Asker, place: Place, version: SoapVersion, fresh_name: Name) -> None:
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", endpoint=f"http://127.0.0.1:{closed_port()}/")
    exchange = asker.ask(version=version, service=service)
    reply = expect_refusal(exchange, rules.PRV_CONNECT, consumer="EESMN", after_record=True)
    assert exchange.delivered == ()
    assert reply.text("//exch:retryable") == "yes"
    assert "127.0.0.1" not in reply.body.decode(), "a provider's inner address is nobody's business"


def test_while_maintenance_is_announced_its_end_is_told(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Name
) -> None:
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", endpoint=f"http://127.0.0.1:{closed_port()}/")
    now = place.clock.now()
    with place.acting() as act:
        announced = announce_maintenance(act, "DIN", [service.text], now - 60, now + 7_200, "new disks")
    place.settle()
    exchange = asker.ask(version=version, service=service)
    reply = expect_refusal(exchange, rules.PRV_CONNECT, consumer="EESMN", after_record=True)
    assert 7_100 < int(reply.headers["retry-after"]) <= 7_200
    assert reply.text("//exch:retryAfter") == reply.headers["retry-after"]
    assert "Maintenance is announced until" in reply.body.decode()
    with place.acting() as act:
        update_service(act, service, status=ServiceStatus.SUSPENDED)
    place.settle()
    reply = expect_refusal(asker.ask(version=version, service=service), rules.RTE_SUSPENDED, consumer="EESMN")
    assert 7_100 < int(reply.headers["retry-after"]) <= 7_200, "and not the hour that is said otherwise"
    with place.acting() as act:
        update_service(act, service, status=ServiceStatus.ACTIVE)
        cancel_maintenance(act, announced.number, "done early")
    place.settle()
    reply = asker.ask(version=version, service=service).reply
    assert (reply.rule, "retry-after" in reply.headers) == ("PRV-01", False)


def test_no_such_host(asker: Asker, place: Place, version: SoapVersion, fresh_name: Name) -> None:
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", endpoint="http://no-such-host.invalid/")
    exchange = asker.ask(version=version, service=service)
    rule = {"PRV-01": rules.PRV_CONNECT}[exchange.reply.rule]
    reply = expect_refusal(exchange, rule, consumer="EESMN", after_record=True)
    assert "no-such-host" not in reply.body.decode()


HALVES = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n<S:Envelope",
    "half of the chunks": b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<S:En",
    "no last chunk": b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<S:En\r\n",
}


@pytest.mark.parametrize("kind", HALVES)
def test_it_hangs_up_before_the_end(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Name, kind: str
) -> None:
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1")
    place.provider.answer = lambda _: Given(b"", raw=HALVES[kind])
    exchange = asker.ask(version=version, service=service)
    expect_refusal(exchange, rules.PRV_BROKEN, consumer="EESMN", after_record=True)
    assert len(exchange.delivered) == 1, "what may have been acted on is not sent a second time"


def test_the_bus_is_well_afterwards(asker: Asker, place: Place, version: SoapVersion) -> None:
    expect_person(asker.ask(version=version))
    assert place.node is not None
