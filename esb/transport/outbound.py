# ruff: noqa: N802  the methods that Twisted calls have Twisted's names
"""One connection to a provider, and one call on it."""

import socket
from collections.abc import Callable
from typing import Any, Final
from typing import Protocol as Shape

from twisted.internet import error
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IHandshakeListener, ISSLTransport, ITCPTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer  # type: ignore[import-untyped]

from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpAnswer
from esb.transport.answers import AnswerReader, broken
from esb.transport.limits import ClientLimits
from esb.transport.tls import is_tls_failure
from esb.transport.writing import write

_PEEK: Final = socket.MSG_PEEK | socket.MSG_DONTWAIT


class Exchange:
    """One call under way: its bytes, its time limit and who waits for its answer.

    Args:
        wire: the whole request.
        max_answer: the most bytes of the answer's body.
        deadline: on the pool's monotonic clock.
        let_go: called once when the exchange is over, whatever its end.

    Attributes:
        done: fires with the answer or the refusal.  Cancelling it gives the call up, and its connection with it.
        over: whether it has ended.
        connecting: whether a connection is being made for it.
        connection: where it was sent; None while it waits or connects.
    """

    __slots__ = ("_let_go", "connecting", "connection", "deadline", "done", "max_answer", "over", "wire")

    def __init__(self, wire: bytes, max_answer: int, deadline: float, let_go: "Callable[[Exchange], None]") -> None:
        self.wire = wire
        self.max_answer = max_answer
        self.deadline = deadline
        self.connection: ProviderConnection | None = None
        self.connecting = False
        self.over = False
        self._let_go = let_go
        self.done: Deferred[HttpAnswer] = Deferred(self._cancelled)

    def succeed(self, answer: HttpAnswer) -> None:
        """Hand the answer over."""
        self._end()
        self.done.callback(answer)

    def fail(self, refusal: Refusal) -> None:
        """Hand a refusal over."""
        self._end()
        self.done.errback(refusal)

    def give_up(self, refusal: Refusal) -> None:
        """Fail, and cut the connection: its answer, should it still come, must not meet another call."""
        connection = self.connection
        if connection is not None:
            connection.discard()
        self.fail(refusal)

    def _cancelled(self, _: object) -> None:
        connection = self.connection
        if connection is not None:
            connection.discard()
        self._end()

    def _end(self) -> None:
        self.over = True
        self.connection = None
        self._let_go(self)


class Keeper(Shape):
    """What a connection needs of the pool."""

    limits: ClientLimits

    def free(self, connection: "ProviderConnection") -> None:
        """The connection can carry another call."""

    def left(self, connection: "ProviderConnection") -> None:
        """The connection carries no more calls."""

    def gone(self, connection: "ProviderConnection") -> None:
        """The connection's socket is closed."""


@implementer(IHandshakeListener)
class ProviderConnection(Protocol):
    """A connection to a provider; carries one call at a time.

    Attributes:
        ready: fires when it can carry its first call: connected, and under TLS the provider's certificate verified.
        idle_since: when its last call ended.
    """

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._wire: Any = None
        self._exchange: Exchange | None = None
        self._reader: AnswerReader | None = None
        self._discarded = False
        self.ready: Deferred[None] = Deferred(lambda _: self.discard())
        self.idle_since = 0.0

    def start(self, exchange: Exchange) -> None:
        """Send ``exchange`` and read its answer."""
        self._exchange = exchange
        self._reader = AnswerReader(self._keeper.limits, exchange.max_answer)
        exchange.connection = self
        write(self._wire, exchange.wire)

    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer: no closing, no bytes that nobody asked for.

        Looks at the socket itself, because the reactor may not have come to it yet.
        """
        if self._discarded:
            return False
        wire = self._wire.transport if ISSLTransport.providedBy(self._wire) else self._wire
        try:
            wire.getHandle().recv(1, _PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def discard(self) -> None:
        """Cut the connection."""
        if not self._discarded:
            self._discarded = True
            self._over()
            self._keeper.left(self)
            if self._wire is not None:
                self._wire.abortConnection()

    def _over(self) -> None:
        """The call is over: nothing is kept of it."""
        if self._reader is not None:
            self._reader.close()
        self._exchange = self._reader = None

    # What Twisted tells us

    def connectionMade(self) -> None:
        """Plain connections are ready now."""
        self._wire = self.transport
        if self._discarded:
            self._wire.abortConnection()
            return
        if ITCPTransport.providedBy(self._wire):
            self._wire.setTcpNoDelay(True)
        if not ISSLTransport.providedBy(self._wire):
            self.ready.callback(None)

    def handshakeCompleted(self) -> None:
        """TLS connections are ready now."""
        if not self.ready.called:
            self.ready.callback(None)

    def dataReceived(self, data: bytes) -> None:
        """Read on in the answer."""
        exchange, reader = self._exchange, self._reader
        if exchange is None or reader is None:
            self.discard()  # nobody asked
            return
        try:
            reader.feed(data)
        except Refusal as refusal:
            exchange.give_up(refusal)
            return
        if reader.answer is None:
            return
        self._over()
        exchange.connection = None
        if reader.reusable:
            self._keeper.free(self)
        else:
            self.discard()
        exchange.succeed(reader.answer)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End the call that was under way, if there was one."""
        exchange, reader = self._exchange, self._reader
        self._over()
        if not self._discarded:
            self._discarded = True
            self._keeper.left(self)
        self._keeper.gone(self)
        if not self.ready.called:
            self.ready.errback(reason)
        if exchange is None or reader is None:
            return
        why = reason.value or error.ConnectionDone()
        if isinstance(why, error.ConnectionDone):
            try:
                reader.finish()
            except Refusal as refusal:
                exchange.fail(refusal)
                return
        if reader.answer is not None:
            exchange.succeed(reader.answer)
        elif is_tls_failure(why) and not reader.begun:
            exchange.fail(no_connection(why))  # in TLS 1.3 our certificate is refused after our own handshake
        else:
            exchange.fail(broken(reader.begun))


def no_connection(why: BaseException) -> Refusal:
    """Why there is no connection, without the addresses that a system's own message would tell."""
    match why:
        case error.DNSLookupError():
            cause, text = "dns", "The provider's host name cannot be resolved."
        case error.ConnectionRefusedError():
            cause, text = "refused", "The provider's host refuses the connection: its service is not listening."
        case error.TimeoutError() | error.ConnectingCancelledError() | CancelledError():
            cause, text = "timeout", "The provider does not accept a connection in time."
        case error.ConnectionLost() | error.ConnectionDone():
            cause, text = "closed", "The provider closed the connection before it was ready."
        case _ if is_tls_failure(why):
            cause, text = (
                "tls",
                "TLS with the provider failed: check its certificate and name, and our client certificate.",
            )
        case _:
            cause, text = "unreachable", "The provider's host cannot be reached."
    return Refusal(rules.PRV_CONNECT, text, {"cause": cause})
