"""`esb grant defer` and `esb grant deferral`: persons are told later of what is asked about them under a grant."""

from typing import TYPE_CHECKING, Any

import click

from esb.cli.moment import MOMENT, moment_text, shown
from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, json_option, say, say_json, table, yes_option

if TYPE_CHECKING:
    from esb.registry.subject_models import DeferralRow, DeferralStatus

_reason = click.option("--reason", required=True, help="Why; it stays in the registry.")


@click.command()
@click.argument("grant", type=int)
@click.option("--until", type=MOMENT, help="Questions are told from this time on.")
@click.option("--until-days", "days", type=click.IntRange(1), help="Each question is told so many days after it.")
@click.option(
    "--hidden/--counted",
    default=None,
    help="Meanwhile the person is told nothing of them, or how many there are.  One of the two has to be said.",
)
@click.option("--end", is_flag=True, help="Instead: defer nothing any more.")
@click.option("--basis", "--legal-basis", "legal_basis", required=True, help="The law that defers it, or its order.")
@pass_place
def defer(
    place: Place, grant: int, until: float | None, days: int | None, hidden: bool | None, end: bool, legal_basis: str
) -> None:
    """Request that persons are told later of questions under GRANT, as the law defers it for some grounds.

    Another officer approves it.  It holds for every question under the grant, earlier ones too, and for a grant that
    replaces this one until that has a deferral of its own.

    \b
    Examples:
      esb grant defer 17 --until-days 180 --hidden --basis "Law on operative search, article 5"
      esb grant defer 17 --end --basis "Closed on 2026-11-29, order 12"
    """
    from esb.admin.deferrals import defer as request
    from esb.cli.desk import sit_down
    from esb.registry.deferrals import Deferral
    from esb.registry.subject_models import Telling

    if end:
        if hidden is not None or until is not None or days is not None:
            raise click.UsageError("--end goes alone: nothing is deferred any more.")
        rule = Deferral(Telling.WHOLE)
    else:
        if hidden is None:
            raise click.UsageError("Say --hidden or --counted: what the person is told meanwhile.")
        rule = Deferral(Telling.HIDDEN if hidden else Telling.COUNTED, until, days)
    desk = sit_down(place)
    number = request(desk.engine, grant, rule, legal_basis, author=desk.author, now=desk.now)
    say(f"Deferral {number} is requested; nothing is deferred by it yet.")
    say(f"Next, by another officer: esb grant deferral approve {number}")


@click.group()
def deferral() -> None:
    """Deferrals: decided by another officer than the one who requested them."""


@deferral.command()
@click.argument("number", type=int)
@yes_option
@pass_place
def approve(place: Place, number: int, yes: bool) -> None:
    """Put a deferral in force, as the second officer.

    \b
    Example:
      esb grant deferral approve 3
    """
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.deferrals import get_deferral
    from esb.registry.subject_models import DeferralStatus, Telling

    with reading(sit_down(place, recording=False).engine) as session:
        row = get_deferral(session, number)
        ends = row.telling is Telling.WHOLE
        grant = row.grant_id
    if ends:
        confirm(f"Tell persons at once of everything that was asked about them under grant {grant}?", yes)
    _decide(place, number, DeferralStatus.APPROVED)
    told = "nothing is deferred any more" if ends else "persons are told later of what is asked under it"
    say(f"Deferral {number} is in force: grant {grant}, {told}.")


@deferral.command()
@click.argument("number", type=int)
@_reason
@pass_place
def decline(place: Place, number: int, reason: str) -> None:
    """Refuse a deferral, as the second officer.

    \b
    Example:
      esb grant deferral decline 3 --reason "The order does not name this register"
    """
    from esb.registry.subject_models import DeferralStatus

    say(f"Deferral {number} of grant {_decide(place, number, DeferralStatus.DECLINED, reason)} is declined.")


@deferral.command()
@click.argument("number", type=int)
@_reason
@pass_place
def withdraw(place: Place, number: int, reason: str) -> None:
    """Take back a deferral that you requested and nobody has decided on.

    \b
    Example:
      esb grant deferral withdraw 3 --reason "Another grant was meant"
    """
    from esb.registry.subject_models import DeferralStatus

    say(f"Deferral {number} of grant {_decide(place, number, DeferralStatus.WITHDRAWN, reason)} is withdrawn.")


@deferral.command(name="list")
@click.argument("grant", type=int, required=False)
@json_option
@pass_place
def list_(place: Place, grant: int | None, as_json: bool) -> None:
    """List the deferrals of GRANT, or of all grants.

    \b
    Example:
      esb grant deferral list 17
    """
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.deferrals import list_deferrals

    with reading(sit_down(place).engine) as session:
        rows = list_deferrals(session, grant)
        found = [_facts(row) for row in rows]
    if as_json:
        say_json(found)
        return
    if not found:
        say("Nothing is deferred: esb grant defer GRANT …")
        return
    headers = ("DEFERRAL", "GRANT", "STATUS", "PERSONS ARE TOLD", "BASIS", "REQUESTED", "DECIDED")
    say(table(headers, [_line(row, facts) for row, facts in zip(rows, found, strict=True)]))


def _decide(place: Place, number: int, status: "DeferralStatus", reason: str = "") -> int:
    from esb.admin.deferrals import decide
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    return decide(desk.engine, number, status, reason, author=desk.author, now=desk.now)


def _facts(row: "DeferralRow") -> dict[str, Any]:
    return {
        "number": row.id,
        "grant": row.grant_id,
        "status": row.status.value,
        "telling": row.telling.value,
        "until": shown(row.until),
        "days": row.days,
        "legal_basis": row.legal_basis,
        "requested_by": row.requested_by,
        "requested_at": shown(row.requested_at),
        "decided_by": row.decided_by,
        "decided_at": shown(row.decided_at),
    }


def told_when(row: "DeferralRow | None") -> str:
    """When persons are told of what is asked under a grant, and what they are told until then."""
    if row is None or row.telling.value == "whole":
        return "at once"
    when = f"{row.days} days after" if row.days else moment_text(row.until)
    return f"{when}, {row.telling.value} until then"


def _line(row: "DeferralRow", facts: dict[str, Any]) -> tuple[object, ...]:
    return (
        row.id,
        row.grant_id,
        facts["status"],
        told_when(row),
        row.legal_basis,
        row.requested_by,
        row.decided_by or "-",
    )
