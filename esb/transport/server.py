# ruff: noqa: N802  the methods that Twisted calls have Twisted's names
"""The listener's factory: makes connections, sweeps their time limits, counts, and drains."""

from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol

from esb.kernel.clock import Clock
from esb.kernel.http import HttpHandler
from esb.transport.connection import Connection, Refuser
from esb.transport.limits import ServerLimits
from esb.transport.responses import DateLine

_SWEEP_SECONDS: Final = 1.0


class DoorFactory(Factory):
    """Serves HTTP/1.1 on every connection that comes through a listening port.

    Args:
        handler: is given each whole request; returns its answer.
        refuse: is given what the transport itself has to refuse of a request that is otherwise good HTTP (MSG-03,
            MSG-04), and each Refusal that the handler raises; returns the answer.
        limits: how much is taken, and how long is waited.
        reactor: Twisted's reactor, for the sweep and for compressing large answers in its threads.  (Typed Any: Twisted
            types a reactor by several zope interfaces at once, which a type checker cannot say.)
        clock: tells the time for the Date header, and measures time limits.

    Attributes:
        connections: how many connections are open now.
        in_flight: how many requests are being answered now.
        held: bytes of request bodies that count towards ``limits.held_bytes`` now.
    """

    noisy = False

    def __init__(self, handler: HttpHandler, refuse: Refuser, limits: ServerLimits, reactor: Any, clock: Clock) -> None:
        self.handler = handler
        self.refuse = refuse
        self.limits = limits
        self.reactor = reactor
        self.date = DateLine(clock)
        self.tick = clock.monotonic()
        self.draining = False
        self.in_flight = 0
        self.held = 0
        self._clock = clock
        self._open: set[Connection] = set()
        self._sweeper: Any | None = None
        self._closing_idle: Any | None = None
        self._drained: list[Deferred[None]] = []

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._open)

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """A connection for a client; above the cap one that answers 503, above that one that is cut."""
        open_now = len(self._open)
        if self.draining or open_now >= self.limits.connections + self.limits.refused_connections:
            return _Cut()
        return Connection(self, overloaded=open_now >= self.limits.connections)

    def drain(self, idle_seconds: float = 0.0) -> Deferred[None]:
        """Finish what is under way and close everything.

        The caller stops the listening port first.  A request that has begun is still answered, with
        ``Connection: close``; new connections are cut.  An idle connection is closed after ``idle_seconds``: until
        then its client may send one more request and gets its answer, again with ``Connection: close``.  A client
        cannot know that a connection is about to be closed (RFC 9112 section 9.5), and a request that meets the closing
        is lost.  A second call may shorten that time.

        Returns:
            A Deferred that fires when no connection is left and no handler runs.  How long to wait is the caller's
            to decide.
        """
        self.draining = True
        if self._closing_idle is not None and self._closing_idle.active():
            self._closing_idle.cancel()
        self._closing_idle = None
        if idle_seconds > 0 and self._open:
            self._closing_idle = self.reactor.callLater(idle_seconds, self._close_idle)
        else:
            self._close_idle()
        done: Deferred[None] = Deferred()
        self._drained.append(done)
        self._tell_drained()
        return done

    def shed(self) -> None:
        """Let each open connection end with its next answer, which says ``Connection: close``.

        For a process that has served another's share: kept-alive clients come again, and are spread anew.
        """
        for connection in self._open:
            connection.shed()

    def _close_idle(self) -> None:
        for connection in list(self._open):
            connection.drain()

    def came(self, connection: Connection) -> None:
        """A connection is open."""
        self._open.add(connection)
        if self._sweeper is None:
            self.tick = self._clock.monotonic()
            self._sweeper = self.reactor.callLater(_SWEEP_SECONDS, self._sweep)

    def went(self, connection: Connection) -> None:
        """A connection is gone."""
        self._open.discard(connection)
        if not self._open and self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        self._tell_drained()

    def hold(self, more: int) -> bool:
        """Count bytes of bodies that are kept, fewer if negative; False while there are too many."""
        self.held += more
        return self.held <= self.limits.held_bytes

    def began(self) -> None:
        """A request is being answered."""
        self.in_flight += 1

    def ended(self) -> None:
        """A request has its answer."""
        self.in_flight -= 1
        self._tell_drained()

    def _sweep(self) -> None:
        self._sweeper = self.reactor.callLater(_SWEEP_SECONDS, self._sweep)
        self.tick = now = self._clock.monotonic()
        for connection in list(self._open):
            connection.sweep(now)

    def _tell_drained(self) -> None:
        if self.draining and not self._open and not self.in_flight:
            if self._closing_idle is not None and self._closing_idle.active():
                self._closing_idle.cancel()
            waiting, self._drained = self._drained, []
            for done in waiting:
                done.callback(None)


class _Cut(Protocol):
    """A connection that is not served."""

    def connectionMade(self) -> None:
        """Close at once."""
        wire: Any = self.transport
        wire.abortConnection()
