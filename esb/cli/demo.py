"""`esb demo`: the bus at work, told as a story."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from esb.cli.show import json_option, paint, say_json, table

if TYPE_CHECKING:
    from esb.demo.stage import Stage


@click.command()
@click.option(
    "--home-folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Make the home in this new or empty folder, not in a temporary one.  Removed at the end unless --keep.",
)
@click.option("--keep", is_flag=True, help="Stay up after the story, until Ctrl-C, and say how to go on by hand.")
@json_option
def demo(home_folder: Path | None, keep: bool, as_json: bool) -> None:
    """See the bus at work on real agencies and made-up people.

    A home with an authority and the 43 agencies of the national portal is made in a temporary folder; three agencies'
    systems and the bus are started as processes of their own; then agencies ask one another, rightly and wrongly, and
    every answer is checked: the outcome, the provider's journal, the evidence log, and the signature by libxmlsec.

    The exit code is 0 only when everything was as it should be.
    """
    from esb.demo.pair import check_pair

    check_pair()  # before anything imports the two
    from esb.demo.run import run
    from esb.demo.tell import Page

    quiet = Page(lambda _: None, lambda text, _: text, table)
    page = quiet if as_json else Page(click.echo, paint, table)
    with Steps() as steps:
        result = run(page, steps, home_folder, _stay(as_json) if keep else None)
    if as_json:
        say_json(result.as_json())
    if not result.ok:
        raise click.exceptions.Exit(1)


class Steps:
    """Long steps as they are taken, on standard error: each says what it does, and how long it took."""

    def __init__(self) -> None:
        self._began = 0.0

    def __call__(self, text: str) -> None:
        """Begin a step; the one before is done.  The empty text begins none."""
        now = time.monotonic()
        if self._began:
            click.echo(f" {now - self._began:.1f} s", err=True)
        self._began = now if text else 0.0
        if text:
            click.echo(f"{text} …", nl=False, err=True)
            sys.stderr.flush()

    def __enter__(self) -> "Steps":
        return self

    def __exit__(self, *_: object) -> None:
        if self._began:
            click.echo(err=True)


def _stay(as_json: bool) -> "Callable[[Stage], None]":
    from esb.demo.keep import stay

    return lambda stage: stay(stage, lambda text: click.echo(text, err=as_json))
