"""`esb subject`: who asked about a person, and the keys by which that is found."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esb.cli.away import INCOMPLETE_EXIT, plain_away, tell_away
from esb.cli.depots import archive_option
from esb.cli.moment import MOMENT
from esb.cli.place import Place, pass_place
from esb.cli.progress import progress
from esb.cli.show import block, confirm, json_option, say, say_aside, say_json, table, yes_option

if TYPE_CHECKING:
    from esb.admin.subject_history import Histories, History, Line, Name


@click.group()
def subject() -> None:
    """Persons: who asked about one, when, and on which legal ground.

    Records hold keyed pseudonyms instead of FINs.  Where messages name persons is said with esb service subject.
    """


@subject.command()
@click.argument("fin", required=False)
@click.option("--reason", required=True, help="Why you look; it stays in the registry.  Without the FIN.")
@click.option("--since", type=MOMENT, help="What was asked from this time on.")
@click.option("--until", type=MOMENT, help="What was asked before this time.")
@click.option(
    "--as",
    "view",
    type=click.Choice(["person", "operator"]),
    default="person",
    show_default=True,
    help="For the person: without what the law defers.  For an operator: everything.",
)
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True, help="Lines at the most.")
@click.option("--before", type=int, help="Go on after a page: the number that it ended with.")
@click.option(
    "--proofs",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the records and the proofs that they stand in the log into this file.",
)
@archive_option
@json_option
@pass_place
def history(
    place: Place,
    fin: str | None,
    reason: str,
    since: float | None,
    until: float | None,
    view: str,
    limit: int,
    before: int | None,
    proofs: Path | None,
    archives: tuple[str, ...],
    as_json: bool,
) -> None:
    """Tell who asked about the person with this FIN.  That it is told is put on record first.

    Leave FIN out, and it is asked for, or read from standard input: so it stands in no shell's history.

    Months that have left the log are read out of the archive.  Where that is not at hand the answer says of which time
    it does not tell, and the exit code is 3 instead of 0.

    \b
    Examples:
      esb subject history --reason "The person's own request of 29 November, letter 17"
      esb subject history --as operator --reason "Complaint 8, audit" --since 2026-11-01 --proofs case-8.zip
      esb subject history --reason "Letter 18" --archive /media/archive
    """
    from esb.admin.subject_history import Asked, View
    from esb.cli.desk import sit_down

    if fin is None:
        fin = click.prompt("FIN", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    elif sys.stdin.isatty():
        say_aside("The FIN stands in your shell's history now; leave it out, and you are asked for it.")
    desk = sit_down(place)
    histories = _histories(place, archives)
    asked = Asked(_microseconds(since), _microseconds(until), before, limit, proofs is not None)
    found = histories.read(fin, asked, View(view), reason, author=desk.author, now=desk.now)
    histories.close()
    if as_json:
        say_json(_plain(found))
    else:
        _tell(found, view)
    if proofs is not None:
        _write(place, found, proofs)
    if found.away:
        click.get_current_context().exit(INCOMPLETE_EXIT)


@subject.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "key_text", required=True, help="The log's public key (NAME+ID+KEY), from elsewhere.")
@json_option
def check(file: Path, key_text: str, as_json: bool) -> None:
    """Check a file of proofs offline: each record in it stands in the log that signed the checkpoint.

    \b
    Example:
      esb subject check case-8.zip --key "$(cat bus-log.key)"
    """
    from esb.admin.subject_proofs import check_proofs, untold
    from esb.audit.notes import NoteKey
    from esb.cli.log_lines import facts

    octets = file.read_bytes()
    proved = check_proofs(octets, NoteKey.parse(key_text.strip()))
    for each in untold(octets):
        say_aside(
            f"The history was NOT COMPLETE, as its maker says: it does not tell of {each.since} to {each.until}, whose "
            f"{each.records} records had left the log in package {each.package}."
        )
    if as_json:
        say_json([{**facts(each.entry), "index": each.index, "treeSize": each.size} for each in proved])
        return
    for one in proved:
        pairs = [(name, value) for name, value in facts(one.entry).items() if value not in ("", None)]
        say(block([*pairs, ("index", f"{one.index} of {one.size}")]))
        say("")
    say(f"{len(proved)} records are in the log, as they stand here.")


@subject.command()
@yes_option
@pass_place
def key(place: Place, yes: bool) -> None:
    """Make another key of pseudonyms, which counts from now on.  By those before it earlier records are found.

    \b
    Example:
      esb subject key
    """
    from esb.admin.subject_keys import rotate_key
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    folder = desk.settings.keys.subjects
    confirm("Make pseudonyms under a new key from now on? Each person is looked up under every key.", yes)
    number = rotate_key(desk.engine, folder, desk.passphrase, author=desk.author, now=desk.now)
    say(f"Key {number} is in {folder}; running buses take it up within {desk.settings.registry.poll_seconds:g} s.")
    say("Next: back it up, and carry it to every other node that keeps records of its own.")


def _histories(place: Place, archives: tuple[str, ...]) -> "Histories":
    from esb.admin.subject_history import Histories
    from esb.admin.subject_keys import open_every_key
    from esb.audit.store import locate
    from esb.cli.desk import sit_down
    from esb.cli.vault import vault_of

    desk = sit_down(place, recording=False)
    where = locate(desk.settings.evidence.url)
    if isinstance(where, Path) and not where.exists():
        raise click.ClickException(f"There is no log at {where} yet: a bus makes it when it is first served.")
    return Histories(
        desk.engine,
        desk.settings.evidence.url,
        lambda: open_every_key(desk.settings.keys.subjects, desk.passphrase),
        lambda: vault_of(place, archives),
        told=progress("archived records"),
    )


def _tell(found: "History", view: str) -> None:
    if not found.lines:
        say("Nothing is on record that may be told.")
    else:
        headers = (
            "TIME (UTC)",
            "WHO ASKED",
            "SERVICE",
            "OPERATION",
            "PURPOSE",
            "LEGAL BASIS",
            "CASE",
            "OFFICER",
            "OUTCOME",
        )
        told = (*headers, "TOLD FROM") if view == "operator" else headers
        say(table(told, [_row(line, view) for line in found.lines]))
    if found.withheld:
        say(f"{found.withheld} more are on record, of which the law tells later.")
    if found.crowded:
        say(
            f"{found.crowded} exchanges of this time named more persons than a record holds; whether this person was "
            "among the rest, their messages would tell."
        )
    if unread := found.unread - sum(each.records for each in found.away):
        say(f"{unread} records that may name this person cannot be read here: gone or damaged (esb log verify).")
    tell_away(found.away, found.complete_from)
    if found.next is not None:
        say(f"There is more: add --before {found.next}")


def _row(line: "Line", view: str) -> tuple[object, ...]:
    entry = line.entry
    row = (
        _time(entry.at),
        _called(entry.client or entry.consumer, line.consumer),
        _called(entry.service, line.service or line.provider),
        entry.operation or "-",
        entry.purpose or "-",
        entry.legal_basis or "-",
        entry.case_number or "-",
        entry.officer or "-",
        line.outcome + (f" ({line.rule})" if line.rule else ""),
    )
    if view != "operator":
        return row
    return (*row, "at once" if line.told_from is None else _time(line.told_from) + (" hidden" if line.hidden else ""))


def _called(code: str, name: "Name | None") -> str:
    return code if name is None else f"{code}: {name.az} / {name.en}"


def _plain(found: "History") -> dict[str, Any]:
    return {
        "pseudonym": found.pseudonym,
        "lines": [
            {
                "exchange": line.entry.exchange,
                "at": _time(line.entry.at),
                "consumer": line.entry.consumer,
                "consumerName": _name(line.consumer),
                "client": line.entry.client,
                "provider": line.entry.service.partition("/")[0],
                "providerName": _name(line.provider),
                "service": line.entry.service,
                "serviceName": _name(line.service),
                "operation": line.entry.operation,
                "grant": line.entry.grant,
                "purpose": line.entry.purpose,
                "legalBasis": line.entry.legal_basis,
                "caseNumber": line.entry.case_number,
                "officer": line.entry.officer,
                "onBehalfOf": line.entry.on_behalf_of,
                "named": list(line.named),
                "outcome": line.outcome,
                "rule": line.rule,
                "toldFrom": None if line.told_from is None else _time(line.told_from),
                "hidden": line.hidden,
            }
            for line in found.lines
        ],
        "withheld": found.withheld,
        "crowded": found.crowded,
        "unread": found.unread,
        "next": found.next,
        **plain_away(found.away),
    }


def _name(name: "Name | None") -> dict[str, str] | None:
    return None if name is None else {"az": name.az, "en": name.en}


def _write(place: Place, found: "History", path: Path) -> None:
    from esb.admin.authority import write_new
    from esb.admin.subject_proofs import write_proofs
    from esb.cli.log_tree import signer_of

    evidence = [each for line in found.lines for each in line.evidence]
    proved = sum(each.proof is not None for each in evidence)
    write_new(path, write_proofs(evidence, signer_of(place.load().settings).key.text, found.away))
    say_aside(f"Wrote {proved} records with their proofs to {path}. Check it: esb subject check {path} --key …")
    if proved < len(evidence):
        say_aside(f"{len(evidence) - proved} records are in no checkpoint yet: ask again in a moment.")


def _microseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1_000_000)


def _time(at: int) -> str:
    from esb.kernel.clock import utc_text

    return utc_text(at / 1_000_000)
