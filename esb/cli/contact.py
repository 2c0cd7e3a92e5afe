"""`esb member contact`: the people of a member who are asked."""

from typing import TYPE_CHECKING, Any

import click

from esb.cli.moment import shown
from esb.cli.place import Place, pass_place
from esb.cli.show import json_option, say, say_json, table

if TYPE_CHECKING:
    from esb.cli.desk import Desk
    from esb.registry.member_models import ContactRow

ROLE = click.Choice(["responsible", "technical", "security"])
_reason = click.option("--reason", required=True, help="Why; it stays in the registry.")


@click.group()
def contact() -> None:
    """Contacts: whom of a member to ask; responsible, technical and for security."""


@contact.command()
@click.argument("code")
@click.option("--role", "roles", type=ROLE, multiple=True, required=True, help="May be given more than once.")
@click.option("--name", required=True, help="The person's name.")
@click.option("--office", required=True, help="The person's post.")
@click.option("--email", required=True)
@click.option("--telephone", required=True, help="With the country: +994 12 555 00 00.")
@json_option
@pass_place
def add(place: Place, /, code: str, roles: tuple[str, ...], as_json: bool, **facts: str) -> None:
    """Add a contact of the member CODE.

    \b
    Example:
      esb member contact add DIN --role technical --role security --name "A. Əliyev" \\
          --office "şöbə müdiri" --email aliyev@din.gov.az --telephone "+994 12 555 00 00"
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.contacts import Contact, add_contact
    from esb.registry.member_models import ContactRole

    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        number = add_contact(act, code, Contact(**facts, roles=frozenset(map(ContactRole, roles))))
    _done(desk, number, as_json, f"Contact {number} of {code}. See all of them: esb member contact list {code}")


@contact.command()
@click.argument("number", type=int)
@click.option("--role", "roles", type=ROLE, multiple=True, help="All roles from now on, where they change.")
@click.option("--name")
@click.option("--office")
@click.option("--email")
@click.option("--telephone")
@_reason
@json_option
@pass_place
def change(
    place: Place, /, number: int, roles: tuple[str, ...], reason: str, as_json: bool, **facts: str | None
) -> None:
    """Change contact NUMBER; what is not named stays as it is.  The contact gets a new number, the old one is kept.

    \b
    Example:
      esb member contact change 4 --telephone "+994 12 555 00 01" --reason "new office"
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.contacts import change_contact
    from esb.registry.member_models import ContactRole

    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        later = change_contact(act, number, reason, roles=list(map(ContactRole, roles)) or None, **facts)
    told = f"Contact {number} is now contact {later}." if later != number else "Nothing of it is new."
    _done(desk, later, as_json, told)


@contact.command()
@click.argument("number", type=int)
@_reason
@json_option
@pass_place
def end(place: Place, number: int, reason: str, as_json: bool) -> None:
    """Note that contact NUMBER is one no more; it is kept among those of before.

    \b
    Example:
      esb member contact end 4 --reason "retired"
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.contacts import end_contact

    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        end_contact(act, number, reason)
    _done(desk, number, as_json, f"Contact {number} has ended.")


@contact.command(name="list")
@click.argument("code")
@click.option("--all", "every", is_flag=True, help="Those of before as well.")
@json_option
@pass_place
def list_(place: Place, code: str, every: bool, as_json: bool) -> None:
    """List the contacts of the member CODE.

    \b
    Example:
      esb member contact list DIN --all
    """
    from esb.cli.desk import sit_down
    from esb.registry.contacts import list_contacts
    from esb.registry.database import reading
    from esb.registry.members import get_member

    with reading(sit_down(place).engine) as session:
        get_member(session, code)
        facts = [contact_facts(row) for row in list_contacts(session, code, ended=every)]
    if as_json:
        say_json(facts)
        return
    rows = [("-" if value is None else value for value in each.values()) for each in facts]
    headers = ("NUMBER", "ROLES", "NAME", "OFFICE", "E-MAIL", "TELEPHONE", "SINCE", "ENDED")
    empty = f"{code} has no contacts: esb member contact add {code} …"
    say(table(headers, [tuple(row) for row in rows]) if facts else empty)


def _done(desk: "Desk", number: int, as_json: bool, told: str) -> None:
    if not as_json:
        say(told)
        return
    from esb.registry.contacts import get_contact
    from esb.registry.database import reading

    with reading(desk.engine) as session:
        say_json(contact_facts(get_contact(session, number)))


def contact_facts(row: "ContactRow") -> dict[str, Any]:
    """A contact for people and programs."""
    return {
        "contact": row.id,
        "roles": ", ".join(sorted(row.roles)),
        "name": row.name,
        "office": row.office,
        "email": row.email,
        "telephone": row.telephone,
        "since": shown(row.added_at),
        "ended": shown(row.ended_at),
    }
