"""The month from its beginning to its end: providers, place and bus come up, every request is made, and what four
sides counted is compared."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO

from esb.bench import meter
from esb.bench.client import Load, WrongAnswer, drive
from esb.bench.databases import Databases
from esb.bench.month.asking import Kept, Witness, order_of, questions
from esb.bench.month.compare import Comparison, compare
from esb.bench.month.evidence import count_evidence, size_of
from esb.bench.month.journal import read_journal
from esb.bench.month.place import Place, make_place
from esb.bench.month.progress import Progress, clock_text
from esb.bench.month.provider import PORTS, path_of
from esb.bench.month.report import Figures
from esb.bench.month.room import forecast, gigabytes
from esb.bench.month.verify import verify_kept
from esb.bench.place import BenchPlace
from esb.bench.serving import serve_bus
from esb.demo.processes import Process, Processes, wait_until
from esb.kernel.faults import EsbError
from esb.sample.consumers import PORTAL, consumers_of
from esb.sample.mix import Month

OWN_DATABASE: Final = "postgresql"
"""Instead of a PostgreSQL server's URL: a server of our own, from a wheel."""

_PROVIDER: Final = ("-m", "esb.bench.month.provider")
_STARTS_IN: Final = 30.0  # seconds


class NotReplayed(EsbError):
    """The month was not gone through to its end; the text says why, and how far it came."""


class Interrupted(NotReplayed):
    """Somebody ended it."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How the month is replayed.

    Attributes:
        month: all of it, or a part.
        seed: decides the order of the requests, and nothing else.
        connections: of the consumers to the bus, each with one request at a time.
        workers: processes of the bus.
        home: a new or empty folder for the bus's home, which is kept; None makes one that is removed.
        database: URL of a PostgreSQL server on which a database may be made, or :data:`OWN_DATABASE`; None takes
            SQLite.
        provider: what the providers' process is started with, before the path of its journal.
    """

    month: Month
    seed: int = 2015
    connections: int = 32
    workers: int = 1
    home: Path | None = None
    database: str | None = None
    provider: Sequence[str] = _PROVIDER


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it.

    Attributes:
        comparison: its ``problems`` are empty when all was as it should be.
        kept: the exchanges that were verified whole.
    """

    figures: Figures
    comparison: Comparison
    kept: Sequence[Kept]


@dataclass(slots=True)
class _Course:
    """How far a run has come."""

    setup: Setup
    say: Callable[[str], None]
    stream: TextIO
    witness: Witness = field(default_factory=Witness)
    progress: Progress | None = None

    def so_far(self) -> str:
        """What was done, for people."""
        total = self.setup.month.uses
        if self.progress is None:
            return f"None of {total:,} requests had been made."
        self.progress.close()
        done, seconds = self.progress.done, self.progress.seconds
        return (
            f"{done:,} of {total:,} requests were answered in {clock_text(seconds)}, {done / seconds:,.0f} a second, "
            f"{self.witness.wrong_count:,} of them wrongly."
        )


def replay(setup: Setup, say: Callable[[str], None], stream: TextIO) -> Replayed:
    """Go through the month.

    Args:
        say: is told each step.
        stream: where the progress is shown.

    Raises:
        Interrupted: by Ctrl-C.  However it ends, no process and no temporary file is left.
        NotReplayed: too many answers were wrong, or a process was lost.
        NoRoom: the disk is too small.
        EsbError: something did not come up.
    """
    room = forecast(setup.month.uses, setup.home or Path(tempfile.gettempdir()))
    what = f"{setup.month.uses:,} requests, with evidence of about {gigabytes(room.needed)}"
    if setup.database in (None, OWN_DATABASE):
        say(f"{what}; {gigabytes(room.free)} are free at {room.folder}")
        room.check()
    else:
        say(f"{what}, which the database server needs room for")
    course = _Course(setup, say, stream)
    try:
        with ExitStack() as stack:
            return _replay(course, stack)
    except KeyboardInterrupt:
        raise Interrupted(f"Ended early. {course.so_far()}") from None
    except WrongAnswer as error:
        raise NotReplayed(f"{course.so_far()} Given up: {error}") from error


def _replay(course: _Course, stack: ExitStack) -> Replayed:
    setup, say, witness = course.setup, course.say, course.witness
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shluz-month-")))
    database = None
    if setup.database is not None:
        server = stack.enter_context(Databases(None if setup.database == OWN_DATABASE else setup.database))
        database = stack.enter_context(server.fresh())
    processes = stack.enter_context(Processes())
    journal = folder / "journal.json"
    providers = processes.start("the providers' process", [*setup.provider, journal], folder / "providers.log")
    ports = json.loads(providers.wait_for_line(PORTS, _STARTS_IN))
    place = make_place(
        setup.home or folder / "home",
        setup.month,
        lambda service: f"http://127.0.0.1:{ports[service.agency]}{path_of(service)}",
        database=database,
        told=say,
    )
    say("starting the bus" if setup.workers == 1 else f"starting the bus with {setup.workers} workers")
    certificate = place.settings.keys.certificate.read_bytes()
    served = BenchPlace(place.home.path, place.environment, place.parties[PORTAL], certificate, None)
    address, bus = serve_bus(processes, served, setup.workers, folder / "bus.log")

    asking = consumers_of(setup.month)
    order = order_of(asking, setup.seed)
    say(f"asking over {setup.connections} connections")
    before, provided, own = meter.read(bus.pid), meter.read(providers.pid), time.process_time()
    course.progress = Progress(setup.month.uses, course.stream)
    asked = questions(asking, order, place.parties, address, witness)
    try:
        load = drive(address, asked, setup.connections, course.progress.tick)
    except (WrongAnswer, OSError) as error:
        # A lost connection may be noticed before the end of who held it.
        if wait_until(lambda: bus.popen.poll() is not None, 1.0):
            raise WrongAnswer(str(bus.failed(f"ended with status {bus.popen.returncode}"))) from error
        raise WrongAnswer(str(error)) from error
    own = time.process_time() - own
    course.progress.close()
    after, providing = meter.read(bus.pid), meter.read(providers.pid)

    say("ending the bus and the providers")
    for process in (bus, providers):
        _end(process)
    url = place.settings.evidence.url
    say("counting the evidence log")
    began = time.monotonic()
    evidence = count_evidence(url)
    counted = time.monotonic() - began
    say(f"verifying {len(witness.kept):,} exchanges whole")
    verified = verify_kept(witness.kept, certificate, url)
    compared = compare(setup.month, asking, witness.answered.counts(), witness.by_pair, evidence, read_journal(journal))
    if setup.home is not None:
        _keep(place, journal, bus.log)
    figures = Figures(
        requests=len(load.latencies),
        seconds=load.seconds,
        **_latencies(load),
        wrong=witness.wrong_count,
        verified=verified.count,
        bus_cpu=after.cpu - before.cpu,
        provider_cpu=providing.cpu - provided.cpu,
        asking_cpu=own,
        bus_memory=after.memory,
        provider_memory=providing.memory,
        log_bytes=size_of(url),
        counted=counted,
    )
    problems = (*compared.problems, *witness.wrong, *verified.problems)
    return Replayed(figures, Comparison(compared.lines, problems), witness.kept)


def _end(process: Process) -> None:
    """End a process in order, while all that it has to say is still wanted."""
    process.stop()
    if process.popen.returncode:
        raise NotReplayed(str(process.failed(f"ended with status {process.popen.returncode}")))


def _latencies(load: Load) -> dict[str, float]:
    return {"p50": load.quantile(0.5), "p95": load.quantile(0.95), "p99": load.quantile(0.99)}


def _keep(place: Place, *files: Path) -> None:
    """Leave files of the run with the home."""
    for file in files:
        shutil.copyfile(file, place.home.path / file.name)
