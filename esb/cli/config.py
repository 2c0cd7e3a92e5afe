"""`esb config`: look at the settings and check them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import json_option, paint, say, say_json, table

if TYPE_CHECKING:
    from esb.conf.problems import Origin


@click.group()
def config() -> None:
    """Look at the settings and check them.

    A setting comes from the packaged defaults, or from HOME/esb.toml, or from the environment
    (SHLUZ_DOOR_PORT for port under [door]); the later wins.
    """


@config.command()
@pass_place
def check(place: Place) -> None:
    """Say whether the settings are good, and if not, everything that is wrong.

    Notes about what is allowed but rarely meant follow; they are no errors.  Exit code 2 means that the settings
    are wrong.

    \b
    Example:
      esb --home /srv/shluz config check
    """
    from esb.conf.check import cautions
    from esb.conf.problems import DEFAULT

    loaded = place.load()
    own = sum(1 for origin in loaded.origins.values() if origin != DEFAULT)
    say(f"{paint('The settings are good:', 'green')} {own} of {len(loaded.origins)} set here, the others by default.")
    for caution in cautions(loaded.settings):
        say(f"Note: {caution}")


@config.command()
@click.option("--origin", is_flag=True, help="Show where each value came from.")
@json_option
@pass_place
def show(place: Place, origin: bool, as_json: bool) -> None:
    """Show every setting in force.  Secrets are never shown.

    \b
    Examples:
      esb config show --origin
      esb config show --json | jq .door.port
    """
    loaded = place.load()
    shown = loaded.shown()
    if as_json:
        say_json(_with_origins(shown, loaded.origins) if origin else shown)
        return
    rows = [(f"{section}.{key}", _text(value)) for section, values in shown.items() for key, value in values.items()]
    if origin:
        say(table(("KEY", "VALUE", "FROM"), [(key, value, loaded.origins[key].text) for key, value in rows]))
    else:
        say(table(("KEY", "VALUE"), rows))


@config.command()
def default() -> None:
    """Print the packaged defaults, with the meaning of every key.

    \b
    Example:
      esb config default | less
    """
    from esb.conf.load import default_text

    say(default_text().rstrip("\n"))


def _with_origins(
    shown: Mapping[str, Mapping[str, object]], origins: "Mapping[str, Origin]"
) -> dict[str, dict[str, dict[str, object]]]:
    return {
        section: {key: {"value": value, "from": origins[f"{section}.{key}"].text} for key, value in values.items()}
        for section, values in shown.items()
    }


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return str(value) if value != "" else "-"
