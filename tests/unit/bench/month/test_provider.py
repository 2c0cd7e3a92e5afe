"""The providers answer what they are asked, repeat its reference, and write down every request and no other."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from esb.bench.month.journal import Journal, read_journal
from esb.bench.month.provider import PORTS, Agencies, Answering, path_of, render
from esb.bench.month.tally import Tally
from esb.sample.bodies import answer_text, opening_of
from esb.sample.mix import Month, national_month

MONTH = national_month()
SERVICE = MONTH.services[0]
OTHER = next(service for service in MONTH.services if service.agency == "DIN")
SMALL = Month(MONTH.agencies[:1], MONTH.by_agency[SERVICE.agency], MONTH.part)


def forwarded(exchange: str, reference: str) -> bytes:
    """As much of the bus's envelope as a provider looks at."""
    return (
        f"<e><exch:Forwarded><exch:exchange>{exchange}</exch:exchange></exch:Forwarded><s:X>"
        f"<s:reference>{reference}</s:reference></s:X></e>"
    ).encode()


def counted(*exchanges: str) -> Journal:
    tally = Tally()
    for exchange in exchanges:
        tally.add(SERVICE.id.text, exchange.encode())
    return Journal(tally.counts(), 0)


def test_an_answer_is_the_services_own_with_the_reference() -> None:
    agencies = render(SMALL)
    for variant in (0, 1):
        head, _, body = agencies.answer(
            SERVICE.agency, path_of(SERVICE).encode(), forwarded(f"x{variant}", "EG-7")
        ).partition(b"\r\n\r\n")
        text = answer_text(SERVICE, variant)
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert head.endswith(b"Content-Length: %d" % len(body))
        assert opening_of(SERVICE, "EG-7") in body
        assert text.before + b"EG-7" + text.after in body
    assert agencies.journal == counted("x0", "x1")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (b"/elsewhere", forwarded("x", "r")),
        (path_of(SERVICE).encode(), b"<e><s:reference>r</s:reference></e>"),
        (path_of(SERVICE).encode(), b"<e><exch:exchange>x</exch:exchange></e>"),
        (path_of(SERVICE).encode(), b""),
    ],
)
def test_what_is_not_understood_is_not_answered_and_told(path: bytes, body: bytes) -> None:
    agencies = render(SMALL)
    assert agencies.answer(SERVICE.agency, path, body).startswith(b"HTTP/1.1 400 ")
    assert agencies.journal == Journal({}, 1)


class _Kept(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_requests_come_in_pieces_or_together(size: int) -> None:
    agencies = render(SMALL)
    transport = _Kept()
    protocol = Answering(agencies, SERVICE.agency)
    protocol.connection_made(transport)
    stream = b""
    for exchange in ("one", "two", "three"):
        body = forwarded(exchange, exchange)
        stream += f"POST {path_of(SERVICE)} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    for at in range(0, len(stream), size):
        protocol.data_received(stream[at : at + size])
    assert len(transport.written) == 3
    assert all(
        f"<s:reference>{name}".encode() in text
        for name, text in zip(("one", "two", "three"), transport.written, strict=True)
    )
    assert agencies.journal == counted("one", "two", "three")


def test_every_service_of_the_month_has_its_path() -> None:
    agencies: Agencies = render(MONTH)
    assert sum(len(services) for services in agencies.services.values()) == 277


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[bytes]", dict[str, int], Path]]:
    journal = tmp_path / "journal.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "esb.bench.month.provider", journal], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        line = process.stdout.readline().decode()
        yield process, json.loads(line.removeprefix(PORTS)), journal
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()


@pytest.mark.parametrize("how", ["told", "left"])
def test_the_process_serves_every_agency_and_leaves_its_journal(
    running: tuple["subprocess.Popen[bytes]", dict[str, int], Path], how: str
) -> None:
    process, ports, journal = running
    assert list(ports) == [agency.code for agency in MONTH.agencies]
    for service in (SERVICE, OTHER):
        connection = HTTPConnection("127.0.0.1", ports[service.agency], timeout=10)
        connection.request("POST", path_of(service), forwarded(f"at {service.agency}", "EG-1"))
        answer = connection.getresponse()
        assert answer.status == 200
        assert opening_of(service, "EG-1") in answer.read()
        connection.close()
    if how == "told":
        os.kill(process.pid, signal.SIGTERM)
    else:
        assert process.stdin is not None
        process.stdin.close()
    assert process.wait(20) == 0
    read = read_journal(journal)
    assert {name: count.number for name, count in read.served.items()} == {SERVICE.id.text: 1, OTHER.id.text: 1}
    assert read.strange == 0
