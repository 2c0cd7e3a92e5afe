"""A serving bus: its listener, its eye on registry and trust, its signals and its orderly end."""

import signal
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred
from twisted.internet.error import CannotListenError
from twisted.logger import globalLogBeginner

from esb.admin.trust import Trust, files_stamp, read_trust
from esb.conf.settings import Settings
from esb.endpoints.services import hosted_adapter
from esb.kernel.clock import SystemClock
from esb.kernel.directory import Directory
from esb.kernel.faults import EsbError
from esb.logs import logger, observer
from esb.wiring import CannotStart, Node, restore_quotas, wire

reactor: Any = _reactor  # Twisted types it by several zope interfaces at once, which a type checker cannot say

_TRUST_EVERY = 5.0  # seconds between looks at the folders of anchors and revocation lists


class Server:
    """Runs one node on a reactor.

    Args:
        ready: called once with the port when the bus takes requests.
    """

    def __init__(self, node: Node, reactor: Any, ready: Callable[[int], None] | None = None) -> None:
        self._node = node
        self._reactor = reactor
        self._ready = ready
        self._log = logger("server")
        self._port: Any = None
        self._ended: Deferred[None] | None = None
        self._trust_looked_at = 0.0

    @property
    def port(self) -> int:
        """The port that is listened on; 0 before :meth:`start`."""
        return 0 if self._port is None else int(self._port.getHost().port)

    def start(self) -> None:
        """Open the evidence log, begin to listen and to watch.

        Raises:
            CannotStart: the port cannot be listened on.
            EsbError: the evidence log cannot be opened: a bus without evidence does not start.
        """
        node = self._node
        node.writer.start()
        restore_quotas(node)
        node.threads.start()
        node.clerks.start()
        door = node.settings.door
        try:
            if node.tls is None:
                self._port = self._reactor.listenTCP(door.port, node.factory, backlog=1024, interface=door.host)
            else:
                self._port = self._reactor.listenSSL(
                    door.port, node.factory, node.tls, backlog=1024, interface=door.host
                )
        except CannotListenError as error:
            node.threads.stop()
            node.clerks.stop()
            node.writer.stop(5)
            raise CannotStart(
                f"{door.host}:{door.port} cannot be listened on ({error.socketError.strerror}): "
                "another program may use it; set door.port."
            ) from error
        self._reactor.callLater(node.settings.registry.poll_seconds, self._look)
        self._log.info(
            "ready",
            host=door.host,
            port=self.port,
            tls=node.tls is not None,
            services=len(node.way.directory.services),
            members=len(node.way.directory.members),
        )
        if self._ready is not None:
            self._ready(self.port)

    def _look(self) -> None:
        """Look for changes of registry and trust in a thread; again after the polling time."""
        if self._ended is not None:
            return
        looking = self._node.threads.run(self._poll)
        looking.addCallbacks(self._found, self._missed)
        looking.addBoth(lambda _: self._reactor.callLater(self._node.settings.registry.poll_seconds, self._look))

    def _poll(self) -> Directory | None:
        node = self._node
        now = node.clock.monotonic()
        if now - self._trust_looked_at >= _TRUST_EVERY:
            self._trust_looked_at = now
            fresh = self._fresh_trust()
            if fresh is not None:
                node.trust.replace(fresh)
                return node.watcher.rebuild()
        return node.watcher.poll()

    def _fresh_trust(self) -> Trust | None:
        certs = self._node.settings.certs
        if files_stamp(certs.anchors, certs.crl) == self._node.trust.trust.stamp:
            return None
        try:
            return read_trust(certs.anchors, certs.crl, certs.crl_grace_hours * 3600, self._node.clock.now())
        except EsbError as error:
            # What was believed before stays in force; a list that is not replaced in time refuses by itself (CRT-07).
            self._log.error("anchors or revocation lists cannot be read", problem=str(error))
            return None

    def _found(self, directory: Directory | None) -> None:
        if self._node.registry_problem:
            self._log.info("the registry can be read again")
            self._node.registry_problem = ""
        if directory is not None:
            self._node.install(directory)
            self._log.info("registry changed", version=directory.version, services=len(directory.services))

    def _missed(self, failure: Any) -> None:
        if not self._node.registry_problem:
            self._log.error("the registry cannot be read; the last known one stays in force", exc_info=failure.value)
        self._node.registry_problem = "cannot be read"

    def stop(self) -> "Deferred[None]":
        """End in order: take no more connections, answer what was begun, make all evidence durable.

        Fires when all is done, or when ``door.drain_seconds`` have passed.  Calling it again waits for the same end.
        """
        if self._ended is not None:
            return self._ended
        ended: Deferred[None] = Deferred()
        self._ended = ended
        node = self._node
        self._log.info("stopping", in_flight=node.way.load.in_flight)
        stopped = self._port.stopListening() if self._port is not None else None
        waiting = [node.factory.drain()]
        if stopped is not None:
            waiting.append(stopped)
        drained: Deferred[Any] = DeferredList(waiting, consumeErrors=True)
        drained.addTimeout(node.settings.door.drain_seconds, self._reactor, lambda *_: None)
        drained.addBoth(lambda _: ensureDeferred(node.pool.close()))
        drained.addTimeout(1.0, self._reactor, lambda *_: None)
        drained.addBoth(lambda _: self._end())
        return ended

    def _end(self) -> None:
        node = self._node
        node.bus.stopping = True
        node.threads.stop()
        node.clerks.stop()
        # The reader first: SQLite puts its write-ahead log away when the last connection, the writer's, closes.
        node.reader.close()
        if not node.writer.stop(10):
            self._log.error("the evidence log did not finish in time")
        node.engine.dispose()
        self._log.info("stopped")
        if self._ended is not None:
            self._ended.callback(None)


def serve(settings: Settings, ready: Callable[[int], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then end in order.  A second signal ends at once.

    Raises:
        EsbError: the bus could not start.
    """
    # Twisted's timers run on wall time; a clock that is stepped back would hold them up for as long.
    reactor.seconds = SystemClock().monotonic
    globalLogBeginner.beginLoggingTo([observer()], redirectStandardIO=False, discardBuffer=True)
    server = Server(wire(settings, reactor, SystemClock(), hosted_adapter), reactor, ready)
    told: list[int] = []

    def end(number: int, _frame: object) -> None:
        told.append(number)
        if len(told) > 1:
            reactor.callFromThread(reactor.stop)
        else:
            reactor.callFromThread(lambda: server.stop().addBoth(lambda _: reactor.stop()))

    # Before anybody can see that the bus is ready: a supervisor may stop it the moment after.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    server.start()
    reactor.run(installSignalHandlers=False)
