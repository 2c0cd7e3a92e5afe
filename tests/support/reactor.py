"""Twisted's reactor, once per test process, in a thread; tests call into it and wait."""

import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.threads import blockingCallFromThread

T = TypeVar("T")
reactor: Any = _reactor
_started = threading.Lock()
_thread: threading.Thread | None = None


def start() -> None:
    """Run the reactor, if it does not run yet."""
    global _thread  # noqa: PLW0603 - a reactor can run once in a process, and so can this
    with _started:
        if _thread is None:
            running = threading.Event()
            _thread = threading.Thread(target=lambda: reactor.run(installSignalHandlers=False), daemon=True)
            reactor.callWhenRunning(running.set)
            _thread.start()
            running.wait(10)


def on_reactor(work: Callable[[], T | Awaitable[T]]) -> T:
    """Call ``work`` on the reactor's thread and wait for what it gives, awaitable or not."""
    start()

    def call() -> Any:
        result = work()
        if isinstance(result, Deferred):
            return result
        return ensureDeferred(result) if hasattr(result, "__await__") else result

    return blockingCallFromThread(reactor, call)  # type: ignore[no-any-return]
