"""`esb member agreement`: a member's agreements with the operator."""

from typing import TYPE_CHECKING, Any

import click

from esb.cli.moment import MOMENT, shown
from esb.cli.paper import document_option, paper_of
from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, json_option, say, say_json, table, yes_option

if TYPE_CHECKING:
    from esb.cli.desk import Desk
    from esb.registry.member_models import AgreementRow


@click.group()
def agreement() -> None:
    """Agreements with the operator: under which a member takes part, since when and until when."""


@agreement.command()
@click.argument("code")
@click.argument("number")
@click.option("--signed", type=MOMENT, required=True, help="The day of the signature, from which it is in force.")
@click.option("--ends", type=MOMENT, help="The last day is the one before this; without it, it has no end.")
@document_option
@json_option
@pass_place
def add(
    place: Place,
    code: str,
    number: str,
    signed: float,
    ends: float | None,
    document: str | None,
    as_json: bool,
) -> None:
    """Register agreement NUMBER of the member CODE.  A prolongation is an agreement of its own.

    \b
    Example:
      esb member agreement add DIN 12/2026 --signed 2026-05-04 --ends 2028-05-04 --document agreement.pdf
    """
    from dataclasses import replace

    from esb.admin.papers import filed
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.agreements import Agreement, add_agreement

    desk = sit_down(place)
    terms = Agreement(number, signed, ends)
    paper = paper_of(document)
    with acting(desk.engine, desk.author, desk.now) as act:
        add_agreement(act, code, replace(terms, document=filed(act, paper)))
    if as_json:
        _show(desk, code, number)
        return
    say(f"Agreement {number} of {code}. Next, for who is not active yet: esb member status {code} active --reason …")


@agreement.command()
@click.argument("code")
@click.argument("number")
@click.option("--reason", required=True, help="Why; it stays in the registry.")
@yes_option
@json_option
@pass_place
def end(place: Place, code: str, number: str, reason: str, yes: bool, as_json: bool) -> None:
    """End agreement NUMBER of the member CODE now.  The member's status stays: change it with `esb member status`.

    \b
    Example:
      esb member agreement end DIN 12/2026 --reason "replaced by 13/2026"
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.agreements import end_agreement

    desk = sit_down(place)
    confirm(f"End agreement {number} of {code}?", yes)
    with acting(desk.engine, desk.author, desk.now) as act:
        end_agreement(act, code, number, reason)
    if as_json:
        _show(desk, code, number)
    else:
        say(f"Agreement {number} of {code} has ended.")


@agreement.command(name="list")
@click.argument("code", required=False)
@json_option
@pass_place
def list_(place: Place, code: str | None, as_json: bool) -> None:
    """List the agreements of the member CODE, or of all.

    \b
    Example:
      esb member agreement list DIN
    """
    from esb.cli.desk import sit_down
    from esb.registry.agreements import list_agreements
    from esb.registry.database import reading

    desk = sit_down(place)
    with reading(desk.engine) as session:
        facts = [agreement_facts(row, desk.now) for row in list_agreements(session, code)]
    if as_json:
        say_json(facts)
        return
    rows = [tuple("-" if value is None else value for value in each.values()) for each in facts]
    headers = ("MEMBER", "NUMBER", "STANDING", "SIGNED", "ENDS", "ENDED", "DOCUMENT")
    say(table(headers, rows) if rows else "There are no agreements: esb member agreement add CODE NUMBER …")


def _show(desk: "Desk", code: str, number: str) -> None:
    from esb.registry.agreements import get_agreement
    from esb.registry.database import reading

    with reading(desk.engine) as session:
        say_json(agreement_facts(get_agreement(session, code, number), desk.now))


def agreement_facts(row: "AgreementRow", now: float) -> dict[str, Any]:
    """An agreement for people and programs."""
    standing = "in force" if row.in_force(now) else "not yet in force" if now < row.signed_at else "ended"
    return {
        "member": row.member,
        "number": row.number,
        "standing": standing,
        "signed": shown(row.signed_at),
        "ends": shown(row.ends_at),
        "ended": shown(row.ended_at),
        "document": row.document,
    }
