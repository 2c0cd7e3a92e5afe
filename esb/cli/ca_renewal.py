"""`esb ca renewal` and `cutover`, and what `esb ca renew --next` does: the bus's own keys change while it serves."""

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, json_option, say, say_json, table, yes_option

if TYPE_CHECKING:
    from esb.admin.renewal import OwnPair
    from esb.cli.desk import Desk
    from esb.registry.authority_models import RehearsalRow, RenewalRow

second_option = click.option("--second", is_flag=True, help="The bus's second, RSA key instead of the first.")


def begin(desk: "Desk", kind: str, second: bool) -> None:
    """Make the next key and certificate, and say what comes next."""
    from esb.admin.renewal import begin_bus_renewal, digest

    pair = _pair(desk, second)
    made = begin_bus_renewal(
        desk.home,
        desk.engine,
        desk.passphrase,
        pair,
        name=desk.settings.bus.node,
        kind=kind,
        overlap_days=desk.settings.ca.overlap_days,
        author=desk.author,
        now=desk.now,
        random=secrets.token_bytes,
        published=desk.published,
    )
    say(f"Made the next key of {pair.subject.name}: {pair.next_key}, {pair.next_certificate}")
    say(f"    sha256 {digest(made)}, valid until {made.not_valid_after_utc:%Y-%m-%d}")
    say("Running buses rehearse it on live answers and go on signing with the current one.")
    say("Consumers that compare certificates fetch the next one at /ca/bus?next.")
    say("Next: esb ca renewal, and when it was rehearsed: esb ca cutover")


@click.command()
@json_option
@click.option("--all", "all_of_them", is_flag=True, help="Those that are over, too.")
@pass_place
def renewal(place: Place, as_json: bool, all_of_them: bool) -> None:
    """Tell which renewals are under way, and how they fare.

    \b
    Example:
      esb ca renewal
    """
    from esb.admin.member_renewal import note_first_sights
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.renewals import list_rehearsals, list_renewals

    desk = sit_down(place)
    note_first_sights(desk.engine, desk.settings.evidence.url, author=desk.author, now=desk.now)
    with reading(desk.engine) as session:
        found = [(row, list_rehearsals(session, row.id)) for row in list_renewals(session, all_of_them)]
    if as_json:
        say_json([_facts(row, rehearsals, desk.now) for row, rehearsals in found])
        return
    if not found:
        say("No renewal is under way: esb ca renew --next, or esb member enrol CODE …")
        return
    for row, rehearsals in found:
        facts = _facts(row, rehearsals, desk.now)
        say(f"{facts['of']}: {facts['state']}")
        say(f"  now   {row.old_sha256}")
        say(f"  next  {row.next_sha256}")
        if rehearsals:
            counts = [(each.node, each.worker, each.rehearsed, each.failed, each.problem or "-") for each in rehearsals]
            say(table(("NODE", "WORKER", "REHEARSED", "FAILED", "PROBLEM"), counts))


@click.command()
@second_option
@click.option("--abort", is_flag=True, help="Throw the next key away; after a cut-over, put the one before back.")
@click.option("--force", is_flag=True, help="Though it was not rehearsed, or a rehearsal failed.")
@yes_option
@pass_place
def cutover(place: Place, second: bool, abort: bool, force: bool, yes: bool) -> None:
    """Let the bus sign with its next key.

    Running buses take it up within their polling time and fail no exchange.  The certificate before stays valid until
    its end, so that answers which are under way verify.

    \b
    Examples:
      esb ca cutover
      esb ca cutover --abort
    """
    from esb.admin.renewal import cut_over_bus, give_up_bus
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    pair = _pair(desk, second)
    seconds = f"within {desk.settings.registry.poll_seconds:g} s"
    if abort:
        confirm(f"Undo the renewal of {pair.subject.name}?", yes)
        if give_up_bus(desk.engine, pair, author=desk.author, now=desk.now):
            say(f"Put back the key of {pair.subject.name} from before; running buses sign with it {seconds}.")
        else:
            say(f"Threw away the next key of {pair.subject.name}; the current one stays.")
        return
    confirm(f"Let {pair.subject.name} sign with its next key?", yes)
    cut_over_bus(desk.engine, desk.passphrase, pair, force=force, author=desk.author, now=desk.now)
    say(f"Cut over: running buses sign with it {seconds}.")
    say("To undo it: esb ca cutover --abort")


def _pair(desk: "Desk", second: bool) -> "OwnPair":
    from pathlib import Path

    from esb.admin.renewal import OwnPair
    from esb.registry.renewals import Subject

    keys = desk.settings.keys
    key, certificate = keys.signing_key, keys.certificate
    if second:
        if keys.second_signing_key is None or keys.second_certificate is None:
            raise click.UsageError("The settings name no second key: esb ca second-key makes one.")
        key, certificate = keys.second_signing_key, keys.second_certificate
    if not isinstance(key, Path):
        raise click.UsageError(
            "The key lies in a device that the settings name: make the next one there, get it a certificate, and "
            "change keys.signing_key and keys.certificate together; then send the supervisor SIGHUP."
        )
    return OwnPair(Subject("bus-second" if second else "bus"), key, certificate)


def _facts(row: "RenewalRow", rehearsals: "list[RehearsalRow]", now: float) -> dict[str, object]:
    from esb.registry.renewals import Subject

    if row.cut_over_at is not None:
        state = f"cut over on {_day(row.cut_over_at)}"
    elif row.given_up_at is not None:
        state = f"given up on {_day(row.given_up_at)}"
    else:
        late = ", OVERDUE" if now > row.ends_at else ""
        state = f"under way since {_day(row.begun_at)}, to be over by {_day(row.ends_at)}{late}"
        if row.subject == "member":
            state += f"; next one first seen {_day(row.seen_at)}" if row.seen_at else "; next one not seen yet"
    return {
        "id": row.id,
        "of": Subject(row.subject, row.owner or "", row.use).name,
        "use": row.use,
        "state": state,
        "old_sha256": row.old_sha256,
        "next_sha256": row.next_sha256,
        "rehearsed": sum(each.rehearsed for each in rehearsals),
        "failed": sum(each.failed for each in rehearsals),
        "rehearsals": [
            {"node": each.node, "worker": each.worker, "rehearsed": each.rehearsed, "failed": each.failed}
            for each in rehearsals
        ],
    }


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
