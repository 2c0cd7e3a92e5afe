"""`esb log archive`, `esb log drop`: months of the evidence log leave it for an archive, and can still be verified."""

import sys
import time
from typing import TYPE_CHECKING

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, json_option, say, say_aside, say_json, table, yes_option

if TYPE_CHECKING:
    from esb.audit.archiving import Told
    from esb.audit.package import Manifest

_UNTIL = "The last month, YYYY-MM (UTC); every earlier one is meant too."


@click.command()
@click.option("--until", metavar="MONTH", required=True, help=_UNTIL)
@click.option(
    "--to", metavar="PLACE", help="A folder, or s3://BUCKET/PREFIX.  [default: archive.place of the settings]"
)
@json_option
@pass_place
def archive(place: Place, until: str, to: str | None, as_json: bool) -> None:
    """Archive the log's months as packages: sealed with the log's key, chained to one another, read back and verified.

    Nothing leaves the log by it (esb log drop does that).  Messages stay as the log holds them.  A package that was not
    finished is taken up where it ended.

    \b
    Example:
      esb log archive --until 2026-10 --to /media/archive
      esb log archive --until 2026-10 --to s3://evidence/bus
    """
    from esb.admin.archiving import archive as archive_months
    from esb.cli.depots import depot_of
    from esb.cli.desk import sit_down
    from esb.cli.log_tree import signer_of

    desk = sit_down(place)
    depot = depot_of(desk.settings.archive, to, desk.home.path)
    made = list(
        archive_months(
            desk.engine,
            desk.settings.evidence.url,
            depot,
            signer_of(desk.settings),
            until,
            author=desk.author,
            clock=time.time,
            told=_progress("archived"),
        )
    )
    if as_json:
        say_json([_facts(each) for each in made])
        return
    if not made:
        say(f"Everything up to {until} is archived already, or less than 256 records were there to archive.")
        return
    rows = [(each.month, each.first, each.end - 1, _size(each), each.digest[:16]) for each in made]
    say(table(("MONTH", "FIRST LEAF", "LAST LEAF", "BYTES", "DIGEST"), rows))
    say(f"Written to {depot.place}, and verified there. The log still holds them: esb log drop --until {until}")


@click.command()
@click.option("--until", metavar="MONTH", required=True, help=_UNTIL)
@click.option("--from", "source", metavar="PLACE", help="Where the packages are now.  [default: where they were put]")
@yes_option
@json_option
@pass_place
def drop(place: Place, until: str, source: str | None, yes: bool, as_json: bool) -> None:
    """Delete archived months from the log, after their packages were verified where they are.

    The tree, its checkpoints and the registry's changes stay: every proof holds, and esb log verify --archive PLACE
    verifies the whole log.  Their message ids count as new again, as far as messages of that age are taken at all.

    \b
    Example:
      esb log drop --until 2026-10
    """
    from esb.admin.archiving import drop as drop_month
    from esb.admin.archiving import droppable_until
    from esb.cli.depots import depot_of
    from esb.cli.desk import sit_down
    from esb.cli.log_tree import signer_of

    desk = sit_down(place)
    url = desk.settings.evidence.url
    kept = droppable_until(url, until, desk.now)
    leaves = sum(each.manifest.end - each.manifest.first for each in kept)
    names = ", ".join(dict.fromkeys(each.manifest.month for each in kept if each.dropped is None))
    if names:
        confirm(
            f"This deletes up to {leaves:,} records of {names} from the log; afterwards only the archive has them.", yes
        )
    key = signer_of(desk.settings).key
    gone: list[dict[str, object]] = []
    for each in kept:
        count = drop_month(
            desk.engine,
            url,
            depot_of(desk.settings.archive, source or each.place, desk.home.path),
            key,
            each,
            author=desk.author,
            clock=time.time,
            told=_progress("done"),
        )
        gone.append({"package": each.manifest.name, "digest": each.manifest.digest, "deleted": count})
    if as_json:
        say_json(gone)
        return
    rows = [(one["package"], one["deleted"], str(one["digest"])[:16]) for one in gone]
    say(table(("PACKAGE", "DELETED", "DIGEST"), rows) if rows else f"Nothing up to {until} is in the log any more.")
    if any(one["deleted"] for one in gone) and url.startswith("sqlite"):
        say_aside("The files of months that are over gave their room back to the disk. What was in this month's file")
        say_aside("is used by new records; esb log compact gives that back too, with the bus stopped.")


def _size(manifest: "Manifest") -> int:
    return sum(one.size for one in manifest.members)


def _facts(manifest: "Manifest") -> dict[str, object]:
    return {
        "package": manifest.name,
        "month": manifest.month,
        "first": manifest.first,
        "end": manifest.end,
        "checkpoint": manifest.checkpoint,
        "bytes": _size(manifest),
        "digest": manifest.digest,
        "previous": manifest.previous,
    }


def _progress(what: str) -> "Told":
    """Tells how far a package is, where a person watches."""
    if not sys.stderr.isatty():
        return lambda *_: None

    def told(name: str, first: int, at: int, end: int) -> None:
        click.echo(f"\r{name}: {at - first:,} of {end - first:,} {what}", err=True, nl=at >= end)

    return told
