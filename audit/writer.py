"""The group commit: one thread that makes many waiting records durable at once.

A commit costs about the same for one record as for fifty, so while one runs the next batch gathers by itself, and a
lone request is committed at once.  With many exchanges in flight the writer sleeps, never longer than ``max_wait``,
until the records of half of them are there: what it does not spend on commits of one or two records, the reactor has
for messages, and with that many in flight nobody waits longer for it.  The one who brings the last of them wakes it.

``max_wait=0`` never waits.  What the waiting is worth stands in bench/README.md.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final

from esb.audit.record import EvidenceStore, NotWritten, Outcome, Record, StoreUnavailable
from esb.kernel.threads import tell_thread

Done = Callable[[Outcome], None]

_log = logging.getLogger(__name__)

_BATCH_BYTES: Final = 16 * 1024 * 1024  # of messages in a commit: large ones must not add up without end
_SHARE: Final = 2  # a batch of one in so many of the exchanges in flight is worth waiting for
_NEVER: Final = 1 << 62
_IDLE: Final = 1.0  # seconds without a record after which the store may tend its place
_FIRST_PAUSE: Final = 0.05  # seconds before a lost store is tried again; doubles
_LONGEST_PAUSE: Final = 2.0

_FULL: Final = NotWritten("too many records wait for the evidence log: ask again in a moment")
_STOPPED: Final = NotWritten("the bus is stopping: ask again in a moment")
_UNEXPECTED: Final = NotWritten("the evidence log could not take the record")


class EvidenceWriter:
    """Takes records on one thread, commits them on another, and reports on the first.

    Args:
        store: where records become durable; used by the writer's thread alone.
        deliver: runs a function on the submitting thread (``reactor.callFromThread``); called once for each batch.
        max_batch: records in one commit at most.
        max_wait: seconds that a record may wait for company under load.
        max_queue: records that may wait; beyond, ``submit`` declines at once.
        monotonic: seconds that never go back; paces the attempts to reach a lost store.
        in_flight: how many exchanges are under way now, each of which will send records; read from the writer's thread.
    """

    def __init__(
        self,
        store: EvidenceStore,
        deliver: Callable[[Callable[[], None]], None],
        max_batch: int = 256,
        max_wait: float = 0.005,
        max_queue: int = 10_000,
        monotonic: Callable[[], float] = time.monotonic,
        in_flight: Callable[[], int] = lambda: 0,
    ) -> None:
        self._store = store
        self._deliver = deliver
        self._max_batch = max_batch
        self._max_wait = max_wait
        self._max_queue = max_queue
        self._monotonic = monotonic
        self._in_flight = in_flight
        self._queue: deque[tuple[Record, Done]] = deque()
        self._wanted = _NEVER  # how many records must wait for the writer to be woken
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._accepting = False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="evidence-writer", daemon=True)
        self._bytes = 0  # of messages in the batch that is being gathered
        self._problem: str | None = None
        self._pause = 0.0
        self._not_before = 0.0

    @property
    def problem(self) -> str | None:
        """Why the log cannot be written now, in a sentence for a person; None while it can."""
        return self._problem

    @property
    def waiting(self) -> int:
        """Records that wait for a commit."""
        return len(self._queue)

    def start(self) -> None:
        """Open the store and begin to write.

        Raises:
            StoreUnavailable: the store cannot be opened; a bus without evidence does not start.
        """
        self._store.idle()
        self._accepting = True
        self._thread.start()

    def submit(self, record: Record, done: Done) -> None:
        """Hand over a record; never blocks.

        ``done`` is called once, with what became of it: through ``deliver``, or at once with NotWritten when the
        queue is full or the writer is stopping.
        """
        if not self._accepting:
            done(_STOPPED)
        elif len(self._queue) >= self._max_queue:
            done(_FULL)
        else:
            self._queue.append((record, done))
            # The writer says what it wants before it looks, and we look after we have brought: one of us sees it.
            if len(self._queue) >= self._wanted:
                self._wanted = _NEVER
                self._bell.put(None)

    def stop(self, timeout: float) -> bool:
        """Take no more, write what was taken, close the store.

        Returns:
            False when ``timeout`` seconds were not enough; the thread goes on and dies with the process.
        """
        if self._accepting:
            self._accepting = False
            self._stopping = True
            self._bell.put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        tell_thread("writer")
        while self._queue or not self._stopping:
            batch = self._gather()
            if batch:
                self._report(batch, self._write([record for record, _ in batch]))
        self._store.close()

    def _gather(self) -> list[tuple[Record, Done]]:
        """Wait for a record and take those that wait with it; nothing when none came for a while."""
        if not self._await(1, _IDLE):
            if not self._stopping:
                self._tend()
            return []
        self._await(self._company(), self._max_wait)
        batch: list[tuple[Record, Done]] = []
        self._bytes = 0
        while self._queue and not self._full(batch):
            batch.append(self._queue.popleft())
            self._bytes += len(batch[-1][0].message) + len(batch[-1][0].sent)
        return batch

    def _company(self) -> int:
        """How many records are worth waiting for."""
        try:
            return min(self._in_flight() // _SHARE, self._max_batch)
        except Exception:  # noqa: BLE001  # the thread must outlive whatever it is told
            _log.exception("how many exchanges are under way could not be asked")
            return 1

    def _await(self, wanted: int, seconds: float) -> bool:
        """Sleep until so many records wait, or until the end of the time or of the bus; whether any waits now."""
        until = time.monotonic() + seconds
        while not self._stopping:
            self._wanted = wanted
            left = until - time.monotonic()
            if len(self._queue) >= wanted or left <= 0:
                break
            try:
                self._bell.get(timeout=left)
            except Empty:
                break
        self._wanted = _NEVER
        return bool(self._queue)

    def _full(self, batch: list[tuple[Record, Done]]) -> bool:
        return len(batch) >= self._max_batch or self._bytes >= _BATCH_BYTES

    def _write(self, records: list[Record]) -> list[Outcome]:
        if self._problem is not None and self._monotonic() < self._not_before:
            return [NotWritten(self._problem)] * len(records)
        try:
            outcomes = self._store.write(records)
        except StoreUnavailable as error:
            self._lost(str(error))
            return [NotWritten(str(error))] * len(records)
        except Exception:  # noqa: BLE001  # the thread must outlive whatever a store does
            _log.exception("the evidence store failed in a way it does not know")
            self._lost(_UNEXPECTED.reason)
            return [_UNEXPECTED] * len(records)
        if len(outcomes) != len(records):
            _log.error("the evidence store did not say what became of each record")
            self._lost(_UNEXPECTED.reason)
            return [_UNEXPECTED] * len(records)
        self._found()
        return outcomes

    def _tend(self) -> None:
        try:
            self._store.idle()
        except StoreUnavailable as error:
            self._lost(str(error))
        except Exception:  # noqa: BLE001  # the thread must outlive whatever a store does
            _log.exception("the evidence store failed in a way it does not know")
            self._lost(_UNEXPECTED.reason)
        else:
            self._found()

    def _lost(self, problem: str) -> None:
        if self._problem is None:
            _log.error("the evidence log is away: %s", problem)
        self._pause = min(max(_FIRST_PAUSE, self._pause * 2), _LONGEST_PAUSE)
        self._not_before = self._monotonic() + self._pause
        self._problem = problem

    def _found(self) -> None:
        if self._problem is not None:
            _log.warning("the evidence log is back")
        self._problem, self._pause = None, 0.0

    def _report(self, batch: list[tuple[Record, Done]], outcomes: list[Outcome]) -> None:
        calls = [partial(done, outcome) for (_, done), outcome in zip(batch, outcomes, strict=True)]
        try:
            self._deliver(partial(_call_all, calls))
        except Exception:  # noqa: BLE001  # the thread must outlive the loop that it reports to
            _log.exception("what became of evidence records could not be reported")


def _call_all(calls: Sequence[Callable[[], None]]) -> None:
    for call in calls:
        try:
            call()
        except Exception:  # noqa: BLE001  # one exchange's mistake must not keep its neighbours waiting for ever
            _log.exception("an exchange failed on hearing what became of its record")
