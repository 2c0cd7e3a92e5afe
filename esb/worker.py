# ruff: noqa: N802  the methods that Twisted calls have Twisted's names
"""One worker of several: a server that accepts where and when its supervisor says."""

import signal
import socket
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer  # type: ignore[import-untyped]

from esb.conf.settings import Settings
from esb.conf.share import share
from esb.endpoints.services import hosted_adapter
from esb.kernel.clock import SystemClock
from esb.logs import logger
from esb.server import Server, prepare_reactor, reactor, spare_what_stays
from esb.supervision.channel import BEAT, BEAT_SECONDS, HURRY, NOW, READY, RETIRE, Channel
from esb.supervision.counts import SharedCounts
from esb.supervision.inheritance import Inheritance
from esb.wiring import wire


@implementer(IReadDescriptor)
class Attendant:
    """Does what the supervisor says over the channel, and ends the worker when nobody is there to say anything.

    Args:
        sockets: the listening sockets of all slots, in their order; closed when the worker is to end.
    """

    def __init__(self, server: Server, channel: Channel, sockets: list[socket.socket], reactor: Any) -> None:
        self._server = server
        self._channel = channel
        self._sockets = sockets
        self._reactor = reactor
        self._stopped = False

    def start(self) -> None:
        """Say that the worker is ready, and go on saying that it lives."""
        self._reactor.addReader(self)
        self._channel.say(READY)
        self._beat()

    def fileno(self) -> int:
        """The channel's."""
        return self._channel.fileno()

    def logPrefix(self) -> str:
        """How Twisted calls this in its log."""
        return "supervisor"

    def doRead(self) -> None:
        """Something was said."""
        said = self._channel.hear()
        if said is None:
            self._reactor.removeReader(self)
            logger("worker").error("the supervisor is gone: this worker ends")
            self.end()
            return
        for word, what in said:
            if word == "serve":
                self._server.listen_at(int(what), self._sockets[int(what)])
            elif word == "leave":
                self._server.leave(int(what))
            elif word == RETIRE:
                self._let_go()
                self._server.retire().addBoth(lambda _: self._stop())
            elif word == HURRY:
                self._server.hurry()
            elif word == NOW:
                self._stop()

    def connectionLost(self, reason: Failure) -> None:
        """The reactor ends."""

    def end(self) -> None:
        """End in order.  Again is no change: a service manager, the kernel and the supervisor may all say so."""
        self._let_go()
        self._server.stop().addBoth(lambda _: self._stop())

    def _let_go(self) -> None:
        """Close the listening sockets: a port that nobody serves must be free for whoever comes next."""
        for each in self._sockets:
            each.close()

    def _stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._reactor.stop()

    def _beat(self) -> None:
        self._channel.say(BEAT)
        self._reactor.callLater(BEAT_SECONDS, self._beat)


def work(settings: Settings, given: Inheritance, channel: Channel) -> None:
    """Serve until the supervisor says to end, or is gone.

    Args:
        settings: of the whole node.

    Raises:
        EsbError: the worker could not start.
    """
    prepare_reactor()
    node = wire(
        share(settings, given.workers),
        reactor,
        SystemClock(),
        hosted_adapter,
        SharedCounts(given.quotas),
        keeps=given.slot == 0,
    )
    node.front.worker = given.slot
    server = Server(node, reactor, publishes=given.slot == 0)
    sockets = given.listening()
    port = sockets[0].getsockname()[1]
    if settings.door.port not in (0, port):
        logger("worker").warning("door.port has changed: it counts once the bus is stopped and started anew", port=port)
    attendant = Attendant(server, channel, sockets, reactor)
    signal.signal(signal.SIGTERM, lambda *_: reactor.callFromThread(attendant.end))
    server.begin()
    attendant.start()
    spare_what_stays()
    reactor.run(installSignalHandlers=False)
