"""`esb grant`: who may ask what, and why."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from esb.cli.explain import explain
from esb.cli.grant_deferral import defer, deferral, told_when
from esb.cli.moment import MOMENT, shown
from esb.cli.paper import document_option, paper_of
from esb.cli.place import Place, pass_place
from esb.cli.show import block, confirm, json_option, say, say_json, table, yes_option

if TYPE_CHECKING:
    from esb.cli.desk import Desk
    from esb.registry.grants import Leave
    from esb.registry.models import GrantRow

_Command = TypeVar("_Command", bound=Callable[..., Any])
_TERMS = (
    click.option("--purpose", required=True, help="What for."),
    click.option("--basis", "legal_basis", required=True, help="On which legal ground."),
    document_option,
    click.option("--operation", "operations", multiple=True, help="Only this operation; may be given more than once."),
    click.option("--from", "begin", type=MOMENT, help="The first day (UTC); today unless given."),
    click.option("--until", type=MOMENT, help="The last day (UTC) is the one before this."),
    click.option("--per-second", type=click.IntRange(1), help="Requests in one second."),
    click.option("--per-day", type=click.IntRange(1), help="Requests in one day (UTC)."),
    click.option(
        "--require", "required", multiple=True, help="A field that exch:Exchange must carry, such as officer."
    ),
)
_reason = click.option("--reason", required=True, help="Why; it stays in the registry.")


def _terms(command: _Command) -> _Command:
    """What a grant says, the same for who gives one and who requests one."""
    for option in reversed(_TERMS):
        command = option(command)
    return command


@click.group()
def grant() -> None:
    """Grants: who may ask what, for what purpose and on which legal ground.  Without one the answer is no.

    One officer requests a grant and another approves it; where grants.two_officers is off, one may give it at once.
    What a grant says never changes: request another that --replaces it.
    """


for _command in (explain, defer, deferral):
    grant.add_command(_command)


@grant.command()
@click.argument("consumer")
@click.argument("service")
@_terms
@json_option
@pass_place
def add(place: Place, /, consumer: str, service: str, document: str | None, as_json: bool, **terms: Any) -> None:
    """Let CONSUMER (MEMBER or MEMBER/SYSTEM) ask SERVICE (MEMBER/SYSTEM/SERVICE/vN), in one act by one officer.

    Where grants.two_officers is on, this is refused: use `esb grant request` and `esb grant approve`.

    \b
    Example:
      esb grant add EESMN DIN/IAMAS/PersonQuery/v1 --purpose "Employment contracts" \\
          --basis "Labour Code, article 49" --per-day 10000 --require officer
    """
    from esb.admin.grants import give
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId

    desk = sit_down(place)
    number = give(
        desk.engine,
        consumer,
        ServiceId.parse(service),
        _leave(desk, **terms),
        paper=paper_of(document),
        two_officers=desk.settings.grants.two_officers,
        author=desk.author,
        now=desk.now,
    )
    _done(desk, number, as_json, f"Grant {number}: {consumer} may ask {service}.")


@grant.command()
@click.argument("consumer")
@click.argument("service")
@_terms
@click.option("--replaces", type=int, metavar="NUMBER", help="The grant that ends when this one is approved.")
@json_option
@pass_place
def request(
    place: Place,
    /,
    consumer: str,
    service: str,
    document: str | None,
    replaces: int | None,
    as_json: bool,
    **terms: Any,
) -> None:
    """Request a grant for CONSUMER to SERVICE; nothing passes until ANOTHER officer approves it.

    \b
    Example:
      esb grant request EESMN DIN/IAMAS/PersonQuery/v1 --purpose "Employment contracts" \\
          --basis "Labour Code, article 49" --document letter-12.pdf --until 2027-01-01
    """
    from esb.admin.grants import request
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId

    desk = sit_down(place)
    number = request(
        desk.engine,
        consumer,
        ServiceId.parse(service),
        _leave(desk, **terms),
        paper=paper_of(document),
        replaces=replaces,
        author=desk.author,
        now=desk.now,
    )
    told = f"Requested as grant {number} by {desk.author}. Next, by another officer: esb grant approve {number}"
    _done(desk, number, as_json, told)


@grant.command()
@click.argument("number", type=int)
@click.option("--note", help="What the second officer looked at; it stays in the registry.")
@json_option
@pass_place
def approve(place: Place, number: int, note: str | None, as_json: bool) -> None:
    """Put a requested grant in force.  Who requested it cannot: this is the second officer's act.

    \b
    Example:
      esb grant show 17
      esb grant approve 17 --note "letter 12 of 5 May, article 49"
    """
    from esb.admin.grants import approve
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    approve(desk.engine, number, note=note, author=desk.author, now=desk.now)
    _done(desk, number, as_json, f"Grant {number} is approved; {_known(desk)}")


@grant.command()
@click.argument("number", type=int)
@_reason
@json_option
@pass_place
def decline(place: Place, number: int, reason: str, as_json: bool) -> None:
    """Refuse a requested grant, as the second officer.

    \b
    Example:
      esb grant decline 17 --reason "article 49 does not cover it"
    """
    from esb.admin.grants import decline
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    decline(desk.engine, number, reason, author=desk.author, now=desk.now)
    _done(desk, number, as_json, f"Grant {number} is declined; its consumer is told why.")


@grant.command()
@click.argument("number", type=int)
@_reason
@json_option
@pass_place
def withdraw(place: Place, number: int, reason: str, as_json: bool) -> None:
    """Take a request back that you made.

    \b
    Example:
      esb grant withdraw 17 --reason "wrong service"
    """
    from esb.admin.grants import withdraw
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    withdraw(desk.engine, number, reason, author=desk.author, now=desk.now)
    _done(desk, number, as_json, f"The request {number} is withdrawn.")


@grant.command()
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why it is taken back; kept in the registry.")
@yes_option
@json_option
@pass_place
def revoke(place: Place, number: int, reason: str, yes: bool, as_json: bool) -> None:
    """Take a grant back; running buses refuse under it within their polling time.

    \b
    Example:
      esb grant revoke 17 --reason "the agreement ended"
    """
    from esb.admin.grants import revoke
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    confirm(f"Take grant {number} back?", yes)
    revoke(desk.engine, number, reason, author=desk.author, now=desk.now)
    _done(desk, number, as_json, f"Grant {number} is revoked; {_known(desk)}")


@grant.command(name="list")
@click.option("--consumer", help="Only this consumer's.")
@click.option("--service", help="Only those to this service.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(["requested", "approved", "declined", "withdrawn", "revoked"]),
    help="Only these; approved unless given, may be given more than once.",
)
@click.option("--all", "every", is_flag=True, help="Whatever became of them.")
@json_option
@pass_place
def list_(
    place: Place, consumer: str | None, service: str | None, statuses: tuple[str, ...], every: bool, as_json: bool
) -> None:
    """List the grants in the registry: those that were approved, unless others are asked for.

    \b
    Examples:
      esb grant list --consumer EESMN
      esb grant list --status requested          what waits for a second officer
    """
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId
    from esb.registry.database import reading
    from esb.registry.grants import list_grants
    from esb.registry.models import GrantStatus

    desk = sit_down(place)
    chosen = tuple(GrantStatus) if every else tuple(map(GrantStatus, statuses or ("approved",)))
    with reading(desk.engine) as session:
        to = None if service is None else ServiceId.parse(service)
        grants = list_grants(session, consumer=consumer, service=to, statuses=chosen)
        facts = [_facts(row, desk.now) for row in grants]
    if as_json:
        say_json(facts)
        return
    columns = {
        "id": "ID",
        "consumer": "CONSUMER",
        "service": "SERVICE",
        "operations": "OPERATIONS",
        "purpose": "PURPOSE",
        "legal_basis": "LEGAL BASIS",
        "until": "UNTIL",
        "standing": "STANDING",
    }
    rows = [["-" if each[key] is None else each[key] for key in columns] for each in facts]
    say(table(tuple(columns.values()), rows) if rows else "There are no grants: esb grant add CONSUMER SERVICE …")


@grant.command()
@click.argument("number", type=int)
@json_option
@pass_place
def show(place: Place, number: int, as_json: bool) -> None:
    """Show a grant with all that it says, and who requested and decided.

    \b
    Example:
      esb grant show 17
    """
    from esb.cli.desk import sit_down

    _done(sit_down(place), number, as_json, "")


def _leave(
    desk: "Desk",
    purpose: str,
    legal_basis: str,
    operations: tuple[str, ...],
    begin: float | None,
    until: float | None,
    per_second: int | None,
    per_day: int | None,
    required: tuple[str, ...],
) -> "Leave":
    from esb.registry.grants import Leave

    return Leave(
        purpose=purpose,
        legal_basis=legal_basis,
        valid_from=begin or desk.now,
        valid_until=until,
        operations=frozenset(operations) or None,
        per_second=per_second,
        per_day=per_day,
        required_fields=frozenset(required),
    )


def _done(desk: "Desk", number: int, as_json: bool, told: str) -> None:
    """Tell what was done; for programs, and where nothing was done, the grant as it is now."""
    if told and not as_json:
        say(told)
        return
    from esb.registry.database import reading
    from esb.registry.deferrals import deferral_of
    from esb.registry.grants import get_grant

    with reading(desk.engine) as session:
        facts = _facts(get_grant(session, number), desk.now)
        facts["persons_told"] = told_when(deferral_of(session, number))
    if as_json:
        say_json(facts)
    else:
        say(block((key.replace("_", " "), "-" if value in (None, "") else value) for key, value in facts.items()))


def _facts(row: "GrantRow", now: float) -> dict[str, Any]:
    from esb.registry.grants import standing_of

    return {
        "id": row.id,
        "consumer": row.consumer,
        "service": row.service.name.text,
        "operations": ", ".join(sorted(row.operations or ["all"])),
        "purpose": row.purpose,
        "legal_basis": row.legal_basis,
        "until": shown(row.valid_until),
        "standing": standing_of(row, now),
        "from": shown(row.valid_from),
        "per_second": row.per_second,
        "per_day": row.per_day,
        "required": ", ".join(sorted(row.required_fields)),
        "document": row.document,
        "requested_by": row.requested_by,
        "requested_at": shown(row.added_at),
        "decided_by": row.decided_by,
        "decided_at": shown(row.decided_at),
        "officers": "one, in one act" if row.in_one_act else "two",
        "replaces": row.replaces,
        "revoked_at": shown(row.revoked_at),
    }


def _known(desk: "Desk") -> str:
    return f"running buses know it within {desk.settings.registry.poll_seconds:g} s."
