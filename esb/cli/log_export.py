"""`esb log export`: records as a file for other programs."""

from pathlib import Path
from typing import Any

import click

from esb.cli.away import plain_away, searching, tell_let_go
from esb.cli.depots import searched_archive_option
from esb.cli.log_lines import criteria, query_of
from esb.cli.place import Place, pass_place
from esb.cli.progress import progress
from esb.cli.show import json_option, say, say_aside, say_json


@click.command()
@criteria
@click.option("--format", "form", type=click.Choice(["jsonl", "csv", "parquet"]), required=True, help="What to write.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A new file.")
@click.option("--reason", required=True, help="Why, for the record: a letter's number, a case.")
@searched_archive_option
@json_option
@pass_place
def export(
    place: Place,
    criteria: dict[str, Any],
    form: str,
    out: Path,
    reason: str,
    archives: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write the facts of all records that fit into a new file, the oldest first; never their messages.

    That names officers, cases and persons' pseudonyms, so it is an act on record, with its reason, what was asked for,
    the file's SHA-256, and which packages of what has left the log are not in it.  The file is readable by you alone,
    and whole or not there at all.

    jsonl is an object a line; csv is RFC 4180, a text that a spreadsheet would take for a formula with an apostrophe
    before it; parquet needs pyarrow: pip install 'shluz[parquet]'.

    \b
    Example:
      esb log export --format csv --out october.csv --since 2026-10-01 --until 2026-11-01 --reason "letter 17/2026"
      esb log export --format parquet --out slow.parquet --slower-than 2s --reason "performance review"
    """
    from esb.admin.log_export import export_log
    from esb.cli.desk import sit_down

    query, desk = query_of(criteria), sit_down(place)
    with searching(place, query, archives) as searcher:
        exported = export_log(
            desk.engine,
            searcher,
            query,
            out,
            form,
            reason=reason,
            author=desk.author,
            now=desk.now,
            told=progress("records looked through"),
        )
    if as_json:
        say_json(
            {
                "file": str(out),
                "records": exported.records,
                "sha256": exported.sha256,
                "damaged": list(exported.damaged),
                "gone": exported.gone,
                **plain_away(exported.away),
            }
        )
    else:
        say(f"Wrote {exported.records} records to {out}, readable by you alone.  SHA-256: {exported.sha256}")
        say("This is an act on record: esb act list --about evidence")
    for name in exported.damaged:
        say_aside(f"Record {name} is damaged and was left out: esb log verify")
    tell_let_go(exported.away)
    if exported.gone and not exported.away:
        say_aside(f"{exported.gone} more may fit that have left the log: esb log verify says which packages hold them.")
