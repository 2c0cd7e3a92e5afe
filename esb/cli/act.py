"""`esb act`: who did what in the registry."""

from datetime import UTC, datetime

import click

from esb.cli.log import change_lines
from esb.cli.place import Place, pass_place
from esb.cli.show import json_option, say, say_json, table


@click.group()
def act() -> None:
    """Acts: who changed what in the registry, when, and where that is on record."""


@act.command(name="list")
@click.option("--about", metavar="KIND[:KEY]", help="Only acts on this: grant, or grant:17.")
@click.option("--author", help="Only this person's.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="Only acts from then on (UTC).")
@click.option("--before", type=click.IntRange(1), help="Go on below this number (the last one of the page before).")
@click.option("--limit", type=click.IntRange(1, 10_000), default=30, show_default=True, help="How many, newest first.")
@json_option
@pass_place
def list_(
    place: Place,
    about: str | None,
    author: str | None,
    since: datetime | None,
    before: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """List acts, newest first.  RECORD is the act's name in the evidence log: esb log show RECORD.

    \b
    Example:
      esb act list --about grant:17
      esb act list --author quliyeva --since 2026-11-01 --json
    """
    from esb.admin.recording import change_name
    from esb.cli.desk import sit_down
    from esb.registry.acts import find_changes
    from esb.registry.database import reading

    kind, _, key = (about or "").partition(":")
    with reading(sit_down(place).engine) as session:
        rows = find_changes(
            session,
            kind=kind or None,
            key=key or None,
            author=author,
            since=None if since is None else since.replace(tzinfo=UTC).timestamp(),
            before=before,
            limit=limit,
        )
    if as_json:
        say_json(
            [
                {
                    "number": row.number,
                    "at": datetime.fromtimestamp(row.at, UTC).isoformat(),
                    "author": row.author,
                    "act": row.act,
                    "about": f"{row.kind}:{row.key}",
                    "detail": row.detail,
                    "record": change_name(row),
                }
                for row in rows
            ]
        )
        return
    cells = [
        (
            row.number,
            datetime.fromtimestamp(row.at, UTC).strftime("%Y-%m-%d %H:%M:%S"),
            row.author,
            row.act,
            f"{row.kind}:{row.key}",
            _brief(", ".join(f"{name}: {value}" for name, value in change_lines(row.detail))),
            change_name(row),
        )
        for row in rows
    ]
    headers = ("NO", "TIME (UTC)", "AUTHOR", "ACT", "ABOUT", "DETAIL", "RECORD")
    say(table(headers, cells) if cells else "No act fits.")


def _brief(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
