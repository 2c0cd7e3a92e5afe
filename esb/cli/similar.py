"""`esb service similar` and `esb resource similar`: what is registered already and may be the same."""

from typing import TYPE_CHECKING

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import json_option, say, say_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esb.admin.likeness import Likeness

_least = click.option(
    "--least", type=click.IntRange(1, 100), default=50, show_default=True, help="The least score that is shown."
)


@click.command(name="similar")
@click.argument("name", required=False)
@click.option("--wsdl", help="Instead of NAME: a WSDL that is not registered yet.")
@click.option("--title", "titles", multiple=True, help="With --wsdl: its name for people; may be given more than once.")
@_least
@json_option
@pass_place
def similar_services(
    place: Place, name: str | None, wsdl: str | None, titles: tuple[str, ...], least: int, as_json: bool
) -> None:
    """List services that may be the same as NAME, or as the one of a WSDL, with a score from 0 to 100 and why.

    \b
    Examples:
      esb service similar DIN/IAMAS/PersonQuery/v1
      esb service similar --wsdl person.wsdl --title "Şəxs haqqında məlumat"
    """
    from esb.admin.duplicates import Duplicates
    from esb.cli.contract import read_wsdl
    from esb.cli.desk import sit_down

    if (name is None) == (wsdl is None):
        raise click.UsageError("Give either NAME or --wsdl.")
    contract = None if wsdl is None else read_wsdl(wsdl, "", "", allow_private=False)
    picture = Duplicates(sit_down(place).engine)
    if contract is not None:
        found = picture.of_contract(contract, titles, least=least)
    else:
        found = picture.of_service(str(name), least)
    _show(found, as_json)


@click.command(name="similar")
@click.argument("code")
@_least
@json_option
@pass_place
def similar_resources(place: Place, code: str, least: int, as_json: bool) -> None:
    """List resources that may be the same as CODE, with a score from 0 to 100 and why.

    \b
    Example:
      esb resource similar DIN/PERSONS
    """
    from esb.admin.duplicates import Duplicates
    from esb.cli.desk import sit_down

    _show(Duplicates(sit_down(place).engine).of_resource(code, least), as_json)


def warn_of_duplicates(found: "Sequence[Likeness]") -> None:
    """Tell whoever has just registered something what it may be a duplicate of."""
    if found:
        say("note: something like it is registered already; see whether one of them is enough:")
        say_likenesses(found)


def say_likenesses(found: "Sequence[Likeness]") -> None:
    """Print likely duplicates, each with its reasons."""
    for each in found:
        say(f"  {each.score:>3}  {each.key}")
        for reason in each.reasons:
            say(f"         {reason}")


def _show(found: "Sequence[Likeness]", as_json: bool) -> None:
    if as_json:
        say_json([each.plain for each in found])
    elif found:
        say_likenesses(found)
    else:
        say("Nothing registered is like it.")
