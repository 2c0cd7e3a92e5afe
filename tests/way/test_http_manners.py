"""HTTP: chunked and packed requests, packed answers only when asked for, HTTP/1.0, 100-continue, and verbs."""

import gzip
import http.client

import pytest
from support.client import Consumer, Reply
from support.place import Place
from support.way import MEDIA, PERSONS, Asker, expect_person, http_reply, path_of, raw_http

from esb.kernel.soap import SoapVersion


def head(version: SoapVersion, *lines: str, http: str = "1.1") -> bytes:
    first = f"POST {path_of(PERSONS)} HTTP/{http}\r\n"
    return (
        first + "".join(f"{line}\r\n" for line in ("Host: bus", f"Content-Type: {MEDIA[version]}", *lines))
    ).encode() + b"\r\n"


def in_chunks(message: bytes, size: int = 700) -> bytes:
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_a_request_in_chunks(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    message = eesmn.sign(version=version)
    octets = head(version, "Transfer-Encoding: chunked", "Connection: close") + in_chunks(message)
    expect_person(asker.watch(version, message, lambda: http_reply(raw_http(asker.place.port, octets))))


def test_a_request_that_comes_in_pieces(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    message = eesmn.sign(version=version)
    octets = head(version, f"Content-Length: {len(message)}", "Connection: close") + message
    pieces = [octets[:30], octets[30:200], octets[200:1500], octets[1500:]]
    expect_person(asker.watch(version, message, lambda: http_reply(raw_http(asker.place.port, *pieces, pause=0.02))))


def test_a_packed_request(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """The receipt is for the message, as it was before it was packed."""
    message = eesmn.sign(version=version)
    for name in ("gzip", "GZIP", "x-gzip", "identity"):
        octets = message if name == "identity" else gzip.compress(message, mtime=0)
        exchange = asker.watch(
            version,
            message,
            lambda octets=octets, name=name: asker.send(octets, version, http={"Content-Encoding": name}).reply,  # type: ignore[misc]
        )
        expect_person(exchange)
        message = eesmn.sign(version=version)


@pytest.mark.parametrize("accept", ["gzip", "gzip, deflate", "*;q=0.5, gzip;q=1.0"])
def test_a_packed_answer_when_asked_for(asker: Asker, eesmn: Consumer, version: SoapVersion, accept: str) -> None:
    message = eesmn.sign(version=version)

    def ask() -> Reply:
        reply = asker.send(message, version, http={"Accept-Encoding": accept}).reply
        assert reply.headers["content-encoding"] == "gzip"
        assert "accept-encoding" in reply.headers.get("vary", "accept-encoding").lower()
        return Reply(reply.status, reply.headers, gzip.decompress(reply.body))

    expect_person(asker.watch(version, message, ask))


@pytest.mark.parametrize("accept", [None, "identity", "gzip;q=0", "deflate, br"])
def test_a_plain_answer_otherwise(asker: Asker, version: SoapVersion, accept: str | None) -> None:
    exchange = asker.ask(version=version, http={} if accept is None else {"Accept-Encoding": accept})
    expect_person(exchange)
    assert "content-encoding" not in exchange.reply.headers


def test_http_1_0(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    message = eesmn.sign(version=version)
    octets = head(version, f"Content-Length: {len(message)}", http="1.0") + message
    answers: list[bytes] = []

    def ask() -> Reply:
        answers.append(raw_http(asker.place.port, octets))
        return http_reply(answers[0])

    expect_person(asker.watch(version, message, ask))
    assert b"transfer-encoding" not in answers[0].partition(b"\r\n\r\n")[0].lower()


def test_a_client_that_waits_to_be_told_to_go_on(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    import socket

    message = eesmn.sign(version=version)

    def ask() -> Reply:
        with socket.create_connection(("127.0.0.1", asker.place.port), timeout=20) as connection:
            length = f"Content-Length: {len(message)}"
            connection.sendall(head(version, length, "Expect: 100-continue", "Connection: close"))
            told = connection.recv(1000)
            assert told.startswith(b"HTTP/1.1 100")
            connection.sendall(message)
            gathered = b""
            while octets := connection.recv(1 << 16):
                gathered += octets
        return http_reply(gathered)

    expect_person(asker.watch(version, message, ask))


def test_a_connection_is_kept(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=20)
    try:
        for _ in range(3):
            connection.request("POST", path_of(PERSONS), eesmn.sign(version=version), {"Content-Type": MEDIA[version]})
            answer = connection.getresponse()
            assert (answer.status, answer.will_close) == (200, False)
            answer.read()
    finally:
        connection.close()


def test_a_connection_is_closed_when_asked(asker: Asker, version: SoapVersion) -> None:
    exchange = asker.ask(version=version, http={"Connection": "close"})
    expect_person(exchange)
    assert exchange.reply.headers.get("connection", "").lower() == "close"


def test_two_requests_sent_at_once(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """Pipelining: answered in order, each with its own receipt."""
    messages = [eesmn.sign(version=version) for _ in range(2)]
    first = head(version, f"Content-Length: {len(messages[0])}") + messages[0]
    last = head(version, f"Content-Length: {len(messages[1])}", "Connection: close") + messages[1]
    octets = raw_http(asker.place.port, first + last)
    reply = http_reply(octets)
    length = int(reply.headers["content-length"])
    second = http_reply(octets[octets.index(b"\r\n\r\n") + 4 + length :])
    one = Reply(reply.status, reply.headers, reply.body[:length])
    import base64
    import hashlib

    for message, answer in zip(messages, (one, second), strict=True):
        assert answer.status == 200
        assert base64.b64decode(answer.text("//exch:requestDigest")) == hashlib.sha256(message).digest()


@pytest.mark.parametrize("verb", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
def test_other_verbs(place: Place, verb: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=20)
    try:
        connection.request(verb, path_of(PERSONS), None)
        answer = connection.getresponse()
        assert answer.status == 405
        assert "POST" in (answer.getheader("Allow") or "")
    finally:
        connection.close()
    assert place.provider.journal == []
