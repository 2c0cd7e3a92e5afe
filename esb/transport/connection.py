# ruff: noqa: N802  the methods that Twisted calls have Twisted's names
"""One client's connection: hands each request to the handler in order, writes its answer, and keeps the time limits.

Requests that are sent ahead wait unread until the answer before theirs is written, so answers cannot change places.
Time limits are deadlines that the factory's sweep looks at once a second: a timer for each would cost more than
reading the request does.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import Enum, auto
from math import inf
from typing import Any, Final
from typing import Protocol as Shape

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer, ISSLTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer  # type: ignore[import-untyped]

from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpHandler, HttpRequest, HttpResponse, Peer
from esb.transport.codings import accepts_gzip, gzip
from esb.transport.framing import BadRequest, Head
from esb.transport.limits import ServerLimits
from esb.transport.requests import Continue, Refused, RequestReader, Stage
from esb.transport.responses import CONTINUE, bare, render
from esb.transport.writing import write

Refuser = Callable[[Refusal, HttpRequest], Awaitable[HttpResponse]]
"""Turns a refusal into the answer to give.  Where the transport refuses, the request has its head and an empty body."""

_log: Final = Logger(namespace="esb.transport")
_GZIP_IN_THREAD_FROM: Final = 256 * 1024


class Door(Shape):
    """What a connection needs of the listener that it came through."""

    handler: HttpHandler
    refuse: Refuser
    limits: ServerLimits
    reactor: Any
    tick: float
    draining: bool

    def date(self) -> bytes:
        """The Date header line."""

    def came(self, connection: "Connection") -> None:
        """A connection is open."""

    def went(self, connection: "Connection") -> None:
        """A connection is gone."""

    def hold(self, more: int) -> bool:
        """Count bytes of bodies that are kept; False while there are too many."""

    def began(self) -> None:
        """A request is being answered."""

    def ended(self) -> None:
        """A request has its answer."""


class _State(Enum):
    READING = auto()
    BUSY = auto()  # the answer is being made
    CLOSING = auto()  # the last answer is on its way
    GONE = auto()


@implementer(IHalfCloseableProtocol, IPushProducer)
class Connection(Protocol):
    """The server's end of one HTTP/1.1 connection.

    Args:
        door: the listener.
        overloaded: answer 503 at once and read nothing.
    """

    def __init__(self, door: Door, overloaded: bool = False) -> None:
        self._door = door
        self._overloaded = overloaded
        self._wire: Any = None
        self._peer: Peer | None = None
        self._reader = RequestReader(door.limits)
        self._state = _State.READING
        self._advancing = False
        self._deaf = False  # nothing that still comes is believed: it is thrown away
        self._thrown_away = 0
        self._held = 0
        self._reading_paused = False
        self._sender_done = False
        self._last = False
        self._write_blocked = False
        self._written = 0
        self._stage = Stage.BETWEEN
        self._stage_began = 0.0
        self._deadline = inf
        self._write_deadline = inf

    # What Twisted tells us

    def connectionMade(self) -> None:
        """Start the time limit for the first head; it covers the TLS handshake as well."""
        self._wire = self.transport
        self._door.came(self)
        self._wire.registerProducer(self, True)
        self._deadline = self._door.tick + self._door.limits.header_seconds
        if self._overloaded:
            self._reject(503, "the bus has as many connections as it can serve: try again shortly")

    def dataReceived(self, data: bytes) -> None:
        """Take what came, as far as it may be taken now."""
        if self._deaf or self._state is _State.CLOSING:
            self._throw_away(len(data))
        else:
            self._reader.feed(data)
            self._advance()

    def readConnectionLost(self) -> None:
        """The client sends no more; an answer that is being made is still written."""
        self._sender_done = True
        if self._state is _State.CLOSING:
            self._wire.loseConnection()
        elif self._state is _State.READING:
            self._close()

    def writeConnectionLost(self) -> None:
        """Our own half is closed, as we wished."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget everything.  A handler under way is not stopped: what it records must be recorded."""
        if self._state is not _State.BUSY:
            self._hold(0)
        self._state = _State.GONE
        self._reader.pending = b""
        self._door.went(self)

    def pauseProducing(self) -> None:
        """The client reads more slowly than we write: begin no further answer, and wait only so long."""
        if not self._write_blocked:
            limits = self._door.limits
            self._write_blocked = True
            self._write_deadline = self._door.tick + limits.write_seconds + self._written / limits.slowest_rate

    def resumeProducing(self) -> None:
        """What was written has gone out."""
        self._write_blocked = False
        self._write_deadline = inf
        self._advance()

    def stopProducing(self) -> None:
        """The transport is closing; ``connectionLost`` follows."""

    # What the factory tells us

    def sweep(self, now: float) -> None:
        """Cut the connection off if a time limit has passed."""
        if now < self._deadline and now < self._write_deadline:
            return
        if self._state is _State.CLOSING or now >= self._write_deadline:
            self._deadline = self._write_deadline = inf
            self._wire.abortConnection()
        elif self._reader.stage is not Stage.BETWEEN:
            self._reject(408, "the request took too long to arrive")
        else:
            self._close()

    def shed(self) -> None:
        """Make the next answer the last one: the client comes again over a new connection."""
        self._last = True

    def drain(self) -> None:
        """Close if nothing is under way; else after the answer."""
        if self._state is _State.READING and self._reader.stage is Stage.BETWEEN and not self._reader.pending:
            self._close()

    # Reading

    def _advance(self) -> None:
        """Read on until bytes run out or an answer has to be waited for.

        A loop and not a recursion: thousands of small requests may have been sent ahead.
        """
        if self._advancing:
            return
        self._advancing = True
        try:
            while self._state is _State.READING and not self._write_blocked:
                event = self._reader.next()
                if event is None:
                    if self._reader.stage is Stage.BODY and not self._hold(self._reader.body_held):
                        event = self._reader.give_up(_too_much())
                    else:
                        self._limit_sender()
                        break
                if isinstance(event, Continue):
                    write(self._wire, CONTINUE)
                elif isinstance(event, Refused):
                    self._deaf = True
                    self._begin_answer(event.head, b"", event.refusal)
                else:
                    self._hold(len(event.body))
                    self._begin_answer(event.head, event.body, None)
        except BadRequest as error:
            self._reject(error.status, str(error))
        finally:
            self._advancing = False
        self._limit_reading_ahead()

    def _hold(self, size: int) -> bool:
        """Say how large the body is that is kept now; False when all connections together keep too much."""
        counted = max(0, size - self._door.limits.pipelined_bytes)
        more, self._held = counted - self._held, counted
        return self._door.hold(more) or not counted

    def _limit_sender(self) -> None:
        limits, stage = self._door.limits, self._reader.stage
        if stage is not self._stage:
            self._stage = stage
            self._stage_began = self._door.tick
        if stage is Stage.HEAD:
            self._deadline = self._stage_began + limits.header_seconds
        elif stage is Stage.BODY:
            grace = limits.body_seconds + self._reader.body_received / limits.slowest_rate
            self._deadline = self._stage_began + grace

    def _limit_reading_ahead(self) -> None:
        if self._state in (_State.CLOSING, _State.GONE):
            return
        full = len(self._reader.pending) > self._door.limits.pipelined_bytes
        if full != self._reading_paused:
            self._reading_paused = full
            if full:
                self._wire.pauseProducing()
            else:
                self._wire.resumeProducing()

    def _throw_away(self, count: int) -> None:
        self._thrown_away += count
        if self._thrown_away > self._door.limits.body_bytes and not self._reading_paused:
            self._reading_paused = True
            self._wire.pauseProducing()

    # Answering

    def _begin_answer(self, head: Head, body: bytes, refusal: Refusal | None) -> None:
        self._state = _State.BUSY
        self._stage = Stage.BETWEEN
        self._deadline = inf
        if self._peer is None:
            self._peer = _peer_of(self._wire)
        request = HttpRequest(head.method, head.path, head.query, head.headers, body, self._peer)
        self._door.began()
        Deferred.fromCoroutine(self._answer(head, request, refusal))

    async def _answer(self, head: Head, request: HttpRequest, refusal: Refusal | None) -> None:
        door = self._door
        head_only = head.method == "HEAD"
        try:
            response, gzipped = await self._compressed(head, await self._ask(request, refusal))
            close = not head.keep_alive or self._deaf or self._sender_done or self._last or door.draining
            data = render(
                response, door.date(), gzipped=gzipped, head_only=head_only, close=close, http_1_0=head.http_1_0
            )
        except Exception as error:  # noqa: BLE001  the last line of defence: the client gets an answer whatever broke
            # The text of an unforeseen error may hold what a log must not.
            _log.error("answering a request failed with {kind}", kind=type(error).__qualname__)
            close = True
            data = _bare(door, 500, "the bus failed to answer", head_only)
        finally:
            self._hold(0)
            door.ended()
        self._send(data, close)

    async def _ask(self, request: HttpRequest, refusal: Refusal | None) -> HttpResponse:
        if refusal is None:
            try:
                return await self._door.handler(request)
            except Refusal as raised:
                refusal = raised
        return await self._door.refuse(refusal, request)

    async def _compressed(self, head: Head, response: HttpResponse) -> tuple[HttpResponse, bool]:
        wish = head.headers.get(b"accept-encoding")
        size = len(response.body)
        if wish is None or size < self._door.limits.gzip_from or not accepts_gzip(wish):
            return response, False
        if size < _GZIP_IN_THREAD_FROM:
            return replace(response, body=gzip(response.body)), True
        reactor = self._door.reactor
        body = await deferToThreadPool(reactor, reactor.getThreadPool(), gzip, response.body)
        return replace(response, body=body), True

    def _send(self, data: bytes, close: bool) -> None:
        if self._state is _State.GONE:
            return
        self._written = len(data)
        write(self._wire, data)
        if close:
            self._close()
            return
        self._state = _State.READING
        self._deadline = self._door.tick + self._door.limits.idle_seconds
        self._advance()

    def _reject(self, status: int, text: str) -> None:
        """Answer without SOAP, because HTTP itself is broken, and close."""
        self._deaf = True
        data = _bare(self._door, status, text, False)
        self._written = len(data)
        write(self._wire, data)
        self._close()

    def _close(self) -> None:
        """End the connection once what was written is out.

        A socket that is closed with unread data in it resets the connection, and the client may lose the answer
        (RFC 9112 section 9.6): so what the client still sends is read for a while and thrown away.
        """
        lingers = self._deaf or bool(self._reader.pending)
        self._reader.pending = b""
        self._state = _State.CLOSING
        self._deadline = self._door.tick + self._door.limits.linger_seconds
        if self._write_blocked:
            self._deadline = self._write_deadline
        self._write_deadline = inf
        if self._reading_paused and self._thrown_away <= self._door.limits.body_bytes:
            self._reading_paused = False
            self._wire.resumeProducing()
        self._wire.unregisterProducer()
        if lingers and not self._sender_done and not ISSLTransport.providedBy(self._wire):
            self._wire.loseWriteConnection()
        else:
            # Under TLS this sends close_notify and goes on reading until the client's own.
            self._wire.loseConnection()


def _bare(door: Door, status: int, text: str, head_only: bool) -> bytes:
    return render(bare(status, text), door.date(), gzipped=False, head_only=head_only, close=True, http_1_0=False)


def _too_much() -> Refusal:
    return Refusal(
        rules.BUS_LOAD, "The bus holds as many large messages as it can: send this one again shortly.", {}, 2
    )


def _peer_of(wire: Any) -> Peer:
    address = getattr(wire.getPeer(), "host", "")
    if not ISSLTransport.providedBy(wire):
        return Peer(address)
    certificate = wire.getPeerCertificate()
    if certificate is None:
        return Peer(address, True)
    return Peer(address, True, bytes.fromhex(certificate.digest("sha256").decode("ascii").replace(":", "")))
