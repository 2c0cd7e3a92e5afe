"""What the way waits for, as Deferreds: a durable record, a recorded answer, a compiled contract.

The departments behind these are plain blocking code with threads of their own; here they meet the reactor.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from esb.audit.record import Outcome, Record
from esb.audit.sparing import Writer
from esb.kernel.contract import Contract
from esb.schemas.judge import Judge
from esb.schemas.store import JudgeStore

T = TypeVar("T")


class Threads:
    """Runs blocking work off the reactor, in a pool of its own so that DNS look-ups never queue behind it."""

    def __init__(self, reactor: Any, size: int = 4) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(0, size, name="esb-work")

    def start(self) -> None:
        """Begin to take work."""
        self._pool.start()

    def stop(self) -> None:
        """Finish what was taken and end the threads."""
        self._pool.stop()

    def run(self, work: Callable[[], T]) -> "Deferred[T]":
        """Run ``work`` in a thread and give its result, or its exception, on the reactor."""
        return deferToThreadPool(self._reactor, self._pool, work)


class AnswerSource(Protocol):
    """Where recorded answers are read from (blocking)."""

    def answer_of(self, exchange: str) -> bytes | None:
        """The envelope recorded as the answer to an exchange."""


class EvidenceGate:
    """The evidence log for :class:`esb.stages.way.Way`: waits without holding the reactor."""

    def __init__(self, writer: Writer, reader: AnswerSource, threads: Threads) -> None:
        self._writer = writer
        self._reader = reader
        self._threads = threads

    def write(self, record: Record) -> "Deferred[Outcome]":
        """Fires when the record's fate is known."""
        waiting: Deferred[Outcome] = Deferred()
        self._writer.submit(record, waiting.callback)
        return waiting

    def answer_of(self, exchange: str) -> "Deferred[bytes | None]":
        """Fires with the recorded answer, or None."""
        return self._threads.run(lambda: self._reader.answer_of(exchange))


class JudgeGate:
    """Compiled contracts for :class:`esb.stages.way.Way`; each is read and compiled once, in a thread.

    Args:
        contract: reads a stored contract by digest (blocking).
    """

    def __init__(self, store: JudgeStore, contract: Callable[[str], Contract], threads: Threads) -> None:
        self._store = store
        self._contract = contract
        self._threads = threads
        self._loading: dict[str, list[Deferred[Judge]]] = {}

    def get(self, digest: str) -> Judge | None:
        """The judge when it is in memory."""
        return self._store.get(digest)

    def load(self, digest: str) -> "Deferred[Judge]":
        """Fires when the judge is in memory.  Callers that ask while it loads wait for the same load."""
        mine: Deferred[Judge] = Deferred()
        waiting = self._loading.setdefault(digest, [])
        waiting.append(mine)
        if len(waiting) == 1:
            self._threads.run(lambda: self._store.load(digest, self._contract(digest))).addBoth(self._loaded, digest)
        return mine

    def _loaded(self, result: Any, digest: str) -> None:
        for waiting in self._loading.pop(digest):
            waiting.callback(result)  # a Failure fires the errback
