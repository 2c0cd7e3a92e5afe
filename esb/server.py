"""A serving bus: its listener, its signals and its orderly end."""

import ctypes
import gc
import signal
import socket
from collections.abc import Callable
from typing import Any, Final

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred
from twisted.internet.error import CannotListenError
from twisted.logger import globalLogBeginner
from twisted.protocols.tls import TLSMemoryBIOFactory

from esb.conf.settings import Settings
from esb.endpoints.services import hosted_adapter
from esb.kernel.clock import SystemClock
from esb.logs import logger, observer
from esb.own import CannotStart
from esb.watching import Watch
from esb.wiring import Node, restore_quotas, wire

reactor: Any = _reactor  # Twisted types it by several zope interfaces at once, which a type checker cannot say

_USUAL: Final = (700, 10, 10)  # of the garbage collector, when Python starts
_M_MMAP_THRESHOLD: Final = -3  # of glibc's malloc.h
_LARGE_BLOCK: Final = 128 * 1024  # octets from which on a block of memory goes back to the system when it is freed
_LAST_WORD: Final = 0.5  # seconds: what was already on its way over an idle connection when the end began, is answered


class Server:
    """Runs one node on a reactor.

    Args:
        ready: called once with the port when the bus takes requests.
        publishes: whether this one of several processes publishes the registry, where that is wanted.
    """

    def __init__(
        self, node: Node, reactor: Any, ready: Callable[[int], None] | None = None, *, publishes: bool = True
    ) -> None:
        self._watch = Watch(node, reactor, publishes=publishes)
        self._node = node
        self._reactor = reactor
        self._ready = ready
        self._log = logger("server")
        self._ports: dict[int, Any] = {}
        self._ended: Deferred[None] | None = None
        self._cutoff: Any = None  # the timer that ends the draining; None before and after

    @property
    def port(self) -> int:
        """The port that is listened on; 0 before :meth:`start`."""
        return next((int(port.getHost().port) for port in self._ports.values()), 0)

    def start(self) -> None:
        """Open the evidence log, begin to listen and to watch.

        Raises:
            CannotStart: the port cannot be listened on.
            EsbError: the evidence log cannot be opened: a bus without evidence does not start.
        """
        self.begin()
        node = self._node
        door = node.settings.door
        try:
            if node.tls is None:
                port = self._reactor.listenTCP(door.port, node.factory, backlog=1024, interface=door.host)
            else:
                port = self._reactor.listenSSL(door.port, node.factory, node.tls, backlog=1024, interface=door.host)
        except CannotListenError as error:
            self._let_go()
            raise CannotStart(
                f"{door.host}:{door.port} cannot be listened on ({error.socketError.strerror}): "
                "another program may use it; set door.port."
            ) from error
        self._ports[0] = port
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

    def begin(self) -> None:
        """Everything but listening: open the evidence log, record changes, take up quotas, watch registry and trust.

        Raises:
            EsbError: the evidence log cannot be opened.  Nothing runs then, and no thread is left.
        """
        try:
            self._begin()
        except BaseException:
            self._let_go()
            raise

    def _begin(self) -> None:
        node = self._node
        node.writer.start()
        node.sequencer.start()
        node.indexer.start()
        node.attesting.start()
        # What is in force from the first request on is on record before it.
        self._watch.put_on_record()
        restore_quotas(node)
        node.threads.start()
        node.clerks.start()
        node.signing.start()
        node.fittings.aides.start()
        if node.errands is not None:
            node.errands.start()
        self._watch.start()

    def listen_at(self, slot: int, listening: socket.socket) -> None:
        """Accept connections at a socket that listens already, and stays open when this server leaves it."""
        if slot in self._ports or self._ended is not None:
            return
        node = self._node
        factory: Any = node.factory
        if node.tls is not None:  # as listenSSL does it
            factory = TLSMemoryBIOFactory(node.tls, False, factory)
        self._ports[slot] = self._reactor.adoptStreamPort(listening.fileno(), listening.family, factory)

    def leave(self, slot: int) -> None:
        """Accept no more connections at a slot's socket, for another serves it now.

        Those that were accepted end with their next answer: kept-alive clients would else stay with the one that
        served alone for a while, and the other would have nothing to do.
        """
        port = self._ports.pop(slot, None)
        if port is not None:
            port.stopListening()
            self._node.factory.shed()

    def stop(self) -> "Deferred[None]":
        """End in order: take no more connections, answer what was begun, make all evidence durable.

        Fires when all is done, or when ``door.drain_seconds`` have passed.  Calling it again waits for the same end.
        A request that comes over an idle connection in the moment of its closing is refused with BUS-04.
        """
        self._node.bus.stopping = True
        return self._finish(_LAST_WORD, self._node.settings.door.drain_seconds)

    def retire(self) -> "Deferred[None]":
        """End as :meth:`stop` does, but without hurry, because a successor has the port: no exchange may fail.

        Each connection is closed as it would have been in any ordinary hour: after its next request, which is answered
        with ``Connection: close``, or when its idle time is over.  :meth:`stop` may be called meanwhile.
        """
        door = self._node.settings.door
        return self._finish(door.idle_seconds, door.idle_seconds + door.drain_seconds)

    def hurry(self) -> "Deferred[None]":
        """Having retired, close the connections of clients that say nothing; what comes till then is still answered."""
        return self._finish(_LAST_WORD, self._node.settings.door.drain_seconds)

    def _finish(self, idle_seconds: float, limit: float) -> "Deferred[None]":
        node = self._node
        if self._ended is None:
            self._ended = Deferred()
            self._watch.cease()
            self._log.info("stopping", in_flight=node.way.load.in_flight, connections=node.factory.connections)
            self._cutoff = self._reactor.callLater(limit, self._drained)
            closing = [port.stopListening() for port in self._ports.values()]
            waiting = [node.factory.drain(idle_seconds), *(each for each in closing if each is not None)]
            DeferredList(waiting, consumeErrors=True).addBoth(lambda _: self._drained())
        elif self._cutoff is not None:
            node.factory.drain(idle_seconds)
            self._cutoff.reset(max(0.0, min(limit, self._cutoff.getTime() - self._reactor.seconds())))
        return self._ended

    def _drained(self) -> None:
        cutoff, self._cutoff = self._cutoff, None
        if cutoff is None:
            return  # everything was answered, and the time was over as well
        if cutoff.active():
            cutoff.cancel()
        closed = ensureDeferred(self._node.pool.close())
        closed.addTimeout(1.0, self._reactor, lambda *_: None)
        closed.addBoth(lambda _: self._end())

    def _end(self) -> None:
        self._node.bus.stopping = True
        self._let_go()
        self._log.info("stopped")
        if self._ended is not None:
            self._ended.callback(None)

    def _let_go(self) -> None:
        """End whatever was started, each after what needs it; what was never started has nothing to end.

        One that fails is told of and keeps no other from its end.
        """
        node, end = self._node, self._end_one
        if (errands := node.errands) is not None:
            end(lambda: errands.stop(2), "a delivery was under way; another worker makes it again")
        end(node.threads.stop)
        end(node.clerks.stop)
        end(node.fittings.aides.stop)
        end(self._watch.stop)
        end(node.tree.close)
        end(node.signing.stop)
        # The reader first: SQLite puts its write-ahead log away when the last connection, the writer's, closes.
        end(node.reader.close)
        end(lambda: node.indexer.stop(5), "the search index was under way; it goes on at the next start")
        end(lambda: node.writer.stop(10), "the evidence log did not finish in time", grave=True)
        end(
            lambda: node.attesting.stop(5),
            "a time-stamp or cosignature was under way; it is asked for again at the next start",
        )
        end(
            lambda: node.sequencer.stop(5),
            "the evidence tree did not finish in time; it goes on at the next start",
            grave=True,
        )
        # Last: SQLite puts its write-ahead log away when the last connection closes, if that is one that writes.
        end(node.recorder.close)
        end(node.engine.dispose)

    def _end_one(self, end: Callable[[], object], unfinished: str = "", *, grave: bool = False) -> None:
        try:
            if end() is False:
                (self._log.error if grave else self._log.warning)(unfinished)
        except Exception as error:  # noqa: BLE001 - the others have an end as well
            self._log.error("a part of the bus could not be ended", exc_info=error)


def serve(settings: Settings, ready: Callable[[int], None] | None = None) -> None:
    """Serve in this process until SIGTERM or SIGINT, then end in order.  A second signal ends at once.

    Raises:
        EsbError: the bus could not start.
    """
    prepare_reactor()
    server = Server(wire(settings, reactor, SystemClock(), hosted_adapter), reactor, ready)
    # Before anybody can see that the bus is ready: a supervisor may stop it the moment after.
    _end_on_signals(server)
    signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(_cannot_renew))
    server.start()
    spare_what_stays()
    reactor.run(installSignalHandlers=False)


def prepare_reactor() -> None:
    """Have Twisted's timers run on a clock that is never stepped, its log go into ours, and large messages leave
    nothing behind.
    """
    # Twisted's timers run on wall time; a clock that is stepped back would hold them up for as long.
    reactor.seconds = SystemClock().monotonic
    globalLogBeginner.beginLoggingTo([observer()], redirectStandardIO=False, discardBuffer=True)
    _give_large_blocks_back()


def _give_large_blocks_back() -> None:
    """Fix the size from which glibc gives a block its own pages, which go back to the system with it.

    By itself glibc raises that size to the largest block ever freed (mallopt(3)), and then cuts large messages out of a
    heap that small values, living on between them, keep from shrinking: what a flood of them took stays taken.  Another
    C library has no such habit and no such function.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)


def spare_what_stays() -> None:
    """Take all that start-up has made, and that stays, out of the garbage collector's sight.

    Modules, keys and the directory are some 150,000 objects; a full collection looks at each, and took a tenth of the
    time under load.  What comes later is collected as ever.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_USUAL)  # esb.cli.entry sets a higher one for the start


def _end_on_signals(server: Server) -> None:
    """End in order at the first SIGTERM or SIGINT, and at once at the second."""
    told: list[int] = []

    def end(number: int, _frame: object) -> None:
        told.append(number)
        if len(told) > 1:
            reactor.callFromThread(reactor.stop)
        else:
            reactor.callFromThread(lambda: server.stop().addBoth(lambda _: reactor.stop()))

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def _cannot_renew() -> None:
    logger("server").warning(
        "a bus of one process cannot renew itself on SIGHUP: start it with esb serve --workers 1, or stop and start it"
    )
