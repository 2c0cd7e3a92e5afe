"""Fetching what authorities publish: one request within bounds of time and size, to hosts that an operator allowed.

Nothing here is ever asked for by a message: addresses come from settings, or from registered certificates where their
host is allowed.  No redirect is followed.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from esb.kernel.faults import EsbError

_PIECE: Final = 64 * 1024


class FetchFailed(EsbError):
    """Nothing that can be used came back; the text says why."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back: ``None`` octets where it has not changed since; headers by lower-case name."""

    octets: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a host answered, whatever it thinks of the request; headers by lower-case name."""

    status: int
    octets: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def fetch(
    url: str,
    hosts: Collection[str],
    *,
    most: int,
    seconds: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Fetched:
    """GET a URL, or POST ``body`` to it.  Blocking.

    Args:
        hosts: lower-case host names that may be asked.
        most: octets that may come back.
        seconds: for all of it, from the first look-up to the last octet.

    Raises:
        FetchFailed: the host is not allowed, does not answer in time, or answers something else than 200 or 304.
    """
    answer = ask(url, hosts, most=most, seconds=seconds, body=body, headers=headers)
    if answer.status == 304:
        return Fetched(None, answer.headers)
    if answer.status != 200:
        raise FetchFailed(f"{(urlsplit(url).hostname or '').lower()} answers HTTP {answer.status}")
    return Fetched(answer.octets, answer.headers)


def ask(
    url: str,
    hosts: Collection[str],
    *,
    most: int,
    seconds: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Answered:
    """As :func:`fetch`, for whoever means something by other statuses.

    Args:
        tls: towards an https URL; None judges by the machine's authorities.

    Raises:
        FetchFailed: the host is not allowed, or does not answer in time.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise FetchFailed(f"{url[:200]!a} is not a URL") from None
    if parts.scheme not in ("http", "https") or host not in hosts:
        raise FetchFailed(f"{host or url[:200]!a} is not asked: no setting names it")
    ends = time.monotonic() + seconds
    connection = (
        http.client.HTTPConnection(host, port, timeout=seconds)
        if parts.scheme == "http"
        else http.client.HTTPSConnection(host, port, timeout=seconds, context=tls or ssl.create_default_context())
    )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # A time for each look at the socket bounds nothing against a server that gives an octet at a time.
    wires: list[socket.socket] = []
    watch = threading.Timer(seconds, _cut, (connection, wires))
    watch.daemon = True
    watch.start()
    try:
        connection.connect()
        wires.append(connection.sock)  # which the connection forgets when the server says that it will close
        connection.request("GET" if body is None else "POST", target, body, dict(headers or {}))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answered(answer.status, _read(connection, answer, host, most, ends), found)
    except (OSError, http.client.HTTPException) as error:
        raise FetchFailed(f"{host} cannot be asked: {type(error).__name__}") from error
    finally:
        watch.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection, wires: list[socket.socket]) -> None:
    during: socket.socket | None = connection.sock  # while it is still being made
    for wire in wires or ([] if during is None else [during]):
        with suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)


def _read(
    connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, host: str, most: int, ends: float
) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        left = ends - time.monotonic()
        if left <= 0:
            raise FetchFailed(f"{host} does not give all of it in time")
        wire: socket.socket | None = connection.sock
        if wire is not None:
            wire.settimeout(left)
        piece = answer.read1(_PIECE)
        if not piece:
            if time.monotonic() >= ends:  # it was cut
                raise FetchFailed(f"{host} does not give all of it in time")
            break
        size += len(piece)
        if size > most:
            raise FetchFailed(f"{host} gives more than {most} octets")
        pieces.append(piece)
    if answer.length:
        raise FetchFailed(f"{host} broke off")
    return b"".join(pieces)
