"""Requests that two recipients could read differently: each is refused, the connection closed, and nothing that
follows on it reaches the handler (RFC 9112 section 11.2)."""

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from esb.kernel.clock import ManualClock
from esb.kernel.http import HttpRequest, HttpResponse
from esb.transport.limits import ServerLimits
from esb.transport.server import DoorFactory

SMUGGLED = b"POST /smuggled HTTP/1.1\r\nHost: bus\r\nContent-Length: 0\r\n\r\n"
POST = b"POST /services/A/B/C/v1 HTTP/1.1\r\nHost: bus\r\n"


class Wire(StringTransport):
    half_closed = False

    def loseWriteConnection(self) -> None:
        self.half_closed = True


def speak(pieces: list[bytes]) -> tuple[bytes, bool, list[HttpRequest]]:
    """Send ``pieces``; return what was answered, whether the connection ended, and what the handler was given."""
    seen: list[HttpRequest] = []

    async def handler(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse(200, "text/plain", b"served")

    async def refuse(refusal: object, request: HttpRequest) -> HttpResponse:
        return HttpResponse(413, "text/plain", b"refused")

    factory = DoorFactory(handler, refuse, ServerLimits(body_bytes=1000), Clock(), ManualClock())
    connection = factory.buildProtocol(None)
    wire = Wire()
    connection.makeConnection(wire)
    for piece in pieces:
        connection.dataReceived(piece)
    return wire.value(), wire.half_closed or wire.disconnecting or wire.disconnected, seen


HEADS = {
    "two equal lengths": POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "two different lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "two lengths in two cases": POST + b"Content-Length: 5\r\ncontent-length: 0\r\n\r\nhello",
    "a list of lengths": POST + b"Content-Length: 5, 5\r\n\r\nhello",
    "a list of different lengths": POST + b"Content-Length: 5,6\r\n\r\nhello",
    "a length with plus": POST + b"Content-Length: +5\r\n\r\nhello",
    "a length with minus": POST + b"Content-Length: -5\r\n\r\nhello",
    "minus zero": POST + b"Content-Length: -0\r\n\r\n",
    "a hexadecimal length": POST + b"Content-Length: 0x5\r\n\r\nhello",
    "an octal-looking length": POST + b"Content-Length: 005\r\n\r\nhello",
    "a length with an underscore": POST + b"Content-Length: 1_0\r\n\r\nhellohello",
    "a length with an exponent": POST + b"Content-Length: 1e1\r\n\r\nhellohello",
    "a length with a fraction": POST + b"Content-Length: 5.0\r\n\r\nhello",
    "a length with a space inside": POST + b"Content-Length: 1 0\r\n\r\nhellohello",
    "a length in quotes": POST + b'Content-Length: "5"\r\n\r\nhello',
    "a length with a unit": POST + b"Content-Length: 5b\r\n\r\nhello",
    "an empty length": POST + b"Content-Length:\r\n\r\nhello",
    "a blank length": POST + b"Content-Length:   \r\n\r\nhello",
    "a length in Arabic digits": POST + b"Content-Length: \xd9\xa5\r\n\r\nhello",
    "a length beyond 64 bits": POST + b"Content-Length: 18446744073709551621\r\n\r\nhello",
    "a length with a tab and more": POST + b"Content-Length: 5\t0\r\n\r\nhello",
    "a length with form feed": POST + b"Content-Length: \x0c5\r\n\r\nhello",
    "a length with vertical tab": POST + b"Content-Length: 5\x0b\r\n\r\nhello",
    "length and chunked": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "length and identity": POST + b"Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\nhello",
    "length and an unknown coding": POST + b"Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\nhello",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked twice in one line": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked and identity in two lines": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    "identity": POST + b"Transfer-Encoding: identity\r\n\r\n",
    "gzip, chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked, gzip": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked with a parameter": POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
    "xchunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunkedx": POST + b"Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n",
    "chunked in quotes": POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "chunked with a comma": POST + b"Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n",
    "chunked with a trailing comma": POST + b"Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n",
    "chunked after vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunked after NUL": POST + b"Transfer-Encoding: \x00chunked\r\n\r\n0\r\n\r\n",
    "chunked with DEL": POST + b"Transfer-Encoding: chunked\x7f\r\n\r\n0\r\n\r\n",
    "chunked with no-break space": POST + b"Transfer-Encoding:\xa0chunked\r\n\r\n0\r\n\r\n",
    "an empty coding": POST + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n",
    "an empty coding and a length": POST + b"Transfer-Encoding:\r\nContent-Length: 5\r\n\r\nhello",
    "a space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a tab before the colon": POST + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
    "a space before a length's colon": POST + b"Content-Length : 5\r\n\r\nhello",
    "a folded coding": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a folded header": POST + b"X: a\r\n b\r\n\r\n",
    "a folded header with tab": POST + b"X: a\r\n\tContent-Length: 5\r\n\r\nhello",
    "a space before the first header": b"POST / HTTP/1.1\r\n Host: bus\r\n\r\n",
    "a space before a coding": POST + b" Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "NUL in a header's name": POST + b"Transfer-Encoding\x00: chunked\r\n\r\n0\r\n\r\n",
    "NUL in a header's value": POST + b"X: a\x00b\r\n\r\n",
    "a header without a colon": POST + b"Transfer-Encoding chunked\r\n\r\n",
    "a header without a name": POST + b": chunked\r\n\r\n",
    "a name with a slash": POST + b"X/Y: 1\r\n\r\n",
    "a name in UTF-8": POST + "Ünvan: 1\r\n\r\n".encode(),
    "a name with brackets": POST + b"X(1): 1\r\n\r\n",
    "bare LF after the request line": b"POST / HTTP/1.1\nHost: bus\r\n\r\n",
    "bare LF between headers": POST + b"X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare LF everywhere": b"POST / HTTP/1.1\nHost: bus\nContent-Length: 0\n\n",
    "LF CR LF at the end": POST + b"X: a\n\r\n\r\n",
    "CR LF LF at the end": POST + b"X: a\r\n\n",
    "bare CR between headers": POST + b"X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare CR in a value": POST + b"X: a\rb\r\n\r\n",
    "CR CR LF": POST + b"X: a\r\r\n\r\n",
    "bare CR in the request line": b"POST / HTTP/1.1\rX: a\r\nHost: bus\r\n\r\n",
    "chunked in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: bus\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no Host": b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "two Hosts": POST + b"Host: other\r\n\r\n",
    "two equal Hosts": POST + b"Host: bus\r\n\r\n",
    "a list of Hosts": b"POST / HTTP/1.1\r\nHost: bus, other\r\n\r\n",
    "an empty Host": b"POST / HTTP/1.1\r\nHost:\r\n\r\n",
    "a Host with a path": b"POST / HTTP/1.1\r\nHost: bus/other\r\n\r\n",
    "a Host with a user": b"POST / HTTP/1.1\r\nHost: a@bus\r\n\r\n",
    "a Host with a space": b"POST / HTTP/1.1\r\nHost: bus other\r\n\r\n",
    "a Host with a bad port": b"POST / HTTP/1.1\r\nHost: bus:80a\r\n\r\n",
    "a Host with two ports": b"POST / HTTP/1.1\r\nHost: bus:80:81\r\n\r\n",
    "two content types": POST + b"Content-Type: text/xml\r\nContent-Type: application/soap+xml\r\n\r\n",
    "HTTP/2.0 in the request line": b"POST / HTTP/2.0\r\nHost: bus\r\n\r\n",
    "the HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.2": b"POST / HTTP/1.2\r\nHost: bus\r\n\r\n",
    "HTTP/1.10": b"POST / HTTP/1.10\r\nHost: bus\r\n\r\n",
    "HTTP/01.1": b"POST / HTTP/01.1\r\nHost: bus\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "http/1.1 in lower case": b"POST / http/1.1\r\nHost: bus\r\n\r\n",
    "another protocol": b"POST / ICAP/1.1\r\nHost: bus\r\n\r\n",
    "RTSP": b"DESCRIBE / RTSP/1.0\r\nHost: bus\r\n\r\n",
    "a space after the version": b"POST / HTTP/1.1 \r\nHost: bus\r\n\r\n",
    "two spaces before the version": b"POST /  HTTP/1.1\r\nHost: bus\r\n\r\n",
    "two spaces after the method": b"POST  / HTTP/1.1\r\nHost: bus\r\n\r\n",
    "a tab after the method": b"POST\t/ HTTP/1.1\r\nHost: bus\r\n\r\n",
    "a space before the method": b" POST / HTTP/1.1\r\nHost: bus\r\n\r\n",
    "two empty lines before the method": b"\r\n\r\nPOST / HTTP/1.1\r\nHost: bus\r\n\r\n",
    "a bare LF before the method": b"\nPOST / HTTP/1.1\r\nHost: bus\r\n\r\n",
    "a space in the target": b"POST /a b HTTP/1.1\r\nHost: bus\r\n\r\n",
    "an unknown method": b"SMUGGLE / HTTP/1.1\r\nHost: bus\r\n\r\n",
    "a method in lower case": b"post / HTTP/1.1\r\nHost: bus\r\n\r\n",
    "CONNECT": b"CONNECT bus:443 HTTP/1.1\r\nHost: bus\r\n\r\n",
    "CONNECT to a path": b"CONNECT /a HTTP/1.1\r\nHost: bus\r\n\r\n",
    "an authority as target": b"POST bus:443 HTTP/1.1\r\nHost: bus\r\n\r\n",
    "an asterisk as target": b"OPTIONS * HTTP/1.1\r\nHost: bus\r\n\r\n",
    "a target without a slash": b"POST services HTTP/1.1\r\nHost: bus\r\n\r\n",
    "a target of another scheme": b"POST file:///etc/passwd HTTP/1.1\r\nHost: bus\r\n\r\n",
    "a target with a user": b"POST http://a@bus/ HTTP/1.1\r\nHost: bus\r\n\r\n",
    "a fragment in the target": b"POST /a#b HTTP/1.1\r\nHost: bus\r\n\r\n",
    "UTF-8 in the target": "POST /ş HTTP/1.1\r\nHost: bus\r\n\r\n".encode(),
    "DEL in the target": b"POST /\x7f HTTP/1.1\r\nHost: bus\r\n\r\n",
    "NUL in the target": b"POST /\x00 HTTP/1.1\r\nHost: bus\r\n\r\n",
    "an unknown expectation": POST + b"Expect: 200-ok\r\nContent-Length: 5\r\n\r\nhello",
    "two expectations": POST + b"Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
    "rubbish with an end": b"\xff\xfe rubbish\r\n\r\n",
}

CHUNKS = {
    "an extension": b"5;a=b\r\nhello\r\n0\r\n\r\n",
    "an extension without a value": b"5;a\r\nhello\r\n0\r\n\r\n",
    "an empty extension": b"5;\r\nhello\r\n0\r\n\r\n",
    "an extension with a bare LF": b"5;\nhello\r\n0\r\n\r\n",
    "an extension on the last chunk": b"5\r\nhello\r\n0;x\r\n\r\n",
    "a space after the size": b"5 \r\nhello\r\n0\r\n\r\n",
    "a space before the size": b" 5\r\nhello\r\n0\r\n\r\n",
    "a tab after the size": b"5\t\r\nhello\r\n0\r\n\r\n",
    "0x before the size": b"0x5\r\nhello\r\n0\r\n\r\n",
    "plus before the size": b"+5\r\nhello\r\n0\r\n\r\n",
    "minus before the size": b"-5\r\nhello\r\n0\r\n\r\n",
    "an empty size": b"\r\nhello\r\n0\r\n\r\n",
    "a size that is no number": b"five\r\nhello\r\n0\r\n\r\n",
    "a size with an underscore": b"0_5\r\nhello\r\n0\r\n\r\n",
    "a size beyond 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "a size with many zeros": b"000000000000000000005\r\nhello\r\n0\r\n\r\n",
    "bare LF after the size": b"5\nhello\r\n0\r\n\r\n",
    "bare CR after the size": b"5\rhello\r\n0\r\n\r\n",
    "CR CR LF after the size": b"5\r\r\nhello\r\n0\r\n\r\n",
    "bare LF after the data": b"5\r\nhello\n0\r\n\r\n",
    "bare CR after the data": b"5\r\nhello\r0\r\n\r\n",
    "nothing after the data": b"5\r\nhello0\r\n\r\n",
    "more data than the size": b"5\r\nhello!\r\n0\r\n\r\n",
    "less data than the size": b"6\r\nhello\r\n0\r\n\r\n",
    "two line ends after the data": b"5\r\nhello\r\n\r\n0\r\n\r\n",
    "a bare LF at the end": b"5\r\nhello\r\n0\r\n\n",
    "a bare LF after the last size": b"5\r\nhello\r\n0\n\r\n",
    "a trailer": b"5\r\nhello\r\n0\r\nX: a\r\n\r\n",
    "a trailer that is a length": b"5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n",
    "a trailer that is a request": b"5\r\nhello\r\n0\r\nGET / HTTP/1.1\r\n\r\n",
    "NUL as the size": b"\x00\r\nhello\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", HEADS)
def test_an_ambiguous_head_is_refused_and_nothing_after_it_is_read(name: str) -> None:
    answer, closed, seen = speak([HEADS[name] + SMUGGLED])
    assert seen == []
    assert closed
    assert answer.split(b"\r\n")[0].split(b" ")[1] in {b"400", b"417", b"501", b"505"}
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize("name", HEADS)
def test_an_ambiguous_head_is_refused_however_it_is_cut(name: str) -> None:
    whole = HEADS[name] + SMUGGLED
    answer, closed, seen = speak([whole[at : at + 1] for at in range(len(whole))])
    assert seen == []
    assert closed
    assert answer.startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("name", CHUNKS)
@pytest.mark.parametrize("step", [1, 3, 10_000])
def test_ambiguous_chunks_are_refused_and_nothing_after_them_is_read(name: str, step: int) -> None:
    whole = POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS[name] + SMUGGLED
    answer, closed, seen = speak([whole[at : at + step] for at in range(0, len(whole), step)])
    assert seen == []
    assert closed
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_what_follows_a_refused_request_on_the_connection_is_never_read() -> None:
    good = POST + b"Content-Length: 2\r\n\r\nhi"
    answer, closed, seen = speak([good + HEADS["length and chunked"], SMUGGLED, SMUGGLED])
    assert [request.body for request in seen] == [b"hi"]
    assert closed
    assert answer.count(b"\r\nDate: ") == 2


def test_what_follows_a_body_that_is_too_large_is_never_read() -> None:
    answer, closed, seen = speak([POST + b"Content-Length: 1001\r\n\r\n" + SMUGGLED, SMUGGLED])
    assert seen == []
    assert closed
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_get_with_a_body_does_not_make_the_body_a_request() -> None:
    _, closed, seen = speak([b"GET / HTTP/1.1\r\nHost: bus\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED])
    assert [request.path for request in seen] == ["/"]
    assert seen[0].body == SMUGGLED
    assert not closed


def test_an_offered_upgrade_is_ignored_and_its_body_is_still_a_body() -> None:
    """Java's HttpClient offers h2c with every plain request (RFC 9110 section 7.8); no 101, and the length holds."""
    head = POST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
    answer, closed, seen = speak([head + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED])
    assert [(request.path, request.body) for request in seen] == [("/services/A/B/C/v1", SMUGGLED)]
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert not closed
