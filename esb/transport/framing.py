"""What a request's head must look like, and where its body ends: the policy against request smuggling.

Two readers must agree before a head is believed.  The gate below matches the whole head against RFC 9112's grammar
without any of the leniencies that recipients are allowed (bare LF, obs-fold, space before the colon); llhttp then reads
the same bytes and hands out the header lines.  What is left are the rules on how lines work together: exactly one Host,
at most one way to say where the body ends (RFC 9112 sections 3.2, 6.1 and 6.3; RFC 9110 section 8.6).

A request that another recipient could read otherwise than we do is refused and its connection closed: nothing that
follows it on the connection is believed.
"""

import re
from collections.abc import Mapping
from typing import Final

from httptools import HttpParserError, HttpParserInvalidMethodError, HttpParserUpgrade, HttpRequestParser

from esb.kernel.faults import EsbError
from esb.kernel.frozen import frozen

_T: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_GATE: Final = re.compile(
    rb"([A-Z-]{1,24}) ([\x21-\x7e]++) HTTP/1\.([01])\r\n((?:" + _T + rb"++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+)\r\n"
)
_REQUEST_LINE: Final = re.compile(_T + rb"+ [\x21-\x7e]+ HTTP/(\d\.\d)\r\n")
_ORIGIN: Final = re.compile(r"(/[^?#]*)(?:\?([^#]*))?")
_ABSOLUTE: Final = re.compile(r"[hH][tT][tT][pP][sS]?://[^/?#@\\]+(/[^?#]*)?(?:\?([^#]*))?")
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._~%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_LENGTH: Final = re.compile(rb"0|[1-9][0-9]{0,17}")
_UNFINISHED: Final = re.compile(rb"(?<!\r)\n|\r(?=[^\n])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

# A repeated one of these could be read as its first, its last or both joined.
_SINGLE: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"content-type", b"expect"})
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


class BadRequest(EsbError):
    """HTTP itself is broken: answered with ``status`` and this text, and the connection is closed."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@frozen
class Head:
    """A request's head that passed the gate.

    ``length`` is the body's length in bytes, None when the body is chunked.  ``headers`` has lower-case names;
    repeated ones are joined by ``b", "``.
    """

    method: str
    path: str
    query: str
    headers: Mapping[bytes, bytes]
    length: int | None
    http_1_0: bool
    keep_alive: bool
    expects_continue: bool

    @property
    def body_has_meaning(self) -> bool:
        """Whether the method is one whose body says something (RFC 9110 section 9.3)."""
        return self.method in _WITH_BODY


def read_head(raw: bytes, most_headers: int) -> Head:
    """Read one request's head.

    Args:
        raw: everything from the request line to the empty line, both included.
        most_headers: how many header lines are allowed.

    Raises:
        BadRequest: with the status to answer: 400, 417, 431, 501 or 505.
    """
    gate = _GATE.fullmatch(raw)
    if gate is None:
        raise _why(raw)
    if raw.count(b"\r\n") - 2 > most_headers:
        raise BadRequest(431, f"a request has at most {most_headers} header lines")
    old = gate[3] == b"0"
    headers = _Lines().read(raw, old)
    method = gate[1].decode("ascii")
    path, query = _target(method, gate[2].decode("ascii"))
    _check_host(headers, old)
    connection = headers.get(b"connection", b"").lower()
    options = {option.strip() for option in connection.split(b",")} if connection else ()
    return Head(
        method,
        path,
        query,
        headers,
        _length(headers, old),
        old,
        b"close" not in options and (not old or b"keep-alive" in options),
        not old and _expects(headers),
    )


def check_unfinished(part: bytes | bytearray, start: int) -> None:
    """Refuse a head that can no longer become a good one, without waiting for its end.

    ``part`` is what has come so far; the check begins at ``start``.

    Raises:
        BadRequest: 400, at a bare CR or LF or a control character.
    """
    if _UNFINISHED.search(part, start):
        raise BadRequest(400, "lines end with CR LF, and a header holds no control characters")


class _Lines:
    """Collects header lines from llhttp."""

    __slots__ = ("headers", "repeated")

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.repeated: bytes | None = None

    def read(self, raw: bytes, old: bool) -> dict[bytes, bytes]:
        try:
            HttpRequestParser(self).feed_data(raw)
        except HttpParserUpgrade:
            # Ignoring the offer is lawful (RFC 9110 section 7.8), and Java's HttpClient makes it with every request
            # over plain HTTP.  We go on in HTTP/1.1 and frame the body ourselves.
            pass
        except HttpParserInvalidMethodError as error:
            raise BadRequest(501, "this request method is not known here") from error
        except HttpParserError as error:
            lines = (line.partition(b":") for line in raw.split(b"\r\n")[1:-2])
            _length(
                {name.lower(): value.strip(b" \t") for name, _, value in lines}, old
            )  # may say better what is wrong
            raise BadRequest(400, "the header lines are not those of a lawful request") from error
        if self.repeated is not None:
            raise BadRequest(400, f"the header {self.repeated.decode('ascii')} stands more than once")
        return self.headers

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        headers = self.headers
        if name not in headers:
            headers[name] = value.rstrip(b" \t")
        elif name in _SINGLE:
            self.repeated = name
        else:
            headers[name] += b", " + value.rstrip(b" \t")


def _target(method: str, target: str) -> tuple[str, str]:
    if method == "CONNECT":
        raise BadRequest(501, "this is not a proxy: CONNECT is not served")
    match = _ORIGIN.fullmatch(target) or _ABSOLUTE.fullmatch(target)
    if match is None:
        raise BadRequest(400, "the request target is a path that begins with '/', with an optional query")
    return match[1] or "/", match[2] or ""


def _check_host(headers: Mapping[bytes, bytes], old: bool) -> None:
    host = headers.get(b"host")
    if host is None:
        if not old:
            raise BadRequest(400, "an HTTP/1.1 request carries a Host header (RFC 9112 section 3.2)")
    elif not _HOST.fullmatch(host):
        raise BadRequest(400, "the Host header is one host name with an optional port (RFC 9112 section 3.2)")


def _length(headers: Mapping[bytes, bytes], old: bool) -> int | None:
    coding = headers.get(b"transfer-encoding")
    length = headers.get(b"content-length")
    if coding is None:
        if length is None:
            return 0
        if not _LENGTH.fullmatch(length):
            raise BadRequest(400, "Content-Length is one decimal number (RFC 9110 section 8.6)")
        return int(length)
    if length is not None:
        raise BadRequest(400, "a request has Content-Length or Transfer-Encoding, never both (RFC 9112 section 6.1)")
    if old:
        raise BadRequest(400, "an HTTP/1.0 request has no Transfer-Encoding (RFC 9112 section 6.1)")
    if coding.lower() != b"chunked":
        raise BadRequest(501, "the only transfer coding served is chunked, once (RFC 9112 section 6.1)")
    return None


def _expects(headers: Mapping[bytes, bytes]) -> bool:
    expect = headers.get(b"expect")
    if expect is None:
        return False
    if expect.lower() != b"100-continue":
        raise BadRequest(417, "the only expectation served is 100-continue (RFC 9110 section 10.1.1)")
    return True


def _why(raw: bytes) -> BadRequest:
    """Why the gate did not open, as well as can be told."""
    line = _REQUEST_LINE.match(raw)
    if line is None:
        return BadRequest(400, "the request line is 'METHOD /path HTTP/1.1' and CR LF, with single spaces")
    if line[1] not in (b"1.0", b"1.1"):
        return BadRequest(505, "the protocol served here is HTTP/1.1")
    return BadRequest(
        400, "a header line is 'Name: value' and CR LF: not folded, no control characters, no space before ':'"
    )
