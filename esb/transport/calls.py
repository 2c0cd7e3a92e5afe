"""An HttpCall made ready to be sent: where it goes, and its bytes."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from esb.kernel.faults import EsbError
from esb.kernel.http import HttpCall

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?")
_TARGET: Final = re.compile(r"[\x21-\x7e]+")
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_OURS: Final = frozenset(
    {"accept-encoding", "connection", "content-length", "content-type", "expect", "host", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "keep-alive"}
)
_PORTS: Final = {"http": 80, "https": 443}


class CallError(EsbError):
    """A call that must not be sent: its URL or a header is not fit for HTTP."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a connection leads to."""

    scheme: str
    host: str
    port: int


@lru_cache(maxsize=4096)
def split_url(url: str) -> tuple[Origin, bytes]:
    """Where ``url`` leads, and the request line with the Host header for it.

    Raises:
        CallError: it is not an absolute http or https URL, or carries a user name.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise CallError("a provider's address is not a URL") from error
    host = parts.hostname or ""
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or "@" in parts.netloc:
        raise CallError("a provider's address is an absolute http or https URL without a user name")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _TARGET.fullmatch(target):
        raise CallError("a provider's address is written in ASCII, with other characters percent-encoded")
    shown = f"[{host}]" if ":" in host else host
    authority = shown if port is None or port == _PORTS[parts.scheme] else f"{shown}:{port}"
    line = f"POST {target} HTTP/1.1\r\nHost: {authority}\r\n".encode("ascii")
    return Origin(parts.scheme, host, _PORTS[parts.scheme] if port is None else port), line


def write_call(line: bytes, call: HttpCall) -> bytes:
    """The whole request as it goes on the wire.

    Without Expect, because the body is small and always wanted; without Accept-Encoding, because inside a network
    compression costs more time than it saves.

    Raises:
        CallError: a header that must not go out: it would break the request's framing.
    """
    fixed = _fixed_lines(call.content_type, call.headers)
    return b"%b%bContent-Length: %d\r\n\r\n%b" % (line, fixed, len(call.body), call.body)


@lru_cache(maxsize=1024)
def _fixed_lines(content_type: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    lines = [_line("Content-Type", content_type)]
    for name, value in headers:
        if not _NAME.fullmatch(name) or name.lower() in _OURS:
            raise CallError(f"{name!r} is not a header that a call may set")
        lines.append(_line(name, value))
    return "".join(lines).encode("ascii")


def _line(name: str, value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise CallError(f"the value of {name} holds a character that a header must not hold")
    return f"{name}: {value}\r\n"
