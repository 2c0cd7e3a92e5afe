"""How a provider can misbehave: what it writes to a connection instead of a plain answer, step by step.

A manner gets the good answer and gives the steps in order: bytes to write, seconds to wait, or an :class:`End`.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final


class End(Enum):
    """How a connection ends, or that it does not."""

    CLOSE = "close"
    RESET = "reset"  # RST: nothing that is still on its way arrives
    NEVER = "never"  # open, and silent for ever


Step = bytes | float | End
Manner = Callable[[bytes, float], Iterator[Step]]

_WRONG_PERSON: Final = (
    b'<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
    b'<p:GetPersonResponse xmlns:p="urn:example:person"><p:person><p:fin>ZZZZZZZ</p:fin><p:surname>Wrong</p:surname>'
    b"<p:name>Wrong</p:name><p:born>1900-01-01</p:born></p:person></p:GetPersonResponse></S:Body></S:Envelope>"
)


def http(body: bytes, status: bytes = b"200 OK", media: bytes = b"text/xml; charset=utf-8") -> bytes:
    """A whole HTTP answer."""
    head = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (status, media, len(body))
    return head + body


def _good(answer: bytes, _wait: float) -> Iterator[Step]:
    yield http(answer)


def _slow(answer: bytes, wait: float) -> Iterator[Step]:
    yield wait
    yield http(answer)


def _drip(answer: bytes, wait: float) -> Iterator[Step]:
    """A byte now and then: each read succeeds, and the whole never comes."""
    for byte in http(answer):
        yield bytes((byte,))
        yield wait


def _silent(_answer: bytes, _wait: float) -> Iterator[Step]:
    yield End.NEVER


def _reset(answer: bytes, _wait: float) -> Iterator[Step]:
    whole = http(answer)
    yield whole[: len(whole) // 2]
    yield 0.05
    yield End.RESET


def _torn(answer: bytes, _wait: float) -> Iterator[Step]:
    whole = http(answer)
    yield whole[: len(whole) // 2]
    yield End.CLOSE


def _not_http(_answer: bytes, _wait: float) -> Iterator[Step]:
    yield b"\x16\x03\x01\x00\xff<html>what?\r\n\r\n"
    yield End.CLOSE


def _torn_chunk(answer: bytes, _wait: float) -> Iterator[Step]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield head + b"%x\r\n" % (len(answer) + 100) + answer
    yield End.CLOSE


def _html(_answer: bytes, _wait: float) -> Iterator[Step]:
    yield http(b"<html><body><h1>Server Error</h1></body></html>", b"500 Internal Server Error", b"text/html")


def _wrong_xml(_answer: bytes, _wait: float) -> Iterator[Step]:
    yield http(b"<root>not an envelope</root>")


def _wrong_body(answer: bytes, _wait: float) -> Iterator[Step]:
    yield http(answer.replace(b"GetPersonResponse", b"GetSomethingElse"))


def _empty(_answer: bytes, _wait: float) -> Iterator[Step]:
    yield http(b"")


def _twice(answer: bytes, _wait: float) -> Iterator[Step]:
    """A second answer stands right behind the first: the next question on this connection must not get it."""
    yield http(answer) + http(_WRONG_PERSON)


def _twice_later(answer: bytes, wait: float) -> Iterator[Step]:
    yield http(answer)
    yield wait
    yield http(_WRONG_PERSON)


def _closes(answer: bytes, wait: float) -> Iterator[Step]:
    """Keep-alive is promised and not kept."""
    yield http(answer)
    yield wait
    yield End.CLOSE


def _big(answer: bytes, much: float) -> Iterator[Step]:
    """So many bytes more than usual."""
    yield http(answer.replace(b"</p:person>", b"<p:note>" + b"x" * int(much) + b"</p:note></p:person>"))


def _hangs_up(_answer: bytes, _wait: float) -> Iterator[Step]:
    """The request was read, and the connection closed as if it had been idle: whether it was acted on, nobody knows."""
    yield End.RESET


MANNERS: Final[dict[str, Manner]] = {
    "good": _good,
    "slow": _slow,
    "drip": _drip,
    "silent": _silent,
    "reset": _reset,
    "torn": _torn,
    "not-http": _not_http,
    "torn-chunk": _torn_chunk,
    "html": _html,
    "wrong-xml": _wrong_xml,
    "wrong-body": _wrong_body,
    "empty": _empty,
    "twice": _twice,
    "twice-later": _twice_later,
    "closes": _closes,
    "big": _big,
    "hangs-up": _hangs_up,
}
