"""`esb log key`, `esb log checkpoint`, `esb log verify`: the evidence log as a tree that is only ever added to."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from esb.cli.depots import archive_option, depots_of
from esb.cli.place import Place, pass_place
from esb.cli.progress import progress
from esb.cli.show import block, json_option, paint, say, say_json, table

if TYPE_CHECKING:
    from esb.audit.log_key import LogSigner
    from esb.audit.walk import OpenMasters, Report
    from esb.conf.settings import Settings


@click.command()
@pass_place
def key(place: Place) -> None:
    """Print the log's public key.

    Whoever is to check the log without trusting its keeper is given this line, by a way that the keeper does not
    control, and once for all.

    \b
    Example:
      esb log key > bus-log.key
    """
    click.echo(signer_of(place.load().settings).key.text)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Write it here; else it is printed.")
@pass_place
def checkpoint(place: Place, out: Path | None) -> None:
    """Print the last signed checkpoint: how much the log holds, and the root of its tree.

    A copy kept elsewhere shows later that nothing of what it covers was changed or cut off:
    esb log verify --checkpoint FILE.

    \b
    Example:
      esb log checkpoint --out /media/safe/2026-11-29.checkpoint
    """
    from esb.admin.authority import write_new
    from esb.audit.tree_reader import TreeReader

    reader = TreeReader(place.load().settings.evidence.url)
    latest = reader.latest()
    reader.close()
    if latest is None:
        raise click.ClickException("Nothing is in the log's tree yet: a serving bus makes it.")
    if out is None:
        click.echo(latest.note.decode(), nl=False)
        return
    write_new(out, latest.note)
    say(f"Wrote the checkpoint of {latest.size} records to {out}. Keep it where nobody who keeps the log can reach it.")


@click.command()
@click.option("--since", type=click.IntRange(0), default=0, help="Take records before this index as they stand.")
@click.option(
    "--checkpoint",
    "kept",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that was kept elsewhere; may be given more than once.",
)
@click.option("--key", "key_text", help="The log's public key as it was passed on (NAME+ID+KEY); else the home's own.")
@archive_option
@click.option(
    "--witness",
    "witness_keys",
    multiple=True,
    metavar="VKEY",
    help="A witness's public key; its cosignatures are verified.  [default: those of evidence.witnesses]",
)
@click.option(
    "--tsa-anchor",
    "tsa_anchors",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Certificates that time-stamps must lead to, PEM.  [default: the home's authority and "
    "evidence.timestamp_anchors]",
)
@click.option("--processes", type=click.IntRange(1, 64), help="How many share the work.  [default: one for each core]")
@json_option
@pass_place
def verify(
    place: Place,
    since: int,
    kept: tuple[Path, ...],
    key_text: str | None,
    archives: tuple[str, ...],
    witness_keys: tuple[str, ...],
    tsa_anchors: tuple[Path, ...],
    processes: int | None,
    as_json: bool,
) -> None:
    """Walk over the whole log and compute everything again.

    Each record's leaf, columns, messages and envelope; each tile; each checkpoint's signature, root, time-stamps and
    cosignatures.  What is altered, deleted, put in, exchanged or cut off is named.  Exit code 1 means that something
    is not as it was.

    Messages that were to be kept until a day that is past may be gone, where an act on record destroyed their keys.
    Without the master key at hand what is sealed is left unopened, and counted.

    With the log's own key a keeper could make another log: what that one cannot match is a checkpoint that somebody
    kept elsewhere (--checkpoint).

    Records that have left the log for an archive are read from there (--archive), and the archive's packages are
    verified with them; without it they are said to be archived, and the tree shows that it has not changed.

    \b
    Example:
      esb log verify --key "$(cat bus-log.key)" --checkpoint 2026-11-29.checkpoint
      esb log verify --archive /media/archive
      esb log verify --witness "$(cat reserve-witness.key)" --tsa-anchor national-tsa.pem
    """
    from esb.admin.bus_certificates import bus_certificates
    from esb.admin.log_walk import sent_judge
    from esb.admin.stamp_sources import read_anchors, stamp_judge, stamp_places
    from esb.audit.notes import NoteKey
    from esb.audit.walk import walk
    from esb.cli.desk import sit_down
    from esb.kernel.retention import day_text

    settings = place.load().settings
    log_key = NoteKey.parse(key_text) if key_text else signer_of(settings).key
    report = walk(
        settings.evidence.url,
        log_key,
        since=since,
        kept=[path.read_bytes() for path in kept],
        processes=processes or os.cpu_count() or 1,
        sent=sent_judge(bus_certificates(settings.keys.certificate.parent, sit_down(place).engine)),
        depots=depots_of(settings.archive, archives, place.home),
        stamped=stamp_judge(read_anchors(tsa_anchors or stamp_places(settings.certs.anchors, settings.evidence))),
        witnesses=[NoteKey.parse(each) for each in witness_keys or [one.key for one in settings.evidence.witnesses]],
        told=progress("records"),
        told_points=progress("checkpoints"),
        masters=_masters(settings),
        today=day_text(time.time()),
    )
    if as_json:
        findings = [{"what": one.what, "where": one.where, "detail": one.detail} for one in report.findings]
        facts = {"size": report.size, "records": report.records, "checkpoints": report.checkpoints}
        facts |= {"waiting": report.waiting}
        facts |= {"timestamps": report.attested.stamps, "cosignatures": report.attested.cosignatures}
        archived = [{name: getattr(one, name) for name in one.__slots__} for one in report.packages]
        bodies = {
            "expired": dict(report.tally.expired),
            "shredded": {until: sorted(days) for until, days in report.shredded.items()},
            "unopened": report.tally.unopened,
        }
        more = {"archived": archived, "elsewhere": report.elsewhere, "bodies": bodies}
        say_json({**facts, **more, "whole": not findings, "findings": findings, "counts": dict(report.counts)})
    else:
        _tell(report, log_key.name)
    if report.findings:
        click.get_current_context().exit(1)


def _tell(report: "Report", name: str) -> None:
    for one in sorted(report.findings):
        say(f"{paint('FOUND', 'red')}  {one.what}: {one.where}" + (f" ({one.detail})" if one.detail else ""))
    for what, count in sorted(report.counts.items()):
        if more := count - sum(one.what == what for one in report.findings):
            say(f"{paint('FOUND', 'red')}  {what}: {more} more")
    verdict = paint("The log is whole.", "green")
    if report.findings:
        verdict = paint(f"The log is not as it was: {report.counts.total()} findings.", "red")
    say(verdict)
    say(
        block(
            [
                ("log", name),
                ("leaves", report.size),
                ("records computed again", report.records),
                ("checkpoints verified", report.checkpoints),
                ("packages verified", _about_packages(report)),
                ("time-stamps verified", report.attested.stamps),
                ("cosignatures verified", report.attested.cosignatures),
                *_about_bodies(report),
            ]
        )
    )
    if report.waiting:
        say(f"{report.waiting} records have no place in the tree yet, and nothing of this speaks for them.")
        say("A serving bus gives each its place within seconds; where it does not, /readyz says why.")
    if report.elsewhere:
        say(f"{report.elsewhere} records have left the log and were not looked at; packages of the archive hold them:")
        rows = [
            (one.name, f"{datetime.fromtimestamp(one.dropped, UTC):%Y-%m-%d %H:%M}", one.digest, one.place)
            for one in report.packages
            if one.dropped is not None
        ]
        say(table(("PACKAGE", "LEFT THE LOG (UTC)", "DIGEST", "WHERE"), rows))
        say("Verify them too: esb log verify --archive PLACE")


def _about_packages(report: "Report") -> str:
    """How many were verified, and whose words about their checkpoints with them."""
    packages = report.packages
    told = f"{sum(one.verified for one in packages)} of {len(packages)}"
    stamps, cosignatures = (sum(one.stamps for one in packages), sum(one.cosignatures for one in packages))
    return f"{told}, with {stamps} time-stamps and {cosignatures} cosignatures" if packages else told


def _about_bodies(report: "Report") -> list[tuple[str, object]]:
    """What is to be said of messages."""
    told: list[tuple[str, object]] = []
    if expired := report.tally.expired:
        days = sorted({day for until in expired for day in report.shredded.get(until, ())})
        when = f" (keys shredded on {', '.join(days)})" if days else ""
        told.append(("bodies expired", f"{sum(expired.values())}{when}"))
    if report.tally.unopened:
        told.append(("bodies not opened", f"{report.tally.unopened}: the master key is not at hand here"))
    return told


def _masters(settings: "Settings") -> "OpenMasters":
    """What opens the master keys, also in other processes; None where they are not at hand."""
    from esb.admin.passphrase import read_passphrase
    from esb.certs.unusable import KeyMissing
    from esb.keeping import bodies_opener

    try:
        found = bodies_opener(settings, read_passphrase(settings.keys.passphrase, settings.keys.passphrase_file))
        if found is not None:
            found()
    except KeyMissing:
        return None
    return found


def signer_of(settings: "Settings") -> "LogSigner":
    """The log's key, which the home keeps."""
    from esb.admin.log_key import log_origin, open_log_signer
    from esb.admin.passphrase import read_passphrase

    passphrase = read_passphrase(settings.keys.passphrase, settings.keys.passphrase_file)
    return open_log_signer(
        settings.keys.log_key, passphrase, log_origin(settings.evidence.origin, settings.bus.address)
    )
