"""What can go wrong in the group commit: a lost record, a lost answer, a store that fails, a queue that fills."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from esb.audit.record import WRITTEN, NotWritten, Outcome, Record, StoreUnavailable
from esb.audit.writer import EvidenceWriter

MakeRecord = Callable[..., Record]


class Store:
    """Keeps batches in memory; can be held, so that a queue gathers, and told to fail."""

    def __init__(self) -> None:
        self.batches: list[list[Record]] = []
        self.failure: Exception | None = None
        self.opened = self.closed = 0
        self.free = threading.Event()
        self.free.set()
        self.busy = threading.Event()

    def write(self, batch: Sequence[Record]) -> list[Outcome]:
        self.busy.set()
        self.free.wait(30)
        self.batches.append(list(batch))
        if self.failure is not None:
            raise self.failure
        return [WRITTEN] * len(batch)

    def idle(self) -> None:
        self.opened += 1
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        self.closed += 1


class Heard:
    """Collects outcomes and lets a test wait for a number of them."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self._more = threading.Condition()

    def __call__(self, outcome: Outcome) -> None:
        with self._more:
            self.outcomes.append(outcome)
            self._more.notify_all()

    def wait(self, count: int) -> list[Outcome]:
        with self._more:
            assert self._more.wait_for(lambda: len(self.outcomes) >= count, 30)
        return self.outcomes


def _directly(call: Callable[[], None]) -> None:
    call()


@contextmanager
def _running(writer: EvidenceWriter) -> Iterator[EvidenceWriter]:
    writer.start()
    try:
        yield writer
    finally:
        assert writer.stop(30)


def test_a_lone_record_is_committed_and_told(make_record: MakeRecord) -> None:
    store, heard = Store(), Heard()
    with _running(EvidenceWriter(store, _directly)) as writer:
        writer.submit(make_record(), heard)
        assert heard.wait(1) == [WRITTEN]
    assert store.opened >= 1
    assert store.closed == 1


def test_records_gather_while_a_commit_runs_and_are_delivered_in_one_call(make_record: MakeRecord) -> None:
    store, heard, deliveries = Store(), Heard(), []

    def deliver(call: Callable[[], None]) -> None:
        deliveries.append(call)
        call()

    with _running(EvidenceWriter(store, deliver, max_batch=50)) as writer:
        store.free.clear()
        writer.submit(make_record(), heard)
        assert store.busy.wait(30)
        for _ in range(60):
            writer.submit(make_record(), heard)
        assert writer.waiting == 60
        store.free.set()
        heard.wait(61)
    assert [len(batch) for batch in store.batches] == [1, 50, 10]
    assert len(deliveries) == 3


def test_stopping_writes_everything_that_was_taken_and_takes_no_more(make_record: MakeRecord) -> None:
    store, heard = Store(), Heard()
    writer = EvidenceWriter(store, _directly, max_batch=8)
    writer.start()
    store.free.clear()
    records = [make_record() for _ in range(30)]
    for record in records:
        writer.submit(record, heard)
    assert not writer.stop(0.01)
    writer.submit(make_record(), heard)
    assert heard.outcomes == [NotWritten("the bus is stopping: ask again in a moment")]
    store.free.set()
    assert writer.stop(30)
    assert [record for batch in store.batches for record in batch] == records
    assert heard.outcomes[1:] == [WRITTEN] * 30


def test_stopping_before_starting_or_twice_does_no_harm(make_record: MakeRecord) -> None:
    heard = Heard()
    writer = EvidenceWriter(Store(), _directly)
    assert writer.stop(1)
    assert writer.stop(1)
    writer.submit(make_record(), heard)
    assert isinstance(heard.outcomes[0], NotWritten)


def test_a_full_queue_declines_at_once(make_record: MakeRecord) -> None:
    store, taken, declined = Store(), Heard(), Heard()
    with _running(EvidenceWriter(store, _directly, max_queue=3)) as writer:
        store.free.clear()
        writer.submit(make_record(), taken)
        assert store.busy.wait(30)
        for _ in range(3):
            writer.submit(make_record(), taken)
        writer.submit(make_record(), declined)
        assert [type(outcome) for outcome in declined.outcomes] == [NotWritten]
        store.free.set()
        assert taken.wait(4) == [WRITTEN] * 4


def test_a_store_that_cannot_be_opened_keeps_the_bus_from_starting() -> None:
    store = Store()
    store.failure = StoreUnavailable("no room")
    writer = EvidenceWriter(store, _directly)
    with pytest.raises(StoreUnavailable, match="no room"):
        writer.start()
    assert writer.stop(1)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (StoreUnavailable("the disk is full"), "the disk is full"),
        (RuntimeError("internal detail"), "the evidence log could not take the record"),
    ],
)
def test_a_failed_store_is_told_left_alone_for_a_while_and_used_again(
    make_record: MakeRecord, caplog: pytest.LogCaptureFixture, failure: Exception, told: str
) -> None:
    store, heard, now = Store(), Heard(), [0.0]
    with _running(EvidenceWriter(store, _directly, monotonic=lambda: now[0])) as writer:
        store.failure = failure
        writer.submit(make_record(), heard)
        assert heard.wait(1) == [NotWritten(told)]
        assert writer.problem == told
        tried = len(store.batches)
        writer.submit(make_record(), heard)
        assert heard.wait(2)[1] == NotWritten(told)
        assert len(store.batches) == tried  # left alone
        now[0] += 10
        writer.submit(make_record(), heard)
        assert heard.wait(3)[2] == NotWritten(told)
        assert len(store.batches) == tried + 1
        store.failure = None
        now[0] += 10
        writer.submit(make_record(), heard)
        assert heard.wait(4)[3] == WRITTEN
        assert writer.problem is None
    assert [record.levelno for record in caplog.records][-1] == logging.WARNING


def test_a_lost_store_is_found_again_without_a_record_coming(make_record: MakeRecord) -> None:
    store, heard = Store(), Heard()
    with _running(EvidenceWriter(store, _directly)) as writer:
        store.failure = StoreUnavailable("gone")
        writer.submit(make_record(), heard)
        heard.wait(1)
        store.failure = None
        back = threading.Event()
        for _ in range(300):
            if writer.problem is None:
                break
            back.wait(0.05)
        assert writer.problem is None


def test_one_exchanges_mistake_does_not_keep_the_others_waiting(
    make_record: MakeRecord, caplog: pytest.LogCaptureFixture
) -> None:
    store, heard = Store(), Heard()

    def mistaken(outcome: Outcome) -> None:
        raise ValueError("mistake")

    with _running(EvidenceWriter(store, _directly)) as writer:
        store.free.clear()
        writer.submit(make_record(), heard)
        assert store.busy.wait(30)
        writer.submit(make_record(), mistaken)
        writer.submit(make_record(), heard)
        store.free.set()
        assert heard.wait(2) == [WRITTEN, WRITTEN]
    assert "ValueError" in caplog.text


def test_a_loop_that_is_gone_does_not_stop_the_writing(make_record: MakeRecord) -> None:
    store = Store()

    def deliver(call: Callable[[], None]) -> None:
        raise RuntimeError("the loop has stopped")

    with _running(EvidenceWriter(store, deliver)) as writer:
        writer.submit(make_record(), Heard())
        while not store.batches:
            threading.Event().wait(0.01)
        writer.submit(make_record(), Heard())
    assert len(store.batches) == 2


def test_with_many_in_flight_records_wait_for_company(make_record: MakeRecord) -> None:
    store, heard = Store(), Heard()
    with _running(EvidenceWriter(store, _directly, max_wait=30, in_flight=lambda: 20)) as writer:
        for number in range(10):
            writer.submit(make_record(), heard)
            threading.Event().wait(0.005 if number < 9 else 0)
        heard.wait(10)
    assert [len(batch) for batch in store.batches] == [10]


def test_no_record_waits_longer_than_it_may(make_record: MakeRecord) -> None:
    store, heard = Store(), Heard()
    with _running(EvidenceWriter(store, _directly, max_wait=0.05, in_flight=lambda: 500)) as writer:
        writer.submit(make_record(), heard)
        heard.wait(1)
    assert [len(batch) for batch in store.batches] == [1]


def test_a_lone_record_waits_for_nobody(make_record: MakeRecord) -> None:
    store, heard = Store(), Heard()
    with _running(EvidenceWriter(store, _directly, max_wait=3_600, in_flight=lambda: 3)) as writer:
        writer.submit(make_record(), heard)
        heard.wait(1)
    assert len(store.batches) == 1


def test_large_messages_do_not_add_up_in_one_commit(make_record: MakeRecord) -> None:
    store, heard = Store(), Heard()
    with _running(EvidenceWriter(store, _directly)) as writer:
        store.free.clear()
        writer.submit(make_record(), heard)
        assert store.busy.wait(30)
        message = b"m" * (6 * 1024 * 1024)
        for _ in range(8):
            writer.submit(make_record(message=message), heard)
        store.free.set()
        heard.wait(9)
    assert [len(batch) for batch in store.batches] == [1, 3, 3, 2]
