"""`esb bench`: how fast this bus is on this machine."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esb.cli.show import say, say_json, table
from esb.logs import json_text

if TYPE_CHECKING:
    from esb.bench.case import Case
    from esb.bench.run import Options

_KEYS = ("rsa", "p256", "mixed")


@click.command()
@click.option("--full", is_flag=True, help="Measure the whole matrix, dimension by dimension (about half an hour).")
@click.option("--targets", is_flag=True, help="Measure what was promised and say what held (about ten minutes).")
@click.option("--grown", is_flag=True, help="Compare 10,000 services and 1,000,000 log rows with ten (two minutes).")
@click.option(
    "--size",
    "sizes",
    multiple=True,
    default=["1500:3000"],
    show_default=True,
    help="Bytes of the two Bodies, REQUEST:ANSWER.",
)
@click.option(
    "--connections", multiple=True, type=click.IntRange(1, 512), default=[16], show_default=True, help="At one time."
)
@click.option(
    "--keys",
    multiple=True,
    type=click.Choice(_KEYS),
    default=["p256"],
    show_default=True,
    help="All RSA-2048, all P-256, or RSA agencies with a P-256 bus (mixed).",
)
@click.option(
    "--style",
    "styles",
    multiple=True,
    type=click.Choice(["canonical", "foreign"]),
    default=["canonical"],
    show_default=True,
    help="How consumer and provider write their XML.",
)
@click.option(
    "--database",
    "databases",
    multiple=True,
    type=click.Choice(["sqlite", "postgresql"]),
    default=["sqlite"],
    show_default=True,
    help="Where registry and evidence log are.",
)
@click.option("--postgres", metavar="URL", help="A PostgreSQL server to make databases on; else one is started.")
@click.option("--tls", is_flag=True, help="Ask over mutual TLS.")
@click.option(
    "--workers", multiple=True, type=click.IntRange(1, 64), default=[1], show_default=True, help="Processes of the bus."
)
@click.option(
    "--provider",
    type=click.Choice(["signed", "unsigned"]),
    default="signed",
    show_default=True,
    help="Whether the provider signs its answers and the bus verifies them.",
)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Of each, by turns.")
@click.option("--count", type=click.IntRange(1), help="Exchanges in a round, where not as many as take two seconds.")
@click.option("--bus-only", is_flag=True, help="Leave out the floor, the naive peer and the half load.")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Make homes and databases in here: on the disk that is to be measured.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path),
    help="Write every figure into this file; - is standard output.",
)
@click.option(
    "--profile",
    "profile_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Look at the bus with py-spy meanwhile, and write where its time goes into this file.",
)
def bench(
    full: bool,
    targets: bool,
    grown: bool,
    sizes: tuple[str, ...],
    connections: tuple[int, ...],
    keys: tuple[str, ...],
    styles: tuple[str, ...],
    databases: tuple[str, ...],
    postgres: str | None,
    tls: bool,
    workers: tuple[int, ...],
    provider: str,
    rounds: int,
    count: int | None,
    bus_only: bool,
    folder: Path | None,
    json_file: Path | None,
    profile_file: Path | None,
) -> None:
    """Measure how fast a bus is on this machine.

    Makes a home of its own in a temporary folder, starts a provider and a bus, and drives the bus over kept-alive
    connections with messages that were signed ahead: CPU and memory of the bus, exchanges a second, latencies.  By
    turns with it, in the same minutes, the floor (the same cryptography and XML in a bare loop) and the naive peer (a
    Spyne service with signxml, zeep and SQLAlchemy) are measured, and the bus at half its rate.  One wrong answer makes
    the run fail.

    Without options that takes about a minute.  Every dimension has an option; most may be given more than once, and
    every combination is measured.  How to read the figures: bench/README.md.

    \b
    Examples:
      esb bench
      esb bench --connections 16 --connections 256 --database postgresql
      esb bench --size 1500:100000 --keys rsa --keys mixed --json figures.json
      esb bench --bus-only --count 20000 --profile profile.txt
    """
    from esb.demo.pair import check_pair

    if full + targets + grown > 1:
        raise click.UsageError("choose one of --full, --targets and --grown")
    check_pair()  # before anything imports the two
    from esb.bench.case import Keys
    from esb.bench.matrix import Dimensions
    from esb.bench.matrix import full as whole
    from esb.bench.run import Options
    from esb.bench.signing import Style

    others = not bus_only
    options = Options(rounds, count, others, others, others, postgres, folder, profile_file)
    dimensions = Dimensions(
        [_size(text) for text in sizes],
        connections,
        [Keys[name.upper()] for name in keys],
        [Style(name) for name in styles],
        databases,
        [tls],
        workers,
        [provider == "signed"],
    )
    signal.signal(signal.SIGTERM, _interrupt)
    began = time.monotonic()

    def tell(text: str) -> None:
        click.echo(f"{time.monotonic() - began:5.0f} s  {text}", err=True)

    if targets:
        text, facts, good = _targets(options, tell)
    elif grown:
        text, facts, good = _growth(options, tell)
    else:
        text, facts, good = _cases(whole() if full else dimensions.cases(), options, tell)
    if json_file is not None and str(json_file) == "-":
        say_json(facts)
    else:
        say(text)
        if json_file is not None:
            json_file.write_text(json_text(facts, indent=1) + "\n", encoding="utf-8")
    if not good:
        raise click.exceptions.Exit(1)


_Outcome = tuple[str, dict[str, Any], bool]


def _cases(cases: "list[Case]", options: "Options", tell: Callable[[str], None]) -> _Outcome:
    from esb.bench import report
    from esb.bench.run import run

    results = run(cases, options, tell)
    lines = [*report.ratios(results), *report.shares(results)]
    parts = [table(report.HEADERS, report.rows(results)), "\n".join(lines), report.NOTE]
    return "\n\n".join(part for part in parts if part), report.as_json(results), True


def _targets(options: "Options", tell: Callable[[str], None]) -> _Outcome:
    from esb.bench import targets

    found, facts = targets.targets(options, tell)
    text = table(("TARGET", "PROMISED", "MEASURED", "HELD"), targets.rows(found))
    return text, facts, all(each.held is not False for each in found)


def _growth(options: "Options", tell: Callable[[str], None]) -> _Outcome:
    from esb.bench.databases import Databases
    from esb.bench.rounds import ratio
    from esb.bench.targets import growth

    with Databases() as databases:
        found = growth(options, databases, tell)
    small, large = (found[name].median("scaled_us") for name in ("small", "grown"))
    more = ratio(found["grown"], found["small"], "scaled_us") - 1
    text = f"A grown home costs {more:+.1%} CPU an exchange: {large:,.0f} µs for {small:,.0f} µs, scaled."
    return text, {name: summary.as_json() for name, summary in found.items()}, True


def _size(text: str) -> tuple[int, int]:
    request, _, answer = text.partition(":")
    if not (request.isdecimal() and answer.isdecimal()):
        raise click.BadParameter(f"{text!r} is not REQUEST:ANSWER in bytes, such as 1500:3000", param_hint="--size")
    return int(request), int(answer)


def _interrupt(_: int, __: object) -> None:
    # A stop leaves as little behind as Ctrl-C does: the processes and folders of the run are let go on the way out.
    raise KeyboardInterrupt
