"""Measuring cases one after another: each with its yardsticks, all by turns."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from esb.bench.case import Case
from esb.bench.databases import Databases
from esb.bench.matrix import by_setting, is_standard
from esb.bench.profile import begin
from esb.bench.rounds import Round, Subject, Summary, interleave
from esb.bench.serving import Bench, serving
from esb.bench.subjects import Served, the_bus, the_floor, the_naive_peer

BUS, FLOOR, NAIVE, HALF = "bus", "floor", "naive peer", "bus at half load"
_HALF_SECONDS = 4.0  # of an open loop; enough for a p99 that more than one answer decides


@dataclass(frozen=True, slots=True)
class Options:
    """How cases are measured.

    Attributes:
        rounds: of each subject.
        exchanges: in a round of the bus; None takes what the case thinks good.
        floor, naive, half_load: which others are measured by turns with the bus; the naive peer only beside the
            standard exchange.
        postgres: URL of a server on which databases may be made; None starts one.
        folder: where homes and databases are made.
        profile: where the time of the bus goes is written here.
    """

    rounds: int = 3
    exchanges: int | None = None
    floor: bool = True
    naive: bool = True
    half_load: bool = True
    postgres: str | None = None
    folder: Path | None = None
    profile: Path | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A case and what was measured of it, by subject."""

    case: Case
    summaries: dict[str, Summary]


Tell = Callable[[str], None]
"""Is told each step as it is taken."""


def run(cases: Sequence[Case], options: Options, tell: Tell) -> list[Result]:
    """Measure every case.

    Raises:
        WrongAnswer: one answer was not the one that was due; nothing that was measured counts.
        DidNotStart, NoDatabase, NoProfiler: what is needed did not come up.
    """
    results = []
    profiles = []
    with Databases(options.postgres, options.folder) as databases:
        for setting, group in by_setting(cases).items():
            tell(f"{setting}: making a home and starting its bus")
            with serving(setting, group, databases, options.folder) as bench:
                profiler = None if options.profile is None else begin(bench.bus.pid, bench.folder / "samples")
                for case in group:
                    results.append(measure(bench, case, options, databases, tell))
                if profiler is not None:
                    profiles.append(f"{now_text()}  {', '.join(map(str, group))}\n\n{profiler.end()}")
    if options.profile is not None:
        options.profile.write_text("\n".join(profiles), encoding="utf-8")
    return results


def measure(bench: Bench, case: Case, options: Options, databases: Databases, tell: Tell) -> Result:
    """Measure one case on a running bus."""
    with ExitStack() as stack:
        bus = sized(the_bus(bench, case), options)
        last = [0.5]  # how busy the bench was beside the bus's last round: the floor's companion is as busy
        subjects: dict[str, Subject] = {BUS: bus}
        half = HalfLoad(bus)
        if options.half_load:
            subjects[HALF] = half
        if options.floor:
            floor = the_floor(bench, case, databases, stack, lambda: last[0])
            subjects[FLOOR] = replace(floor, exchanges=bus.exchanges)
        if options.naive and is_standard(case):
            naive = the_naive_peer(bench, case, databases, stack)
            subjects[NAIVE] = naive if options.exchanges is None else replace(naive, exchanges=options.exchanges)

        def told(name: str, number: int, round_: Round) -> None:
            if name == BUS:
                last[0] = round_.beside
                half.rate = round_.per_second / 2
            tell(f"{case}: {name}, round {number + 1} of {options.rounds}: {line(round_)}")

        tell(f"{case}: warming up")
        return Result(case, interleave(subjects, options.rounds, told))


def sized(bus: Served, options: Options) -> Served:
    """The bus with as many exchanges a round as was asked for."""
    return bus if options.exchanges is None else replace(bus, exchanges=options.exchanges)


class HalfLoad:
    """The same bus in an open loop at half the rate that it reaches: what a consumer of an ordinary day sees.

    Attributes:
        rate: exchanges a second; set anew after each round of the bus without pause, for the machine's pace changes.
    """

    def __init__(self, bus: Served) -> None:
        self._bus = bus
        self.rate = 0.0

    def warm_up(self) -> None:
        """Nothing: the bus itself was warmed, and its first round, which comes first, tells what half is."""

    def round(self) -> Round:
        """See :class:`~esb.bench.rounds.Subject`."""
        return self._bus.at_rate(self.rate, max(20, int(self.rate * _HALF_SECONDS)))


def line(round_: Round) -> str:
    """A round for whoever waits."""
    return f"{round_.cpu_us:,.0f} µs of CPU, {round_.per_second:,.0f}/s"


def now_text() -> str:
    """The day and hour of a run."""
    return time.strftime("%Y-%m-%d %H:%M")
