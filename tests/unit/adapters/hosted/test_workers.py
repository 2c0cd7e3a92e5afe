"""Threads of a hosted service: bounded, apart, and forgetting what nobody waits for."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError

from esb.adapters.hosted.workers import Workers
from esb.kernel.faults import Refusal


class Delivery:
    """Takes what comes from threads, as a reactor would: one after the other."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.calls = 0

    def __call__(self, call: Callable[..., Any], *arguments: Any) -> None:
        with self._changed:
            call(*arguments)
            self.calls += 1
            self._changed.notify_all()

    def wait(self, calls: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.calls >= calls, 10)


class Gate:
    """Work that says when it began and ends when it may."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.runs = 0

    def __call__(self) -> str:
        self.runs += 1
        self.began.set()
        assert self.may_end.wait(10)
        return threading.current_thread().name


@pytest.fixture
def delivery() -> Delivery:
    return Delivery()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.may_end.set()


def test_a_result_comes_back(delivery: Delivery) -> None:
    results: list[Any] = []
    workers = Workers("sample", delivery)
    workers.run(lambda: threading.current_thread().name).addCallback(results.append)
    delivery.wait(1)
    assert results == ["esb-hosted-sample-1"]


def test_an_exception_comes_back_and_the_thread_lives_on(delivery: Delivery) -> None:
    results: list[Any] = []
    workers = Workers("sample", delivery, threads=1)

    def fail() -> None:
        raise SystemExit(3)

    workers.run(fail).addErrback(lambda failure: results.append(failure.type))
    workers.run(lambda: 7).addCallback(results.append)
    delivery.wait(2)
    assert results == [SystemExit, 7]


def test_no_more_threads_than_allowed(delivery: Delivery, gate: Gate) -> None:
    names: list[str] = []
    workers = Workers("sample", delivery, threads=2)
    for _ in range(6):
        workers.run(gate).addCallback(names.append)
    gate.may_end.set()
    delivery.wait(6)
    assert set(names) <= {"esb-hosted-sample-1", "esb-hosted-sample-2"}


def test_an_idle_thread_is_used_again(delivery: Delivery) -> None:
    names: list[str] = []
    workers = Workers("sample", delivery, threads=4)
    for number in range(1, 9):
        workers.run(lambda: threading.current_thread().name).addCallback(names.append)
        delivery.wait(number)
    assert len(names) == 8
    assert len(set(names)) <= 2  # a second one, where the first was not back to waiting yet


def test_what_waits_is_bounded(delivery: Delivery, gate: Gate) -> None:
    workers = Workers("sample", delivery, threads=1, waiting=1)
    workers.run(gate)
    assert gate.began.wait(10)
    workers.run(lambda: None)
    with pytest.raises(Refusal) as refused:
        workers.run(lambda: None)
    assert refused.value.rule.id == "BUS-02"
    gate.may_end.set()
    delivery.wait(2)
    workers.run(lambda: None)  # there is room again


def test_work_that_nobody_waits_for_is_never_begun(delivery: Delivery, gate: Gate) -> None:
    workers = Workers("sample", delivery, threads=1, waiting=1)
    workers.run(gate)
    assert gate.began.wait(10)
    begun: list[int] = []
    waiting = workers.run(lambda: begun.append(1))
    waiting.addErrback(lambda failure: failure.trap(CancelledError))
    waiting.cancel()
    workers.run(lambda: begun.append(2))  # its place is free
    gate.may_end.set()
    delivery.wait(2)
    assert begun == [2]


def test_the_result_of_work_given_up_is_dropped(delivery: Delivery, gate: Gate) -> None:
    workers = Workers("sample", delivery, threads=1)
    ended: list[Any] = []
    running = workers.run(gate)
    running.addErrback(lambda failure: ended.append(failure.type))
    assert gate.began.wait(10)
    running.cancel()
    gate.may_end.set()
    delivery.wait(1)
    assert ended == [CancelledError]


def test_threads_do_not_hold_up_the_end_of_the_process(delivery: Delivery, gate: Gate) -> None:
    Workers("ending", delivery).run(gate)
    assert gate.began.wait(10)
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("esb-hosted-ending"))
