"""Twisted's reactor in a thread of its own, for tests that speak over real sockets."""

import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest
from twisted.internet import reactor as _reactor
from twisted.internet import threads
from twisted.internet.defer import Deferred

T = TypeVar("T")

reactor: Any = _reactor


class ReactorThread:
    """Runs coroutines on the reactor and waits for them from the test's own thread."""

    reactor: Any = reactor

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Call ``work`` on the reactor's thread, await what it returns there, and return or raise its outcome."""

        async def outcome() -> T:
            return await work()

        return threads.blockingCallFromThread(reactor, lambda: Deferred.fromCoroutine(outcome()))

    def listen(self, factory: Any, tls: Any = None) -> Any:
        """Listen with ``factory`` on a free port of the loopback; the port's number is ``.getHost().port``."""

        async def start() -> Any:
            if tls is None:
                return reactor.listenTCP(0, factory, interface="127.0.0.1")
            return reactor.listenSSL(0, factory, tls, interface="127.0.0.1")

        return self.run(start)


@pytest.fixture(scope="session")
def reactor_thread() -> Iterator[ReactorThread]:
    """The reactor, running until the session ends.  A reactor cannot be started twice in one process."""
    thread = threading.Thread(target=lambda: reactor.run(installSignalHandlers=False), daemon=True)
    started = threading.Event()
    reactor.callWhenRunning(started.set)
    thread.start()
    started.wait()
    yield ReactorThread()
    reactor.callFromThread(reactor.stop)
    thread.join(10)
