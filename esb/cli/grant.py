"""`esb grant`: who may ask what, and why."""

from datetime import UTC, datetime

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, json_option, say, say_json, table, yes_option


@click.group()
def grant() -> None:
    """Grants: who may ask what, for what purpose and on which legal ground.  Without one the answer is no."""


@grant.command()
@click.argument("consumer")
@click.argument("service")
@click.option("--purpose", required=True, help="What for.")
@click.option("--basis", "legal_basis", required=True, help="On which legal ground.")
@click.option("--operation", "operations", multiple=True, help="Only this operation; may be given more than once.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day (UTC) is the one before this.")
@click.option("--per-second", type=click.IntRange(1), help="Requests in one second.")
@click.option("--per-day", type=click.IntRange(1), help="Requests in one day (UTC).")
@click.option("--require", "required", multiple=True, help="A field that exch:Exchange must carry, such as officer.")
@pass_place
def add(
    place: Place,
    consumer: str,
    service: str,
    purpose: str,
    legal_basis: str,
    operations: tuple[str, ...],
    until: datetime | None,
    per_second: int | None,
    per_day: int | None,
    required: tuple[str, ...],
) -> None:
    """Let CONSUMER (MEMBER or MEMBER/SYSTEM) ask SERVICE (MEMBER/SYSTEM/SERVICE/vN).

    \b
    Example:
      esb grant add EESMN DIN/IAMAS/PersonQuery/v1 --purpose "Employment contracts" \\
          --basis "Labour Code, article 49" --per-day 10000 --require officer
    """
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId
    from esb.registry.acts import acting
    from esb.registry.grants import Leave, add_grant

    desk = sit_down(place)
    leave = Leave(
        purpose=purpose,
        legal_basis=legal_basis,
        valid_from=desk.now,
        valid_until=None if until is None else until.replace(tzinfo=UTC).timestamp(),
        operations=frozenset(operations) or None,
        per_second=per_second,
        per_day=per_day,
        required_fields=frozenset(required),
    )
    with acting(desk.engine, desk.author, desk.now) as act:
        number = add_grant(act, consumer, ServiceId.parse(service), leave)
    say(f"Grant {number}: {consumer} may ask {service}.")


@grant.command(name="list")
@click.option("--consumer", help="Only this consumer's.")
@click.option("--service", help="Only those to this service.")
@json_option
@pass_place
def list_(place: Place, consumer: str | None, service: str | None, as_json: bool) -> None:
    """List the grants in the registry, without the revoked ones."""
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId
    from esb.registry.database import reading
    from esb.registry.grants import list_grants
    from esb.registry.services import list_services

    with reading(sit_down(place).engine) as session:
        chosen = None if service is None else ServiceId.parse(service)
        grants = list_grants(session, consumer=consumer, service=chosen)
        names = {row.id: f"{row.member}/{row.system}/{row.code}/{row.version}" for row in list_services(session)}
    facts = [
        {
            "id": row.id,
            "consumer": row.consumer_member + (f"/{row.consumer_system}" if row.consumer_system else ""),
            "service": names[row.service_id],
            "operations": ", ".join(sorted(row.operations or ["all"])),
            "purpose": row.purpose,
            "legal_basis": row.legal_basis,
            "until": None if row.valid_until is None else datetime.fromtimestamp(row.valid_until, UTC).isoformat(),
        }
        for row in grants
    ]
    if as_json:
        say_json(facts)
        return
    rows = [["-" if value is None else value for value in each.values()] for each in facts]
    headers = ("ID", "CONSUMER", "SERVICE", "OPERATIONS", "PURPOSE", "LEGAL BASIS", "UNTIL")
    say(table(headers, rows) if rows else "There are no grants: esb grant add CONSUMER SERVICE …")


@grant.command()
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why it is taken back; kept in the registry.")
@yes_option
@pass_place
def revoke(place: Place, number: int, reason: str, yes: bool) -> None:
    """Take a grant back; running buses refuse under it within their polling time."""
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.grants import revoke_grant

    desk = sit_down(place)
    confirm(f"Take grant {number} back?", yes)
    with acting(desk.engine, desk.author, desk.now) as act:
        revoke_grant(act, number, reason)
    say(f"Grant {number} is revoked; running buses know it within {desk.settings.registry.poll_seconds:g} s.")
