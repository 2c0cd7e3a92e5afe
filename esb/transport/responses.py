"""Writes an answer's bytes (RFC 9112 section 4; RFC 9110 section 8)."""

import re
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from esb.kernel.clock import Clock
from esb.kernel.http import HttpResponse

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?")
_OURS: Final = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "keep-alive",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "vary",
    }
)
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}
_BODILESS: Final = frozenset({204, 304})


class DateLine:
    """The Date header line (RFC 9110 section 6.6.1), made anew once a second."""

    __slots__ = ("_clock", "_line", "_second")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = -1
        self._line = b""

    def __call__(self) -> bytes:
        """The line for now, with its CR LF."""
        second = int(self._clock.now())
        if second != self._second:
            self._second = second
            self._line = f"Date: {formatdate(second, usegmt=True)}\r\n".encode("ascii")
        return self._line


def render(
    response: HttpResponse, date: bytes, *, gzipped: bool, head_only: bool, close: bool, http_1_0: bool
) -> bytes:
    """The whole answer as it goes on the wire.

    Args:
        response: what to say; its body is already compressed if ``gzipped``.
        date: the Date line.
        gzipped: say ``Content-Encoding: gzip``.
        head_only: leave the body out, because the request was HEAD.
        close: say that the connection is closed after this.
        http_1_0: the client speaks HTTP/1.0 and must be told that the connection stays.

    Raises:
        ValueError: a status, header name or value that must not go out: it would break the answer's framing.
    """
    status, body = response.status, response.body
    head = _fixed_lines(status, response.content_type, response.headers)
    length = b"" if status in _BODILESS else b"Content-Length: %d\r\n" % len(body)
    if gzipped:
        length += b"Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n"
    if close:
        length += b"Connection: close\r\n"
    elif http_1_0:
        length += b"Connection: keep-alive\r\n"
    if head_only or status in _BODILESS:
        body = b""
    return b"".join((head, date, length, b"\r\n", body))


def bare(status: int, text: str) -> HttpResponse:
    """A plain-text answer for a request that is not good enough HTTP to be answered in SOAP."""
    headers = (("Retry-After", "1"),) if status == HTTPStatus.SERVICE_UNAVAILABLE else ()
    return HttpResponse(status, "text/plain; charset=utf-8", text.encode("utf-8") + b"\n", headers)


@lru_cache(maxsize=512)
def _fixed_lines(status: int, content_type: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    if not 200 <= status <= 599:
        raise ValueError(f"{status} is not the status of a final answer")
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Unassigned')}"]
    for name, value in headers:
        if not _NAME.fullmatch(name) or name.lower() in _OURS:
            raise ValueError(f"{name!r} is not a header that an answer may set")
        lines.append(_line(name, value))
    if content_type:
        lines.append(_line("Content-Type", content_type))
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def _line(name: str, value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise ValueError(f"the value of {name} holds a character that a header must not hold")
    return f"{name}: {value}"
