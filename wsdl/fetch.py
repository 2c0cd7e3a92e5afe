"""Fetching a contract's documents over HTTP, once, at registration: bounded in size, time, redirects and places."""

import contextlib
import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from esb.kernel.clock import Clock, SystemClock
from esb.wsdl.addresses import AddressRules, Resolve, choose_address, resolve_host
from esb.wsdl.limits import ReadLimits
from esb.wsdl.refuse import Forbidden, NotFound, shown

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = re.compile(r"[A-Za-z0-9~_-]")  # without the dot: %2E%2E must not become a way up after resolving
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document and the URL that it came from in the end; its relative references stand against that."""

    url: str
    data: bytes


Fetch = Callable[[str], Fetched]


def normal_url(url: str) -> str:
    """One spelling for one URL: lower-case scheme and host, no fragment, no default port, dots resolved, quoted once.

    Raises:
        Forbidden: not http or https, no host, a user name or password, or control characters.
    """
    text = url.strip()
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise Forbidden(f"the address {shown(url)} holds a control character")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Forbidden(f"the address {shown(url)} is not a URL") from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host:
        raise Forbidden(f"the address {shown(url)} is not http or https: put the document where the main WSDL is")
    if parts.username is not None or parts.password is not None:
        raise Forbidden("a contract's address may not hold a user name or password: register from a downloaded file")
    named = f"[{host}]" if ":" in host else host
    netloc = named if port in (None, _PORTS[scheme]) else f"{named}:{port}"
    path = _one_quoting(quote(_without_dots(parts.path or "/"), safe="/%:@!$&'()*+,;=~-._"))
    query = _one_quoting(quote(parts.query, safe="/%:@!$&'()*+,;=~-._?"))
    return urlunsplit(SplitResult(scheme, netloc, path, query, ""))


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for position, segment in enumerate(segments, start=1):
        if segment not in (".", ".."):
            kept.append(segment)
            continue
        if segment == ".." and kept:
            kept.pop()
        if position == len(segments):
            kept.append("")
    return "/" + "/".join(kept)


def _one_quoting(text: str) -> str:
    """RFC 3986 section 6.2.2: unreserved characters plain, other escapes in capitals."""

    def plain(match: re.Match[str]) -> str:
        character = chr(int(match.group()[1:], 16))
        return character if _UNRESERVED.fullmatch(character) else match.group().upper()

    return _ESCAPE.sub(plain, text)


class WebFetch:
    """Fetches from the host of the first URL asked for, from hosts named beside it, and from nowhere else.

    Args:
        limits: bounds on size, time and redirects.
        rules: which addresses may be connected to.
        hosts: further host names (lower case) that documents may come from.
        resolve, clock, tls: given in, so that a test holds them still.

    A call returns a :class:`Fetched`, or raises :class:`NotFound` or :class:`Forbidden`.
    """

    def __init__(
        self,
        limits: ReadLimits | None = None,
        rules: AddressRules | None = None,
        hosts: frozenset[str] = frozenset(),
        resolve: Resolve = resolve_host,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._limits = limits or ReadLimits()
        self._rules = rules or AddressRules()
        self._hosts = hosts
        self._resolve = resolve
        self._clock = clock or SystemClock()
        self._tls = tls or ssl.create_default_context()
        self._origin: tuple[str, int] | None = None
        self._deadline = 0.0
        self._addresses: dict[tuple[str, int], str] = {}

    def __call__(self, url: str) -> Fetched:
        """Fetch one document, following redirects that stay where documents may come from."""
        current = normal_url(url)
        if self._origin is None:
            parts = urlsplit(current)
            self._origin = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
            self._deadline = self._clock.monotonic() + self._limits.seconds
        for _ in range(self._limits.redirects + 1):
            answer = self._once(current)
            if isinstance(answer, bytes):
                return Fetched(current, answer)
            current = normal_url(urljoin(current, answer.to))
        raise Forbidden(f"{shown(url)} redirects more than {self._limits.redirects} times: give the final address")

    def _once(self, url: str) -> "bytes | _Redirect":
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        self._check_place(host, port, url)
        if (host, port) not in self._addresses:
            self._addresses[host, port] = choose_address(host, port, self._rules, self._resolve)
        left = self._deadline - self._clock.monotonic()
        if left <= 0:
            raise Forbidden(f"fetching the contract took longer than {self._limits.seconds:g} s in all")
        connection = _Pinned(
            self._addresses[host, port], host, port, left, self._tls if parts.scheme == "https" else None
        )
        # A server that drips a byte at a time outlives every socket timeout; this ends the whole exchange.
        alarm = threading.Timer(left, connection.cut)
        alarm.daemon = True
        alarm.start()
        try:
            answer = self._ask(connection, parts, url)
        except (OSError, http.client.HTTPException, ssl.SSLError) as error:
            if not connection.was_cut:
                raise NotFound(
                    f"{shown(url)} could not be fetched ({type(error).__name__}): check the address"
                ) from None
        finally:
            alarm.cancel()
            connection.close()
        if connection.was_cut:  # what came until then may look whole
            raise Forbidden(f"fetching the contract took longer than {self._limits.seconds:g} s in all")
        return answer

    def _check_place(self, host: str, port: int, url: str) -> None:
        origin = self._origin or ("", 0)
        if host != origin[0] and host not in self._hosts:
            raise Forbidden(
                f"{shown(url)} is on another host than the contract: "
                "allow that host by name, or register from a downloaded folder"
            )
        if host == origin[0] and port not in (origin[1], *_PORTS.values()):
            raise Forbidden(f"{shown(url)} is on another port than the contract: register from a downloaded folder")

    def _ask(self, connection: "_Pinned", parts: SplitResult, url: str) -> "bytes | _Redirect":
        target = urlunsplit(SplitResult("", "", parts.path, parts.query, ""))
        connection.request("GET", target, headers={"Accept": "text/xml, application/xml, */*", "User-Agent": "shluz"})
        response = connection.getresponse()
        if response.status in _REDIRECTS:
            location = response.getheader("Location")
            if not location:
                raise NotFound(f"{shown(url)} redirects without saying where")
            return _Redirect(location)
        if response.status != 200:
            raise NotFound(f"{shown(url)} answers HTTP {response.status}: check the address")
        if response.getheader("Content-Encoding", "identity") not in ("identity", ""):
            raise Forbidden(f"{shown(url)} answers compressed though nobody asked: register from a downloaded file")
        limit = self._limits.document_bytes
        data = response.read(limit + 1)
        if len(data) > limit:
            raise Forbidden(f"{shown(url)} is larger than {limit} bytes")
        if response.length:
            raise NotFound(f"{shown(url)} ended before all of it had come: try again")
        return data


@dataclass(frozen=True, slots=True)
class _Redirect:
    to: str


class _Pinned(http.client.HTTPConnection):
    """A connection to one judged address, speaking to (and, with TLS, verifying) the host by its name."""

    def __init__(self, address: str, host: str, port: int, timeout: float, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=timeout)
        self.was_cut = False
        self._address = address
        self._held: socket.socket | None = None
        self._wrap = tls
        if tls is not None:
            self.default_port = _PORTS["https"]

    def connect(self) -> None:
        # Held apart: http.client lets go of its own reference while an answer that ends by closing is still read.
        self._held = self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._wrap is not None:
            wrapped = self._wrap.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self._held = self.sock = wrapped
            wrapped.do_handshake()

    def cut(self) -> None:
        """End the exchange from another thread."""
        self.was_cut = True
        if self._held is not None:
            with contextlib.suppress(OSError):
                self._held.shutdown(socket.SHUT_RDWR)
