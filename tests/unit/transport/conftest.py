"""Twisted's reactor in a thread of its own, for tests that speak over real sockets."""

import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest
from support.reactor import on_reactor, reactor, start

T = TypeVar("T")


class ReactorThread:
    """Runs coroutines on the reactor and waits for them from the test's own thread."""

    reactor: Any = reactor

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Call ``work`` on the reactor's thread, await what it returns there, and return or raise its outcome."""

        async def outcome() -> T:
            return await work()

        return on_reactor(outcome)

    def listen(self, factory: Any, tls: Any = None) -> Any:
        """Listen with ``factory`` on a free port of the loopback; the port's number is ``.getHost().port``."""

        async def start() -> Any:
            if tls is None:
                return reactor.listenTCP(0, factory, interface="127.0.0.1")
            return reactor.listenSSL(0, factory, tls, interface="127.0.0.1")

        return self.run(start)


@pytest.fixture(scope="session")
def reactor_thread() -> ReactorThread:
    """The reactor, running until the process ends: it cannot be started twice in one."""
    start()
    return ReactorThread()


class Provider:
    """A scripted provider: gives each connection the next of ``scripts``, a function of the accepted socket."""

    def __init__(self, scripts: list[Callable[[socket.socket], None]]) -> None:
        self.accepted = 0
        self._scripts = scripts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for script in self._scripts:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            with connection:
                connection.settimeout(20)
                with contextlib.suppress(ConnectionError):
                    script(connection)

    def close(self) -> None:
        """Stop listening, and wait for the scripts that have begun."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._listener.close()
        self._thread.join(20)


@pytest.fixture
def provider() -> Iterator[Callable[..., Provider]]:
    """Starts scripted providers; they are closed at the end."""
    started: list[Provider] = []

    def start(*scripts: Callable[[socket.socket], None]) -> Provider:
        started.append(Provider(list(scripts)))
        return started[-1]

    yield start
    for one in started:
        one.close()
