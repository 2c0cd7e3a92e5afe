"""Where blocking departments meet the reactor: one load for many, every error to everybody, records to their end."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.reactor import on_reactor, reactor, start
from support.rig import CONTRACT, Rig
from twisted.internet.defer import Deferred, gatherResults

from esb.audit.record import WRITTEN, NotWritten
from esb.audit.store import open_store
from esb.audit.writer import EvidenceWriter
from esb.kernel.contract import Contract
from esb.schemas.judge import Judge
from esb.schemas.store import JudgeStore
from esb.waiting import EvidenceGate, JudgeGate, Threads
from esb.wsdl.read import read_contract


@pytest.fixture
def threads() -> Iterator[Threads]:
    start()
    threads = Threads(reactor, 2)
    on_reactor(threads.start)
    yield threads
    threads.stop()


class Contracts:
    """Reads contracts, and counts how often; held up until :attr:`go`."""

    def __init__(self) -> None:
        self.reads: list[str] = []
        self.go = threading.Event()

    def __call__(self, digest: str) -> Contract:
        self.reads.append(digest)
        self.go.wait(10)
        if digest == "bad":
            raise LookupError("no such contract")
        return read_contract(CONTRACT)


def test_work_is_done_elsewhere_and_its_result_comes_back(threads: Threads) -> None:
    def work() -> tuple[str, int]:
        return threading.current_thread().name, threading.get_ident()

    def come_back(found: tuple[str, int]) -> tuple[str, int, int]:
        return (*found, threading.get_ident())

    name, there, here = on_reactor(lambda: threads.run(work).addCallback(come_back))
    assert "esb-work" in name
    assert there != here


def test_an_error_comes_back_too(threads: Threads) -> None:
    def fail() -> None:
        raise LookupError("x")

    with pytest.raises(LookupError, match="x"):
        on_reactor(lambda: threads.run(fail))


def test_stopping_finishes_what_was_taken() -> None:
    start()
    threads = Threads(reactor, 1)
    on_reactor(threads.start)
    done: list[int] = []
    go = threading.Event()
    on_reactor(lambda: threads.run(lambda: go.wait(10)) and None)
    on_reactor(lambda: threads.run(lambda: done.append(1)) and None)
    go.set()
    threads.stop()
    assert done == [1]


def test_many_waiters_cost_one_load(threads: Threads) -> None:
    contracts = Contracts()
    gate = JudgeGate(JudgeStore(), contracts, threads)

    def ask() -> Deferred[list[Judge]]:
        asked = gatherResults([gate.load("good") for _ in range(20)])
        contracts.go.set()
        return asked

    judges = on_reactor(ask)
    assert contracts.reads == ["good"]
    assert len(judges) == 20
    assert len({id(judge) for judge in judges}) == 1
    assert gate.get("good") is judges[0]


def test_an_error_reaches_every_waiter_and_is_not_kept(threads: Threads) -> None:
    contracts = Contracts()
    contracts.go.set()
    gate = JudgeGate(JudgeStore(), contracts, threads)
    for _ in range(2):
        with pytest.raises(LookupError):
            on_reactor(lambda: gate.load("bad"))

    def all_of_them() -> Deferred[list[str]]:
        told = [gate.load("bad").addErrback(lambda failure: str(failure.value)) for _ in range(3)]
        return gatherResults(told)

    assert on_reactor(all_of_them) == ["no such contract"] * 3
    assert gate.get("bad") is None
    assert contracts.reads == ["bad"] * 3


def test_contracts_do_not_wait_for_each_other(threads: Threads) -> None:
    contracts = Contracts()
    gate = JudgeGate(JudgeStore(), contracts, threads)

    def ask() -> Deferred[list[Judge]]:
        asked = gatherResults([gate.load("one"), gate.load("two")])
        contracts.go.set()
        return asked

    on_reactor(ask)
    assert sorted(contracts.reads) == ["one", "two"]


def test_a_record_is_waited_for_until_it_is_durable(threads: Threads, tmp_path: Path) -> None:
    rig = Rig()
    rig.accepted()
    record = rig.evidence.records[0]
    writer = EvidenceWriter(open_store(f"sqlite:///{tmp_path}/evidence.db"), reactor.callFromThread)

    class Reader:
        def answer_of(self, exchange: str) -> bytes | None:
            return exchange.encode()

    gate = EvidenceGate(writer, Reader(), threads)
    writer.start()
    assert on_reactor(lambda: gate.write(record)) == WRITTEN
    assert on_reactor(lambda: gate.answer_of("x")) == b"x"
    assert writer.stop(10)
    late = on_reactor(lambda: gate.write(record))
    assert isinstance(late, NotWritten)
