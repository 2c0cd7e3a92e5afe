"""The figures that the bus has promised, each measured and set beside its promise."""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from esb.bench import grown
from esb.bench.case import Case, Keys, Setting
from esb.bench.databases import Databases
from esb.bench.place import BenchPlace
from esb.bench.report import machine, over
from esb.bench.rounds import Round, Subject, Summary, interleave, ratio
from esb.bench.run import BUS, FLOOR, HALF, NAIVE, Options, Result, Tell, line, measure, now_text, sized
from esb.bench.serving import Bench, serve_bus, serving
from esb.bench.subjects import Served, the_bus

_STANDARD = Case()


@dataclass(frozen=True, slots=True)
class Target:
    """One promise.

    Attributes:
        promised, measured: as a person reads them.
        held: None where this machine cannot tell.
    """

    name: str
    promised: str
    measured: str
    held: bool | None


def most(name: str, limit: float, summary: Summary) -> Target:
    """A promise about the scaled CPU of an exchange, in microseconds; the raw figure is told too."""
    value, raw = summary.median("scaled_us"), summary.median("cpu_us")
    text = f"{value:,.0f} µs scaled, {raw:,.0f} raw, ± {summary.spread('scaled_us'):.0%}"
    return Target(name, f"≤ {limit:,.0f} µs of CPU", text, value <= limit)


def at_most(name: str, limit: float, value: float, form: str) -> Target:
    """A promise about a ratio."""
    return Target(name, "≤ " + form.format(limit), form.format(value), value <= limit)


def at_least(name: str, limit: float, value: float, form: str) -> Target:
    """A promise about a ratio."""
    return Target(name, "≥ " + form.format(limit), form.format(value), value >= limit)


def targets(options: Options, tell: Tell) -> tuple[list[Target], dict[str, Any]]:
    """Measure them all; returns the targets and every figure behind them.

    Raises:
        WrongAnswer: one answer was not the one that was due.
    """
    found: list[Target] = []
    figures: dict[str, Summary] = {}
    with Databases(options.postgres, options.folder) as databases:
        for part in (_standard, _mixed, _rsa, _tls, _workers, _growth):
            targets_, summaries = part(options, databases, tell)
            found += targets_
            figures |= summaries
            for target in targets_:
                tell(f"{target.name}: {target.measured} ({target.promised})")
    order = {
        "at": now_text(),
        "machine": machine(),
        "targets": [
            {"name": each.name, "promised": each.promised, "measured": each.measured, "held": each.held}
            for each in found
        ],
        "figures": {name: summary.as_json() for name, summary in figures.items()},
    }
    return found, order


_Part = tuple[list[Target], dict[str, Summary]]


def _standard(options: Options, databases: Databases, tell: Tell) -> _Part:
    large = replace(_STANDARD, answer=100_000)
    many = replace(_STANDARD, connections=256)
    with serving(Setting(), [_STANDARD, large, many], databases, options.folder) as bench:
        result = measure(bench, _STANDARD, options, databases, tell)
        big = measure(bench, large, replace(options, half_load=False, naive=False), databases, tell)
        wide = _by_turns(
            {"16 connections": _sized(bench, _STANDARD, options), "256 connections": _sized(bench, many, options)},
            options,
            tell,
        )
    bus = result.summaries[BUS]
    half = result.summaries[HALF]
    wider = ratio(wide["256 connections"], wide["16 connections"], "per_second")
    return [
        most("1.5 KB → 3 KB, P-256, signed both ways", 1_000, bus),
        at_most("  over the floor", 1.6, over(result, FLOOR, "scaled_us"), "{:.2f} ×"),
        at_least("  throughput over the naive peer's", 15, over(result, NAIVE, "per_second"), "{:.1f} ×"),
        most("100 KB answer", 6_000, big.summaries[BUS]),
        at_least("throughput at 256 connections over 16", 0.9, wider, "{:.0%}"),
        at_most("p99 over p50 at half load", 10, half.median("p99_ms") / half.median("p50_ms"), "{:.1f} ×"),
    ], {**_named("P-256", result), **_named("100 KB", big), **wide}


def _mixed(options: Options, databases: Databases, tell: Tell) -> _Part:
    return _keys(Keys.MIXED, "RSA agencies, P-256 bus", 800, options, databases, tell)


def _rsa(options: Options, databases: Databases, tell: Tell) -> _Part:
    return _keys(Keys.RSA, "all RSA-2048", 2_400, options, databases, tell)


def _keys(keys: Keys, name: str, limit: float, options: Options, databases: Databases, tell: Tell) -> _Part:
    case = replace(_STANDARD, setting=Setting(keys))
    with serving(case.setting, [case], databases, options.folder) as bench:
        result = measure(bench, case, replace(options, naive=False, half_load=False), databases, tell)
    return [most(name, limit, result.summaries[BUS])], _named(name, result)


def _tls(options: Options, databases: Databases, tell: Tell) -> _Part:
    case = replace(_STANDARD, setting=Setting(tls=True))
    found = _two(_closely(options), databases, tell, {"plain": _STANDARD, "mutual TLS": case})
    more = ratio(found["mutual TLS"], found["plain"], "scaled_us") - 1
    return [at_most("mutual TLS adds", 0.15, more, "{:+.0%}")], found


def _workers(options: Options, databases: Databases, tell: Tell) -> _Part:
    one = replace(_STANDARD, connections=64)
    two = replace(one, setting=Setting(workers=2))
    found = _two(options, databases, tell, {"one process": one, "two workers": two})
    faster = ratio(found["two workers"], found["one process"], "per_second")
    target = at_least("two workers' throughput over one's", 1.7, faster, "{:.2f} ×")
    if not target.held and (os.cpu_count() or 1) < 4:
        # Two workers, the provider and the load generator want a core each: here they only take turns.
        target = replace(target, measured=f"{target.measured}; {os.cpu_count()} cores cannot tell", held=None)
    return [target], found


def _closely(options: Options) -> Options:
    """More rounds, where a few percent decide."""
    return replace(options, rounds=options.rounds + 2)


def _two(options: Options, databases: Databases, tell: Tell, cases: dict[str, Case]) -> dict[str, Summary]:
    """Two buses that stand side by side, measured by turns."""
    with ExitStack() as stack:
        subjects: dict[str, Subject] = {}
        for name, case in cases.items():
            tell(f"{name}: making a home and starting its bus")
            bench = stack.enter_context(serving(case.setting, [case], databases, options.folder))
            subjects[name] = _sized(bench, case, options)
        return _by_turns(subjects, options, tell)


def _growth(options: Options, databases: Databases, tell: Tell) -> _Part:
    found = growth(_closely(options), databases, tell)
    more = ratio(found["grown"], found["small"], "scaled_us") - 1
    size = grown.LARGE
    name = f"{size.services:,} services, {size.grants:,} grants, {size.rows:,} log rows add"
    return [at_most(name, 0.05, more, "{:+.1%}")], found


def growth(options: Options, databases: Databases, tell: Tell, large: grown.Size = grown.LARGE) -> dict[str, Summary]:
    """The standard exchange on a small home and on a grown one, by turns: ``small`` and ``grown``."""
    with serving(Setting(), [_STANDARD], databases, options.folder) as bench:
        # Neither is the bus that made the home: both are copies, made alike and started alike.
        bench.bus.stop()
        subjects: dict[str, Subject] = {}
        for name, size in (("small", grown.SMALL), ("grown", large)):
            tell(f"{name}: {size.services:,} services, {size.grants:,} grants, {size.rows:,} log rows")
            home = grown.copy_home(bench.place.home, bench.folder / name)
            grown.fill(home, size, time.time())
            place: BenchPlace = replace(bench.place, home=home)
            address, process = serve_bus(bench.processes, place, 1, bench.folder / f"{name}.log")
            subjects[name] = _sized(replace(bench, address=address, bus=process, place=place), _STANDARD, options)
        found = _by_turns(subjects, options, tell)
        shutil.rmtree(bench.folder / "grown", ignore_errors=True)
    return found


def _sized(bench: Bench, case: Case, options: Options) -> Served:
    return sized(the_bus(bench, case), options)


def _by_turns(subjects: dict[str, Any], options: Options, tell: Callable[[str], None]) -> dict[str, Summary]:
    def told(name: str, number: int, round_: Round) -> None:
        tell(f"{name}, round {number + 1} of {options.rounds}: {line(round_)}")

    return interleave(subjects, options.rounds, told)


def _named(prefix: str, result: Result) -> dict[str, Summary]:
    return {f"{prefix}: {name}": summary for name, summary in result.summaries.items()}


def rows(found: Sequence[Target]) -> list[tuple[str, str, str, str]]:
    """Cells under ``target, promised, measured, held``."""
    words = {True: "yes", False: "NO", None: "cannot tell"}
    return [(each.name, each.promised, each.measured, words[each.held]) for each in found]
