"""Whatever was started ends with its block, and what does not come up says why."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from esb.bench.asking import ask_bus
from esb.bench.case import Case, Setting
from esb.bench.client import WrongAnswer, drive
from esb.bench.databases import Databases
from esb.bench.serving import Bench, serve_bus, serving
from esb.demo.processes import DidNotStart, Processes

TLS = Setting(tls=True)


@pytest.mark.long
def test_over_mutual_tls_and_nothing_is_left(tmp_path: Path) -> None:
    pids: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(tmp_path, pids)
    assert list(tmp_path.iterdir()) == []
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def _interrupted(folder: Path, pids: list[int]) -> None:
    case = Case(TLS)
    with Databases() as databases, serving(TLS, [case], databases, folder) as bench:
        pids += [process.pid for process in bench.processes.running]
        asker = ask_bus(case, bench.place.consumer, bench.place.bus_certificate, bench.address)
        assert len(drive(bench.address, asker.ahead(3), 2).latencies) == 3
        with pytest.raises(WrongAnswer, match="lost"):  # nobody gets in without TLS
            drive(replace(bench.address, tls=None), asker.ahead(1), 1)
        raise KeyboardInterrupt


def test_a_bus_that_cannot_start_says_why(bench: Bench, tmp_path: Path) -> None:
    broken = replace(bench.place, environment={**bench.place.environment, "SHLUZ_LOAD_MAX_IN_FLIGHT": "no number"})
    with Processes() as processes, pytest.raises(DidNotStart, match="max_in_flight"):
        serve_bus(processes, broken, 1, tmp_path / "bus.log")
