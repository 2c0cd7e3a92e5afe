"""`esb service subject`: where in a service's messages the person's FIN stands."""

import re
from typing import TYPE_CHECKING

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, json_option, say, say_json, table, yes_option

if TYPE_CHECKING:
    from esb.kernel.contract import Contract
    from esb.kernel.subjects import SubjectPaths


def propose(name: str, contract: "Contract") -> None:
    """Say, for a service that was just registered, where its messages seem to name persons."""
    from esb.admin.subject_paths import proposals

    for operation, paths in proposals(contract):
        options = [f"--{direction} {_short(text)}" for direction, texts in _plain(paths).items() for text in texts]
        say(f"It seems to name persons: esb service subject {name} {operation} {' '.join(options)}")


def _short(text: str) -> str:
    """A path without its namespaces, which it needs only where two elements share a local name."""
    return re.sub(r"\{[^}]*\}", "", text)


@click.command()
@click.argument("name")
@click.argument("operation", required=False)
@click.option("--request", multiple=True, metavar="PATH", help="Where a FIN stands in the request; may be given again.")
@click.option("--answer", multiple=True, metavar="PATH", help="Where FINs stand in the answer; may be given again.")
@click.option("--remove", is_flag=True, help="Take back what was said of this operation.")
@yes_option
@json_option
@pass_place
def subject(
    place: Place,
    name: str,
    operation: str | None,
    request: tuple[str, ...],
    answer: tuple[str, ...],
    remove: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Say where the messages of OPERATION name persons, or show it for every operation of the service.

    A path goes from the Body's element down: PersonList/Person/Fin, or PersonList/Person/@fin.  Where the contract has
    two elements of one name at a place, write {namespace}name.  What is given takes the place of what was said before.
    Records then carry the persons' keyed pseudonyms, by which `esb subject history` finds them.

    \b
    Examples:
      esb service subject DIN/IAMAS/PersonQuery/v1
      esb service subject DIN/IAMAS/PersonQuery/v1 GetPerson --request GetPerson/fin
    """
    from esb.admin.subject_paths import name_subjects
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId

    service_id = ServiceId.parse(name)
    if operation is None:
        if request or answer or remove:
            raise click.UsageError("Name the operation as well.")
        _show(place, service_id.text, as_json)
        return
    if remove == bool(request or answer):
        raise click.UsageError("Give paths (--request, --answer), or --remove.")
    desk = sit_down(place)
    if remove:
        confirm(f"Record no persons for {operation} of {service_id} from now on?", yes)
    paths = name_subjects(desk.engine, service_id, operation, request, answer, author=desk.author, now=desk.now)
    if as_json:
        say_json({"operation": operation, **_plain(paths)})
        return
    for direction, texts in _plain(paths).items():
        for text in texts:
            say(f"{direction}: {text}")
    if remove:
        say(f"Records of {operation} name no persons any more; those that are there stay as they are.")
    say(f"Running buses know it within {desk.settings.registry.poll_seconds:g} s.")
    if not remove:
        say("Next: esb subject history, which asks for a FIN and tells who asked about that person.")


def _show(place: Place, name: str, as_json: bool) -> None:
    from esb.admin.subject_paths import subjects_named
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId

    found = subjects_named(sit_down(place).engine, ServiceId.parse(name))
    if as_json:
        say_json(
            [
                {"operation": operation, **_plain(named), "proposed": _plain(proposed)}
                for operation, named, proposed in found
            ]
        )
        return
    rows = []
    for operation, named, proposed in found:
        could = _plain(proposed)
        for direction, texts in _plain(named).items():
            rows += [(operation, direction, text, "named") for text in texts]
            rows += [(operation, direction, text, "proposed") for text in could[direction] if text not in texts]
    if not rows:
        say("Nobody has said where these messages name persons, and the contract does not show it by itself.")
        return
    say(table(("OPERATION", "MESSAGE", "PATH", ""), rows))


def _plain(paths: "SubjectPaths") -> dict[str, list[str]]:
    return {
        "request": [path.text for path in paths.request],
        "answer": [path.text for path in paths.answer],
    }
