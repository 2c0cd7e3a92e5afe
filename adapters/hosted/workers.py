"""The threads that a hosted service's code runs in: few, its own, and never waited for at the end."""

from collections import deque
from collections.abc import Callable
from threading import Condition, Thread
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from esb.kernel import rules
from esb.kernel.faults import Refusal

THREADS: Final = 4
WAITING: Final = 32


class Workers:
    """A bounded pool for one hosted service.

    A thread that hangs in foreign code cannot be stopped.  So each service has a pool of its own, that one which hangs
    takes no other's threads; what waits is bounded and is dropped when nobody waits for it any more; and the threads
    are daemons, which do not hold up the end of the process.

    Args:
        name: for the threads' names.
        deliver: calls a function on the reactor's thread (``reactor.callFromThread``).
    """

    def __init__(
        self, name: str, deliver: Callable[..., object], threads: int = THREADS, waiting: int = WAITING
    ) -> None:
        self._name = name
        self._deliver = deliver
        self._most_threads = threads
        self._most_waiting = waiting
        self._changed = Condition()
        self._queue: deque[tuple[Callable[[], Any], Deferred[Any]]] = deque()
        self._threads = 0
        self._idle = 0

    def run(self, work: Callable[[], Any]) -> "Deferred[Any]":
        """Run ``work`` in a thread; fires on the reactor with its result or its exception.

        Cancelling takes work out that no thread has begun; begun, it goes on and its result is dropped.

        Raises:
            Refusal: BUS-02 when too much is waiting.
        """
        done: Deferred[Any] = Deferred(self._forget)
        with self._changed:
            if len(self._queue) >= self._most_waiting:
                raise Refusal(
                    rules.BUS_LOAD, "Too many requests are waiting for this resource: try again shortly.", {}, 2
                )
            self._queue.append((work, done))
            if self._idle < len(self._queue) and self._threads < self._most_threads:
                self._threads += 1
                Thread(target=self._work, name=f"esb-hosted-{self._name}-{self._threads}", daemon=True).start()
            self._changed.notify()
        return done

    def _forget(self, done: "Deferred[Any]") -> None:
        with self._changed:
            for each in self._queue:
                if each[1] is done:
                    self._queue.remove(each)
                    break

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._queue:
                    self._changed.wait()
                self._idle -= 1
                work, done = self._queue.popleft()
            result: Any
            try:
                result = work()
            except BaseException:  # noqa: BLE001 - whoever waits is told, whatever it was; the thread lives on
                result = Failure()  # type: ignore[no-untyped-call]
            self._deliver(_fire, done, result)
            del work, done, result


def _fire(done: "Deferred[Any]", result: Any) -> None:
    if not done.called:
        done.callback(result)  # a Failure fires the errback
