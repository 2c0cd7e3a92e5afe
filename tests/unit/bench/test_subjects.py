"""Each subject really measures: the bus by load at a rate or without pause, the floor and the naive peer beside it."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from esb.bench.case import Case
from esb.bench.client import WrongAnswer
from esb.bench.databases import Databases
from esb.bench.serving import Bench
from esb.bench.signing import Style
from esb.bench.subjects import the_bus, the_floor, the_naive_peer


def test_the_bus_without_pause(bench: Bench) -> None:
    bus = replace(the_bus(bench, Case()), exchanges=60)
    bus.warm_up()
    found = bus.round()
    assert found.exchanges == 60
    assert found.cpu_us > 100
    assert found.per_second > 1
    assert 0 < found.p50_ms <= found.p95_ms <= found.p99_ms
    assert found.memory_mb > 20
    assert 0 < found.beside <= 1
    # Each of the bus's threads is told by its name, and together they are all that its processes took.
    assert {"main", "writer", "sequencer", "indexer", "timestamps"} <= found.threads.keys()
    assert sum(found.threads.values()) == pytest.approx(found.cpu_us, rel=0.3)


def test_the_bus_at_a_rate(bench: Bench) -> None:
    found = the_bus(bench, Case()).at_rate(40, 30)
    assert found.exchanges == 30
    assert found.per_second < 120


def test_a_wrong_answer_fails_the_round(bench: Bench) -> None:
    bus = the_bus(bench, Case())
    bus.asker.expected = b"something else"
    with pytest.raises(WrongAnswer):
        bus.round()


@pytest.mark.parametrize("case", [Case(), Case(style=Style.FOREIGN), Case(provider_signed=False)], ids=str)
def test_the_floor(bench: Bench, case: Case) -> None:
    with Databases() as databases, ExitStack() as stack:
        floor = replace(the_floor(bench, case, databases, stack, lambda: 0.5), exchanges=40)
        floor.warm_up()
        found = floor.round()
        process = floor.process
    assert found.cpu_us > 50
    assert found.p50_ms == 0
    assert process.popen.poll() is not None


def test_the_naive_peer(bench: Bench) -> None:
    with Databases() as databases, ExitStack() as stack:
        naive = replace(the_naive_peer(bench, Case(), databases, stack), exchanges=20)
        naive.warm_up()
        found = naive.round()
        naive.asker.receipted = True  # the peer gives none, so each of its answers is now a wrong one
        with pytest.raises(WrongAnswer):
            naive.round()
    assert found.cpu_us > 1_000
