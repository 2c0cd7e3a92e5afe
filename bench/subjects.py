"""What is measured by turns: the bus, the naive peer, and the floor."""

import json
import random
import selectors
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from esb.bench import meter
from esb.bench.asking import Asker, ask_bus
from esb.bench.calibrate import Calibration
from esb.bench.case import Case
from esb.bench.client import Address, Load, drive, drive_open, post_head
from esb.bench.databases import Databases
from esb.bench.place import ACTION, write_self_signed
from esb.bench.provider import path
from esb.bench.rounds import Round
from esb.bench.rows import content
from esb.bench.serving import Bench
from esb.bench.signing import Style, Template
from esb.demo.processes import Process
from esb.demo.signing import check_signature, security_headers
from esb.kernel.xml import XmlLimits, parse_message

_IDLE_SIGNATURES = 30
_SLICE = 0.01  # seconds in which the companion of the floor works for a part and rests for the other
_PATIENCE = 120.0  # seconds that a round of the floor may take


@dataclass(slots=True)
class Served:
    """Something that answers over the wire: the bus or the naive peer.

    Attributes:
        pid: the root of its processes.
        beside: the pid of the provider, whose work belongs to the bench.
        exchanges: how many make a round.
    """

    asker: Asker
    address: Address
    pid: int
    beside: int
    exchanges: int
    connections: int

    def warm_up(self) -> None:
        """Ask until connections, schemas and caches are there."""
        count = max(2 * self.connections, min(400, self.exchanges // 2))
        drive(self.address, self.asker.ahead(count), self.connections)
        self.asker.verify_samples()

    def round(self) -> Round:
        """A closed loop over the case's connections."""
        return self.measure(partial(drive, connections=self.connections), self.exchanges)

    def at_rate(self, rate: float, count: int) -> Round:
        """An open loop: ``rate`` a second with exponential gaps."""
        chance = random.Random(7)
        # As many connections as a burst could want; most stay idle.
        return self.measure(partial(drive_open, rate=rate, connections=128, chance=chance), count)

    def measure(self, run: Callable[..., Load], count: int) -> Round:
        """Sign ahead, bracket by calibrations, run, verify what was sampled."""
        questions = self.asker.ahead(count)
        idle = Calibration().take(_IDLE_SIGNATURES)
        during = Calibration()
        before: list[float] = []
        threads: dict[str, float] = {}

        def ready() -> None:
            # Connections are kept for long: what it costs to make them is no part of an exchange.
            before.extend((meter.read(self.pid).cpu, self._helping()))
            threads.update(meter.read_threads(self.pid))

        load = run(self.address, questions, tick=during.tick, ready=ready)
        after = meter.read(self.pid)
        cpu, helping = after.cpu - before[0], self._helping() - before[1]
        shares = {name: used - threads.get(name, 0.0) for name, used in meter.read_threads(self.pid).items()}
        idle.take(_IDLE_SIGNATURES)
        self.asker.verify_samples()
        return Round(
            count,
            cpu / count * 1e6,
            during.us,
            idle.us,
            load.rate,
            load.quantile(0.5) * 1e3,
            load.quantile(0.95) * 1e3,
            load.quantile(0.99) * 1e3,
            after.memory / 1e6,
            min(1.0, helping / load.seconds),
            {name: max(0.0, used) / count * 1e6 for name, used in shares.items()},
        )

    def _helping(self) -> float:
        return meter.read(self.beside).cpu + time.process_time()


def the_bus(bench: Bench, case: Case) -> Served:
    """The bus that is being served, asked as the case says."""
    asker = ask_bus(case, bench.place.consumer, bench.place.bus_certificate, bench.address)
    return Served(asker, bench.address, bench.bus.pid, bench.provider.pid, case.exchanges, case.connections)


def the_naive_peer(bench: Bench, case: Case, databases: Databases, stack: ExitStack) -> Served:
    """The naive peer, started beside the bus on the same provider; it is always asked in canonical form and without
    TLS, because signxml refuses a PrefixList, and takes the provider's answers unsigned."""
    write_self_signed(bench.folder, "naive", case.setting.keys.bus)
    endpoint = f"http://127.0.0.1:{bench.provider_port}{path(case.answer, Style.CANONICAL, False)}"
    on_server = case.setting.database == "postgresql"
    database = stack.enter_context(databases.fresh()) if on_server else f"sqlite:///{bench.folder}/naive.db"
    facts = {"endpoint": endpoint, "database": database}
    process = bench.processes.start(
        "the naive peer", ["-m", "esb.bench.naive", bench.folder, json.dumps(facts)], bench.folder / "naive.log"
    )
    stack.callback(process.stop)
    address = Address("127.0.0.1", int(process.wait_for_line("serves ", 30)))
    certificate = (bench.folder / "naive.pem").read_bytes()
    last = content("Answer", case.answer).count(b"<b:row ") - 1
    asker = Asker(
        Template(bench.place.consumer, content("Ask", case.request)),
        post_head(address, "/", ACTION),
        f'n="{last % 1000}"'.encode(),
        False,
        lambda _, body: _check_signed(body, certificate),
    )
    # It is some twenty times slower: a tenth of the exchanges takes as long.
    return Served(asker, address, process.pid, bench.provider.pid, max(20, case.exchanges // 10), 16)


def _check_signed(body: bytes, certificate: bytes) -> None:
    check_signature(security_headers(parse_message(body, XmlLimits()))[0], certificate)


@dataclass(slots=True)
class Floor:
    """The floor, in a process of its own, while this one keeps the other core as busy as it was beside the bus.

    Attributes:
        beside: tells how busy that was, as a part of the time.
    """

    process: Process
    exchanges: int
    beside: Callable[[], float]

    def warm_up(self) -> None:
        """Compile the schema, make the tables, fill the caches."""
        self._run(max(8, self.exchanges // 8), Calibration())

    def round(self) -> Round:
        """One line in, one figure out."""
        idle = Calibration().take(_IDLE_SIGNATURES)
        during = Calibration()
        began = time.perf_counter()
        seconds = self._run(self.exchanges, during)
        wall = time.perf_counter() - began
        memory = meter.read(self.process.pid).memory / 1e6
        idle.take(_IDLE_SIGNATURES)
        count = self.exchanges
        return Round(
            count, seconds / count * 1e6, during.us, idle.us, count / wall, memory_mb=memory, beside=self.beside()
        )

    def _run(self, count: int, during: Calibration) -> float:
        pipe_in, pipe_out = self.process.popen.stdin, self.process.popen.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        pipe_in.write(b"%d\n" % count)
        pipe_in.flush()
        self.process.wait_for_line("signed", _PATIENCE)
        part = self.beside()
        with selectors.DefaultSelector() as selector:
            selector.register(pipe_out, selectors.EVENT_READ)
            until = time.monotonic() + _PATIENCE
            while not selector.select(0):
                self._keep_busy(part, during)
                if time.monotonic() > until:
                    raise self.process.failed(f"did not finish its round within {_PATIENCE:g} s")
        return float(self.process.wait_for_line("took ", 1))

    @staticmethod
    def _keep_busy(part: float, during: Calibration) -> None:
        rest = time.perf_counter() + _SLICE * part
        while time.perf_counter() < rest:
            during.take(1)
        time.sleep(_SLICE * (1 - part))


def the_floor(bench: Bench, case: Case, databases: Databases, stack: ExitStack, beside: Callable[[], float]) -> Floor:
    """The floor of a case.

    Args:
        beside: how busy the bench itself was beside the bus, as a part of the time.
    """
    write_self_signed(bench.folder, "floor", case.setting.keys.bus)
    facts: dict[str, Any] = {
        "request": case.request,
        "answer": case.answer,
        "style": case.style.value,
        "signed": case.provider_signed,
        # The bus's writer waits until half of the exchanges in flight have sent their records.
        "batch": max(1, min(128, case.connections // 2)),
        "database": stack.enter_context(databases.fresh()) if case.setting.database == "postgresql" else None,
    }
    process = bench.processes.start(
        "the floor", ["-m", "esb.bench.floor", bench.folder, json.dumps(facts)], bench.folder / "floor.log"
    )
    stack.callback(process.stop)
    process.wait_for_line("ready", 30)
    return Floor(process, case.exchanges, beside)
