# ruff: noqa: N802  the methods that Twisted calls have Twisted's names
"""The pool of connections towards providers.

A request is written once and never again (RFC 9110 section 9.2.2): a provider that closed the connection may have
acted on it all the same.  Against the known race, a server closing an idle connection just as it is used again, the
pool keeps idle connections only shortly and looks at the socket before it uses one.
"""

from collections import deque
from ipaddress import ip_address
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory

from esb.kernel import rules
from esb.kernel.clock import Clock
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpAnswer, HttpCall
from esb.transport.calls import Origin, split_url, write_call
from esb.transport.limits import ClientLimits
from esb.transport.outbound import Exchange, ProviderConnection, no_connection
from esb.transport.tls import ClientTls

_SWEEP_SECONDS: Final = 0.25


# How long one address of a name is tried before the next is tried beside it; also how long the last one's failure
# waits to be told.  RFC 8305, section 5, asks for 100 ms at least.
_BETWEEN_ADDRESSES: Final = 0.1


def _literal(host: str) -> type[TCP4ClientEndpoint | TCP6ClientEndpoint] | None:
    """How an address that needs no looking up is connected to; None for a name."""
    try:
        return TCP4ClientEndpoint if ip_address(host).version == 4 else TCP6ClientEndpoint
    except ValueError:
        return None


class ClientPool:
    """Sends calls to providers over kept connections; an implementation of :class:`esb.kernel.http.HttpClient`.

    Redirects are not followed: a provider's address is what the registry says.

    Args:
        reactor: Twisted's reactor.  (Typed Any: Twisted types a reactor by several zope interfaces at once.)
        clock: measures the time limits.
        tls: for https; None where no provider is spoken to over TLS.
        limits: sizes, times and numbers.
    """

    def __init__(self, reactor: Any, clock: Clock, tls: ClientTls | None, limits: ClientLimits | None = None) -> None:
        self.limits = limits or ClientLimits()
        self._reactor = reactor
        self._clock = clock
        self._tls = tls
        self._hosts: dict[Origin, _Host] = {}
        self._exchanges: set[Exchange] = set()
        self._sweeper: Any | None = None
        self._closing = False
        self._closed: list[Deferred[None]] = []

    @property
    def connections(self) -> int:
        """How many connections are open or being opened now."""
        return sum(host.open for host in self._hosts.values())

    @property
    def in_flight(self) -> int:
        """How many calls are under way now, waiting ones included."""
        return len(self._exchanges)

    async def call(self, call: HttpCall) -> HttpAnswer:
        """Send ``call`` once and return the provider's answer, whatever its status.

        Raises:
            Refusal: PRV-01 no connection (the particular ``cause`` is dns, refused, timeout, tls, closed or
                unreachable), PRV-02 no answer in time, PRV-03 not HTTP, PRV-06 the connection broke, PRV-07 too large,
                BUS-02 too many calls wait for this provider, BUS-04 the pool is closed.
            CallError: the URL or a header must not be sent.
        """
        origin, line = split_url(call.url)
        wire = write_call(line, call)
        if self._closing:
            raise _stopping()
        if origin.scheme == "https" and self._tls is None:
            raise Refusal(
                rules.PRV_CONNECT,
                "The provider is reached over TLS, and the bus has no anchors to judge its certificate by.",
                {"cause": "tls"},
            )
        host = self._hosts.get(origin)
        if host is None:
            host = self._hosts[origin] = _Host(self, origin)
        exchange = Exchange(wire, call.max_answer, self._clock.monotonic() + call.timeout, self._let_go)
        self._exchanges.add(exchange)
        self._keep_sweeping()
        host.submit(exchange)
        return await exchange.done

    async def close(self) -> None:
        """Give up the calls under way, close every connection, and wait until they are closed."""
        self._closing = True
        for exchange in list(self._exchanges):
            exchange.give_up(_stopping())
        for host in list(self._hosts.values()):
            host.close()
        if self._hosts:
            done: Deferred[None] = Deferred()
            self._closed.append(done)
            await done
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    def endpoint(self, origin: Origin) -> Any:
        """What connects to ``origin``."""
        kind = _literal(origin.host)
        wait = self.limits.connect_seconds
        endpoint: Any
        if kind is None:
            endpoint = HostnameEndpoint(
                self._reactor, origin.host, origin.port, timeout=wait, attemptDelay=_BETWEEN_ADDRESSES
            )
        else:
            endpoint = kind(self._reactor, origin.host, origin.port, timeout=wait)
        if origin.scheme == "http":
            return endpoint
        assert self._tls is not None
        return wrapClientTLS(self._tls.for_host(origin.host), endpoint)

    def now(self) -> float:
        """The pool's monotonic time."""
        return self._clock.monotonic()

    def emptied(self, origin: Origin) -> None:
        """A host has no connection and no call left: forget it."""
        self._hosts.pop(origin, None)
        if not self._hosts:
            waiting, self._closed = self._closed, []
            for done in waiting:
                done.callback(None)

    def _let_go(self, exchange: Exchange) -> None:
        self._exchanges.discard(exchange)

    def _keep_sweeping(self) -> None:
        if self._sweeper is None:
            self._sweeper = self._reactor.callLater(_SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        self._sweeper = None
        now = self._clock.monotonic()
        for exchange in [one for one in self._exchanges if now >= one.deadline]:
            exchange.give_up(_too_late(exchange))
        for host in list(self._hosts.values()):
            host.sweep(now)
        if self._hosts or self._exchanges:
            self._keep_sweeping()


class _Attempt:
    """A connection that is being made, and for which call."""

    __slots__ = ("deadline", "exchange", "work")

    def __init__(self, exchange: Exchange, deadline: float) -> None:
        self.exchange = exchange
        self.deadline = deadline
        self.work: Deferred[None] | None = None


class _Host:
    """The connections to one provider's host, and the calls that wait for one."""

    def __init__(self, pool: ClientPool, origin: Origin) -> None:
        self.limits = pool.limits
        self.open = 0
        self._pool = pool
        self._origin = origin
        self._idle: list[ProviderConnection] = []
        self._waiting: deque[Exchange] = deque()
        self._attempts: set[_Attempt] = set()
        self._sockets: set[ProviderConnection] = set()

    def submit(self, exchange: Exchange) -> None:
        """Send ``exchange`` on a kept connection, on a new one, or once one is free."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_quiet() and self._pool.now() - connection.idle_since < self.limits.idle_seconds:
                connection.start(exchange)
                return
            connection.discard()
        if self.open < self.limits.per_host:
            self._connect(exchange)
            return
        self._forget_ended()
        if len(self._waiting) >= self.limits.waiting_per_host:
            exchange.fail(
                Refusal(rules.BUS_LOAD, "Too many calls already wait for this provider: try again shortly.", {}, 2)
            )
        else:
            self._waiting.append(exchange)

    def free(self, connection: ProviderConnection) -> None:
        """A connection can carry another call."""
        exchange = self._next_waiting()
        if exchange is not None:
            connection.start(exchange)
        else:
            connection.idle_since = self._pool.now()
            self._idle.append(connection)

    def left(self, connection: ProviderConnection) -> None:
        """A connection carries no more calls: another may take its place."""
        if connection in self._idle:
            self._idle.remove(connection)
        self._release()

    def gone(self, connection: ProviderConnection) -> None:
        """A connection's socket is closed."""
        self._sockets.discard(connection)
        self._tell_emptied()

    def sweep(self, now: float) -> None:
        """Give up connecting that takes too long, and connections that nobody uses."""
        for attempt in [one for one in self._attempts if now >= one.deadline]:
            if attempt.work is not None:
                attempt.work.cancel()
        for connection in [one for one in self._idle if now - one.idle_since >= self.limits.idle_seconds]:
            connection.discard()
        self._forget_ended()
        self._tell_emptied()

    def close(self) -> None:
        """Cut every connection; the calls have been given up."""
        self._forget_ended()
        for attempt in list(self._attempts):
            if attempt.work is not None:
                attempt.work.cancel()
        for connection in list(self._sockets):
            connection.discard()
        self._tell_emptied()

    def _connect(self, exchange: Exchange) -> None:
        self.open += 1
        exchange.connecting = True
        attempt = _Attempt(exchange, self._pool.now() + self.limits.connect_seconds)
        self._attempts.add(attempt)
        attempt.work = Deferred.fromCoroutine(self._open(attempt))

    async def _open(self, attempt: _Attempt) -> None:
        made: ProviderConnection | None = None
        try:
            made = await self._pool.endpoint(self._origin).connect(_Connections(self))
            await made.ready
        except Exception as error:  # noqa: BLE001  whatever sockets, resolvers and TLS raise means no connection
            self._attempts.discard(attempt)
            if made is None:
                self._release()
            if not attempt.exchange.over:
                attempt.exchange.fail(no_connection(error))
            self._tell_emptied()
            return
        self._attempts.discard(attempt)
        if attempt.exchange.over:
            self.free(made)
        else:
            made.start(attempt.exchange)

    def made(self, connection: ProviderConnection) -> None:
        """A socket exists for a connection."""
        self._sockets.add(connection)

    def _release(self) -> None:
        self.open -= 1
        exchange = self._next_waiting()
        if exchange is not None:
            self._connect(exchange)

    def _forget_ended(self) -> None:
        if any(exchange.over for exchange in self._waiting):
            self._waiting = deque(exchange for exchange in self._waiting if not exchange.over)

    def _next_waiting(self) -> Exchange | None:
        while self._waiting:
            exchange = self._waiting.popleft()
            if not exchange.over:
                return exchange
        return None

    def _tell_emptied(self) -> None:
        if not (self._sockets or self._attempts or self._waiting or self.open):
            self._pool.emptied(self._origin)


class _Connections(Factory):
    """Makes the protocol of a new connection."""

    noisy = False

    def __init__(self, host: _Host) -> None:
        self._host = host

    def buildProtocol(self, addr: IAddress | None) -> ProviderConnection:
        """One connection."""
        connection = ProviderConnection(self._host)
        self._host.made(connection)
        return connection


def _too_late(exchange: Exchange) -> Refusal:
    if exchange.connection is not None:
        return Refusal(
            rules.PRV_TIMEOUT, "The provider did not answer in time; whether it acted on the request is not known."
        )
    if exchange.connecting:
        return no_connection(CancelledError())
    return Refusal(rules.BUS_LOAD, "No connection to this provider came free in time; nothing was sent to it.", {}, 2)


def _stopping() -> Refusal:
    return Refusal(rules.BUS_STOPPING, "The bus is shutting down: send the request again shortly.", {}, 1)
