"""`esb classifier`: the lists of codes that contracts share."""

import csv
import io
from pathlib import Path

import click

from esb.cli.show import block, json_option, say, say_json, table


@click.group()
def classifier() -> None:
    """Classifiers: lists of codes with their names in Azerbaijani and English, shared by contracts."""


@classifier.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """List the classifiers."""
    from esb.wsdl.library import classifiers

    found = classifiers().values()
    if as_json:
        say_json([{key: value for key, value in each.plain.items() if key != "entries"} for each in found])
        return
    rows = [(each.code, each.version, len(each.entries), each.az, each.en) for each in found]
    say(table(("CODE", "VERSION", "CODES", "AZ", "EN"), rows))


@classifier.command()
@click.argument("code")
@json_option
def show(code: str, as_json: bool) -> None:
    """Show a classifier's codes.

    \b
    Example:
      esb classifier show region
    """
    from esb.wsdl.library import classifier as find

    found = find(code)
    if as_json:
        say_json(found.plain)
        return
    facts = {"classifier": found.code, "version": found.version, "az": found.az, "en": found.en, "from": found.source}
    say(block(facts.items()))
    say("")
    say(table(("CODE", "AZ", "EN"), [(each.code, each.az, each.en) for each in found.entries]))


@classifier.command()
@click.argument("code")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file, not to the screen.")
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json", show_default=True)
def export(code: str, out: Path | None, form: str) -> None:
    """Give a classifier as JSON or CSV (UTF-8).

    \b
    Example:
      esb classifier export document-kind --format csv --out document-kind.csv
    """
    from esb.logs import json_text
    from esb.wsdl.library import classifier as find

    found = find(code)
    if form == "json":
        text = json_text(found.plain, indent=2) + "\n"
    else:
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(("code", "az", "en"))
        writer.writerows((each.code, each.az, each.en) for each in found.entries)
        text = lines.getvalue()
    if out is None:
        say(text.rstrip("\n"))
        return
    out.write_text(text, "utf-8")
    say(f"Wrote {len(found.entries)} codes of {found.code}, version {found.version}, to {out}.")
