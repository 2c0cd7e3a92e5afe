"""A serving bus: its listener, its eye on registry and trust, its signals and its orderly end."""

import ctypes
import gc
import signal
import socket
from collections.abc import Callable
from secrets import token_bytes
from typing import Any, Final

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred
from twisted.internet.error import CannotListenError
from twisted.logger import globalLogBeginner
from twisted.protocols.tls import TLSMemoryBIOFactory

from esb.admin.answer_fetcher import AnswerFetcher
from esb.admin.believing import belief_stamp, believe
from esb.admin.list_fetcher import ListFetcher
from esb.admin.recording import Recorded
from esb.admin.trust import Trust
from esb.audit.record import StoreUnavailable
from esb.certs.keys import KeyUnusable
from esb.conf.settings import Settings
from esb.endpoints.services import hosted_adapter
from esb.fittings import Follower
from esb.kernel.clock import SystemClock
from esb.kernel.directory import Directory
from esb.kernel.faults import EsbError
from esb.logs import logger, observer
from esb.own import CannotStart
from esb.waiting import Threads
from esb.wiring import Node, restore_quotas, wire

reactor: Any = _reactor  # Twisted types it by several zope interfaces at once, which a type checker cannot say

_TRUST_EVERY = 5.0  # seconds between looks at the folders of anchors and revocation lists
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
        self._publishes = publishes and node.publisher is not None
        self._unpublished = False
        self._node = node
        self._reactor = reactor
        self._ready = ready
        self._log = logger("server")
        self._ports: dict[int, Any] = {}
        self._ended: Deferred[None] | None = None
        self._cutoff: Any = None  # the timer that ends the draining; None before and after
        self._fetching = Threads(reactor, 2)  # its own: an authority that is slow keeps nothing else waiting
        self._trust_looked_at = 0.0
        self._unrecorded: Directory | None = None  # waits for its changes' records before it comes into force

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
            node.threads.stop()
            node.clerks.stop()
            node.fittings.aides.stop()
            self._fetching.stop()
            node.indexer.stop(5)
            node.attesting.stop(5)
            node.sequencer.stop(5)
            node.recorder.close()
            node.signing.stop()
            node.writer.stop(5)
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
            EsbError: the evidence log cannot be opened.
        """
        node = self._node
        node.writer.start()
        node.sequencer.start()
        node.indexer.start()
        node.attesting.start()
        # What is in force from the first request on is on record before it.
        self._put_on_record()
        restore_quotas(node)
        node.threads.start()
        node.clerks.start()
        node.signing.start()
        node.fittings.aides.start()
        if node.errands is not None:
            node.errands.start()
        self._reactor.callLater(node.settings.registry.poll_seconds, self._look)
        self._reactor.callLater(0, self._follow)
        if self._publishes:
            self._reactor.callLater(0, self._publish)
        certs = node.settings.certs
        self._fetching.start()
        if certs.crl_urls:
            lists = ListFetcher(certs.crl_urls, certs.crl, certs.anchors, logger("lists"), node.settings.bus.node)
            engine = node.engine if self._has_database else None
            self._fetch(lambda: lists.run(engine, node.clock.now()), certs.crl_minutes * 60)
        if certs.ocsp != "off":
            answers = AnswerFetcher(
                certs, logger("answers"), node.settings.bus.node, token_bytes, lambda: self._ended is None
            )
            self._fetch(lambda: answers.run(node.engine, node.clock.now()), answers.pause)

    def _fetch(self, fetch: Callable[[], int], seconds: float) -> None:
        """Fetch what outside authorities say of revocation in a thread; again after some seconds."""
        if self._ended is not None:
            return
        fetching = self._fetching.run(fetch)
        fetching.addErrback(lambda failure: self._log.error("revocation was not fetched", exc_info=failure.value))
        fetching.addBoth(lambda _: self._reactor.callLater(seconds, self._fetch, fetch, seconds))

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

    def _look(self) -> None:
        """Look for changes of registry and trust in a thread; again after the polling time."""
        if self._ended is not None:
            return
        if news := self._node.lists.news():
            self._log.warning("revocation lists", news=news)
        looking = self._node.threads.run(self._poll)
        looking.addCallbacks(self._found, self._missed)
        looking.addBoth(lambda _: self._reactor.callLater(self._node.settings.registry.poll_seconds, self._look))

    def _follow(self) -> None:
        """Let each follower look in a thread for what concerns it; again after the polling time."""
        if self._ended is not None:
            return
        fittings = self._node.fittings
        following = fittings.aides.run(lambda: [step for step in map(self._followed, fittings.followers) if step])
        following.addCallback(lambda steps: [step() for step in steps])
        following.addErrback(lambda failure: self._log.error("a follower failed", exc_info=failure.value))
        following.addBoth(lambda _: self._reactor.callLater(self._node.settings.registry.poll_seconds, self._follow))

    def _followed(self, follower: Follower) -> Callable[[], None] | None:
        """One that fails is told of and does not keep the others."""
        try:
            return follower()
        except EsbError as error:
            self._log.warning("what is followed cannot be read now", problem=str(error))
            return None

    def _publish(self) -> None:
        """Publish the registry's changes in a thread; again after the polling time."""
        publisher = self._node.publisher
        if self._ended is not None or publisher is None:
            return
        settings = self._node.settings
        publishing = self._node.threads.run(lambda: publisher.tick(settings.snapshot.stamp_seconds))
        publishing.addCallbacks(self._was_published, self._not_published)
        publishing.addBoth(lambda _: self._reactor.callLater(settings.registry.poll_seconds / 2, self._publish))

    def _was_published(self, _: bool) -> None:
        if self._unpublished:
            self._log.info("the registry is published again")
        self._unpublished = False

    def _not_published(self, failure: Any) -> None:
        if not self._unpublished:
            self._log.error("the registry cannot be published; nodes go on by the last", exc_info=failure.value)
        self._unpublished = True

    def _poll(self) -> Directory | None:
        """Return what is to come into force; its changes are on record (EVD-04).

        Raises:
            StoreUnavailable: they cannot be recorded now.  The next look tries again.
            RegistryUnavailable: the registry cannot be read.
        """
        fresh = self._changed()
        node = self._node
        if fresh is not None:
            if self._has_database:
                node.hosted.refresh(node.engine)
            self._unrecorded = fresh
        if self._unrecorded is None:
            return None
        if problem := node.writer.problem:
            raise StoreUnavailable(problem)
        node.subjects.ready(self._unrecorded)
        self._put_on_record()
        fresh, self._unrecorded = self._unrecorded, None
        return fresh

    @property
    def _has_database(self) -> bool:
        """Whether the registry is this node's own, and not a publication that it follows."""
        return self._node.settings.registry.source == "database"

    def _put_on_record(self) -> None:
        """Put the registry's changes on record; a node that follows a publication has none of its own."""
        if self._has_database:
            self._told_declined(self._node.recorder.catch_up())

    def _changed(self) -> Directory | None:
        node = self._node
        node.ring.retry()
        now = node.clock.monotonic()
        if now - self._trust_looked_at >= _TRUST_EVERY:
            self._trust_looked_at = now
            fresh = self._fresh_trust()
            if fresh is not None:
                node.trust.replace(fresh)
                return node.watcher.rebuild()
        return node.watcher.poll()

    def _told_declined(self, recorded: Recorded) -> None:
        for name in recorded.declined:
            self._log.error("the evidence log does not take the record of a change", record=name)
            self._node.undocumented += 1

    def _fresh_trust(self) -> Trust | None:
        certs = self._node.settings.certs
        engine = self._node.engine if self._has_database else None
        if belief_stamp(certs, engine) == self._node.trust.trust.stamp:
            return None
        try:
            return believe(certs, engine, self._node.clock.now())
        except EsbError as error:
            # What was believed before stays in force; a list that is not replaced in time refuses by itself (CRT-07).
            self._log.error("anchors or revocation lists cannot be read", problem=str(error))
            return None

    def _found(self, directory: Directory | None) -> None:
        if self._node.registry_problem:
            self._log.info("the registry can be read again")
            self._node.registry_problem = ""
        if self._node.changes_problem:
            self._log.info("changes of the registry can be recorded again")
            self._node.changes_problem = ""
        self._node.way.believed_until = getattr(self._node.watcher, "believed_until", None)
        if directory is not None:
            self._node.install(directory)
            self._log.info("registry changed", version=directory.version, services=len(directory.services))

    def _missed(self, failure: Any) -> None:
        if isinstance(failure.value, StoreUnavailable):
            if not self._node.changes_problem:
                self._log.error("changes of the registry cannot be recorded and wait", exc_info=failure.value)
            self._node.changes_problem = "wait for the evidence log"
            return
        # A service that names persons comes into force with a key for their pseudonyms, or not at all.
        problem = "waits for a key" if isinstance(failure.value, KeyUnusable) else "cannot be read"
        if not self._node.registry_problem:
            self._log.error(f"the registry {problem}; the last known one stays in force", exc_info=failure.value)
        self._node.registry_problem = problem

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
        node = self._node
        node.bus.stopping = True
        if node.errands is not None and not node.errands.stop(2):
            self._log.warning("a delivery was under way; another worker makes it again")
        node.threads.stop()
        node.clerks.stop()
        node.fittings.aides.stop()
        self._fetching.stop()
        node.tree.close()
        node.signing.stop()
        # The reader first: SQLite puts its write-ahead log away when the last connection, the writer's, closes.
        node.reader.close()
        node.indexer.stop(5)
        if not node.writer.stop(10):
            self._log.error("the evidence log did not finish in time")
        if not node.attesting.stop(5):
            self._log.warning("a time-stamp or cosignature was under way; it is asked for again at the next start")
        if not node.sequencer.stop(5):
            self._log.error("the evidence tree did not finish in time; it goes on at the next start")
        # Last: SQLite puts its write-ahead log away when the last connection closes, if that is one that writes.
        node.recorder.close()
        node.engine.dispose()
        self._log.info("stopped")
        if self._ended is not None:
            self._ended.callback(None)


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
