"""TooLarge: declared, chunked, unpacked, or in number: limits hold before the work is done."""

import gzip
from collections.abc import Callable, Iterator

import pytest
from support.client import Consumer
from support.handmade import handmade
from support.place import Place
from support.way import MEDIA, PERSONS, Asker, expect_person, expect_refusal, http_reply, path_of, raw_http

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

LIMIT = 64 * 1024


@pytest.fixture(scope="module")
def small_bus(make_own: Callable[..., Place]) -> Iterator[Asker]:
    """A bus with small limits."""
    place = make_own(
        SHLUZ_DOOR_BODY_BYTES=str(LIMIT),
        SHLUZ_DOOR_INFLATED_BYTES=str(LIMIT),
        SHLUZ_XML_ELEMENTS="500",
        SHLUZ_XML_ATTRIBUTES="20",
        SHLUZ_XML_NAMESPACES="40",
        SHLUZ_XML_DEPTH="30",
    )
    with place.serve():
        yield Asker(place)


@pytest.fixture
def small(small_bus: Asker) -> Asker:
    small_bus.place.provider.reset()
    return small_bus


def consumer_of(small: Asker) -> Consumer:
    return small.place.consumers["EESMN"]


def big(small: Asker, version: SoapVersion, body: bytes) -> bytes:
    return consumer_of(small).sign(body, version=version)


def remark(text: bytes) -> bytes:
    return (
        b'<p:GetPerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin><p:remark>'
        + text
        + b"</p:remark></p:GetPerson>"
    )


def test_by_its_content_length(small: Asker, version: SoapVersion) -> None:
    """The door does not wait for what it will not take."""
    place = small.place
    head = (
        f"POST {path_of(PERSONS)} HTTP/1.1\r\nHost: bus\r\nContent-Type: {MEDIA[version]}\r\n"
        f"Content-Length: {LIMIT + 1}\r\n\r\n"
    ).encode()
    exchange = small.watch(version, b"", lambda: http_reply(raw_http(place.port, head)))
    expect_refusal(exchange, rules.SIZE, read=False)


def test_in_chunks(small: Asker, version: SoapVersion) -> None:
    place = small.place
    head = (
        f"POST {path_of(PERSONS)} HTTP/1.1\r\nHost: bus\r\nContent-Type: {MEDIA[version]}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    ).encode()
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    exchange = small.watch(version, b"", lambda: http_reply(raw_http(place.port, head + chunk * 4 + b"1\r\n \r\n")))
    expect_refusal(exchange, rules.SIZE, read=False)


def test_once_unpacked(small: Asker, version: SoapVersion) -> None:
    message = gzip.compress(big(small, version, remark(b"a" * 10 * LIMIT)), mtime=0)
    assert len(message) < LIMIT
    exchange = small.send(message, version, http={"Content-Encoding": "gzip"})
    expect_refusal(exchange, rules.SIZE, read=False)


@pytest.mark.parametrize(
    "body",
    [
        b"<x>" + b"<a/>" * 600 + b"</x>",
        b"<x " + b" ".join(b'a%d="1"' % n for n in range(30)) + b"/>",
        b"<x " + b" ".join(b'xmlns:a%d="urn:%d"' % (n, n) for n in range(60)) + b"/>",
        b"<a>" * 40 + b"</a>" * 40,
    ],
    ids=["elements", "attributes", "namespaces", "depth"],
)
def test_in_number(small: Asker, version: SoapVersion, body: bytes) -> None:
    """Counted before anything is canonicalized, so before the signature is believed."""
    message = handmade(consumer_of(small), body, version)
    expect_refusal(small.send(message, version), rules.XML_COUNTS)


def test_just_under_the_limits_is_well(small: Asker, version: SoapVersion) -> None:
    expect_person(small.send(big(small, version, remark(b"a" * (LIMIT - 4000))), version))
    octets = gzip.compress(big(small, version, remark(b"b" * (LIMIT - 4000))), mtime=0)
    exchange = small.watch(
        version,
        gzip.decompress(octets),
        lambda: small.send(octets, version, http={"Content-Encoding": "gzip"}).reply,
    )
    expect_person(exchange)
