"""`esb system`: members' information systems."""

import click

from esb.cli.moment import shown
from esb.cli.place import Place, pass_place
from esb.cli.show import block, json_option, say, say_json, table


@click.group()
def system() -> None:
    """Systems: members' information systems, which offer services, ask under their own name, or both."""


@system.command()
@click.argument("name")
@click.option("--az", "name_az", required=True, help="The name in Azerbaijani.")
@click.option("--en", "name_en", required=True, help="The name in English.")
@json_option
@pass_place
def add(place: Place, name: str, name_az: str, name_en: str, as_json: bool) -> None:
    """Register the system NAME (MEMBER/SYSTEM).

    \b
    Example:
      esb system add DIN/IAMAS --az "Vətəndaşların qeydiyyatı" --en "Registration of citizens"
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.members import add_system

    desk = sit_down(place)
    member, code = _parted(name)
    with acting(desk.engine, desk.author, desk.now) as act:
        add_system(act, member, code, name_az, name_en)
    if as_json:
        _show(place, name, as_json)
        return
    say(
        f"{name} is registered. Next: esb service add {name}/SERVICE/v1 --wsdl …, or let it ask: esb grant add {name} …"
    )


@system.command(name="list")
@click.argument("member", required=False)
@json_option
@pass_place
def list_(place: Place, member: str | None, as_json: bool) -> None:
    """List the systems of MEMBER, or of all.

    \b
    Example:
      esb system list DIN
    """
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.members import list_systems

    with reading(sit_down(place).engine) as session:
        rows = [(f"{row.member}/{row.code}", row.name_az, row.name_en) for row in list_systems(session, member)]
    if as_json:
        say_json([dict(zip(("system", "name_az", "name_en"), row, strict=True)) for row in rows])
    else:
        headers = ("SYSTEM", "NAME", "IN ENGLISH")
        say(table(headers, rows) if rows else "There are no systems yet: esb system add MEMBER/SYSTEM …")


@system.command()
@click.argument("name")
@json_option
@pass_place
def show(place: Place, name: str, as_json: bool) -> None:
    """Show the system NAME (MEMBER/SYSTEM) with its services.

    \b
    Example:
      esb system show DIN/IAMAS
    """
    _show(place, name, as_json)


def _show(place: Place, name: str, as_json: bool) -> None:
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.members import get_system
    from esb.registry.services import list_services

    member, code = _parted(name)
    with reading(sit_down(place).engine) as session:
        row = get_system(session, member, code)
        services = [each for each in list_services(session, member) if each.system == code]
        offered = [{"service": each.name.text, "status": each.status.value} for each in services]
    facts = {"system": name, "name": row.name_az, "in English": row.name_en, "added": shown(row.added_at)}
    if as_json:
        keys = {"name": "name_az", "in English": "name_en"}
        say_json({**{keys.get(key, key): value for key, value in facts.items()}, "services": offered})
        return
    say(block(facts.items()))
    if offered:
        say("")
        say(table(("SERVICE", "STATUS"), [tuple(each.values()) for each in offered]))


@system.command()
@click.argument("name")
@click.option("--az", "name_az", help="The new name in Azerbaijani.")
@click.option("--en", "name_en", help="The new name in English.")
@click.option("--reason", required=True, help="Why; it stays in the registry.")
@json_option
@pass_place
def rename(place: Place, name: str, name_az: str | None, name_en: str | None, reason: str, as_json: bool) -> None:
    """Give the system NAME (MEMBER/SYSTEM) another name for people; its code stays.

    \b
    Example:
      esb system rename DIN/IAMAS --en "Registration of citizens" --reason "decree 12"
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.members import rename_system

    desk = sit_down(place)
    member, code = _parted(name)
    with acting(desk.engine, desk.author, desk.now) as act:
        rename_system(act, member, code, reason, name_az=name_az, name_en=name_en)
    if as_json:
        _show(place, name, as_json)
    else:
        say(f"{name} has its new name.")


def _parted(name: str) -> tuple[str, str]:
    member, _, code = name.partition("/")
    if not code:
        raise click.UsageError(f"{name[:80]!r} is no system's name; write MEMBER/SYSTEM.")
    return member, code
