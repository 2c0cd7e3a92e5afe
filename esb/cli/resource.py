"""`esb resource`: the register of state information resources and that of personal-data information systems."""

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esb.cli.moment import MOMENT, moment_text
from esb.cli.place import Place, pass_place
from esb.cli.show import block, json_option, say, say_json, table
from esb.cli.similar import similar_resources, warn_of_duplicates

if TYPE_CHECKING:
    from esb.registry.resources import ResourceVersion

_LARGEST = 4 * 1024 * 1024
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_as_of = click.option("--as-of", type=MOMENT, help="As it stood then, e.g. 2026-11-29T14:05:00+04:00.")
_reason = click.option("--reason", required=True, help="Why; it stands in the history for good.")


@click.group()
def resource() -> None:
    """The two registers: what each resource holds, on which ground, and what it was at any time."""


@resource.command()
@click.argument("file", type=_FILE)
@_reason
@pass_place
def register(place: Place, file: Path, reason: str) -> None:
    """Enter the resource that FILE (JSON or TOML) describes into its register, as a draft.

    docs/registers.md lists the fields; everything that is wrong or missing is told at once.

    \b
    Example:
      esb resource register iamas.toml --reason "first entry, application 12"
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.resource_reading import read_entry
    from esb.registry.resources import register_resource

    entry = read_entry(_document(file))
    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        made = register_resource(act, entry, reason)
    say(f"{made.code} stands in the register of {entry.register.value} as version {made.number} ({made.status.value}).")
    from esb.admin.duplicates import Duplicates

    warn_of_duplicates(Duplicates(desk.engine).of_resource(made.code))
    say(f"Digest: {made.sha256}.  Next: esb resource show {made.code}")


_WORDS = {
    "fin": click.Choice(["none", "stored", "key"]),
    "hosting": click.Choice(["own", "government-cloud", "other"]),
    "exchange": click.Choice(["soap-bus", "web-service", "file", "database", "portal", "paper"]),
}


@resource.command(name="set")
@click.argument("code")
@click.option("--file", type=_FILE, help="Take the whole entry from this JSON or TOML file; then the options below.")
@click.option("--az", help="The name in Azerbaijani.")
@click.option("--en", help="The name in English.")
@click.option("--operator", help="The member that runs it for its owner; the owner's own code for the owner.")
@click.option("--basis", "legal_basis", multiple=True, help="A legal ground.  Like every repeatable option: all anew.")
@click.option("--purpose", help="What it is for.")
@click.option("--ordinary", multiple=True, help="A category of data that are not personal; repeatable.")
@click.option("--personal", multiple=True, help="A category of personal data; repeatable.")
@click.option("--special", multiple=True, help="A special category of personal data; repeatable.")
@click.option("--subjects", type=int, help="The number of people whose data it holds.")
@click.option("--protection", multiple=True, help="A measure that protects the personal data; repeatable.")
@click.option("--fin", type=_WORDS["fin"], help="What it does with FINs.")
@click.option("--fin-conforms/--fin-does-not-conform", default=None, help="Whether its FINs keep to the pattern.")
@click.option("--hosting", type=_WORDS["hosting"], help="Where it runs.")
@click.option("--place", "hosting_place", help="Which data centre or cloud.")
@click.option("--exchange", multiple=True, type=_WORDS["exchange"], help="How others get at it; repeatable.")
@click.option("--service", "services", multiple=True, help="A service or system of the bus that offers it; repeatable.")
@click.option("--document", "documents", multiple=True, help="The digest of an archived document to add; repeatable.")
@_reason
@pass_place
def set_(place: Place, /, code: str, file: Path | None, reason: str, **options: Any) -> None:
    """Change the entry CODE: a new version with what is given here; the rest stays.

    \b
    Example:
      esb resource set DIN/IAMAS --subjects 10250000 --reason "census"
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.documents import get_document_facts
    from esb.registry.resource_entry import document_of
    from esb.registry.resource_reading import read_entry
    from esb.registry.resources import change_resource, get_resource

    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        before = get_resource(act.session, code)
        whole = document_of(before.entry) if file is None else _document(file)
        if file is not None and isinstance(whole, dict):
            whole = {"owner": before.entry.owner, "code": code, **whole}
            if whole["code"] != code:
                raise click.UsageError(f"{file} describes another entry than {code}.")
        added = [
            {"sha256": digest, "name": get_document_facts(act.session, digest).name} for digest in options["documents"]
        ]
        after = change_resource(act, read_entry(_with(whole, options, added)), reason)
    if after.number == before.number:
        say(f"{code} is what was given already: version {after.number} stands.")
        return
    say(f"{code} is now version {after.number}.  Next: esb resource diff {code} {before.number} {after.number}")


def _with(whole: Any, options: dict[str, Any], added: list[dict[str, str]]) -> Any:
    """A document with what the options say put in."""
    if not isinstance(whole, dict):
        return whole  # its reader says what is wrong with it
    given = {key: value for key, value in options.items() if value is not None and value != ()}
    for key in ("purpose", "subjects"):
        if key in given:
            whole[key] = given[key]
    for key in ("legal_basis", "protection", "exchange", "services"):
        if key in given:
            whole[key] = list(given[key])
    for part, fields in {
        "name": {"az": "az", "en": "en"},
        "categories": {"ordinary": "ordinary", "personal": "personal", "special": "special"},
        "fin": {"use": "fin", "conforms": "fin_conforms"},
        "hosting": {"kind": "hosting", "place": "hosting_place"},
    }.items():
        changed = {field: given[option] for field, option in fields.items() if option in given}
        if changed:
            whole[part] = {**(whole.get(part) or {}), **changed}
    if given.get("fin") == "none":
        whole["fin"] = {"use": "none"}
    if "operator" in given:
        whole["operator"] = None if given["operator"] == whole.get("owner") else {"member": given["operator"]}
    known = whole.get("documents") or []
    whole["documents"] = [*known, *(one for one in added if one["sha256"] not in {each["sha256"] for each in known})]
    return whole


@resource.command(name="list")
@_as_of
@click.option("--register", "only", type=click.Choice(["information-resources", "personal-data-systems"]))
@click.option("--owner", help="Only this member's.")
@json_option
@pass_place
def list_(place: Place, as_of: float | None, only: str | None, owner: str | None, as_json: bool) -> None:
    """List the entries of both registers."""
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.resource_entry import Register
    from esb.registry.resources import list_resources

    with reading(sit_down(place).engine) as session:
        chosen = None if only is None else Register(only)
        found = list(list_resources(session, as_of, register=chosen, owner=owner))
    if as_json:
        say_json([_facts(one) for one in found])
        return
    rows = [
        (
            one.code,
            one.entry.register.value,
            one.status.value,
            one.number,
            one.entry.owner,
            one.entry.name.az,
            one.entry.name.en,
        )
        for one in found
    ]
    headers = ("CODE", "REGISTER", "STATUS", "VERSION", "OWNER", "NAME", "IN ENGLISH")
    say(table(headers, rows) if rows else "Nothing stands there: esb resource register FILE --reason …")


@resource.command()
@click.argument("code")
@_as_of
@click.option("--version", type=int, help="This version.")
@json_option
@pass_place
def show(place: Place, code: str, as_of: float | None, version: int | None, as_json: bool) -> None:
    """Show an entry: as it stands, as it stood at a time, or one of its versions."""
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.resource_entry import document_of
    from esb.registry.resources import get_resource

    if as_of is not None and version is not None:
        raise click.UsageError("Give either --as-of or --version.")
    with reading(sit_down(place).engine) as session:
        found = get_resource(session, code, as_of=as_of, version=version)
    if as_json:
        say_json(_facts(found))
        return
    facts = [
        ("status", found.status.value),
        ("version", f"{found.number}, in force from {moment_text(found.at)}"),
        ("made by", found.author),
        ("because", found.reason),
        ("digest", found.sha256),
    ]
    say(block([*_flat("", document_of(found.entry)), *facts]))


@resource.command()
@click.argument("code")
@json_option
@pass_place
def history(place: Place, code: str, as_json: bool) -> None:
    """Show who changed an entry, when and why."""
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.resources import resource_history

    with reading(sit_down(place).engine) as session:
        found = resource_history(session, code)
    if as_json:
        say_json([_facts(one) for one in found])
        return
    rows = [
        (one.number, moment_text(one.at), one.author, one.status.value, one.reason, one.sha256[:16]) for one in found
    ]
    say(table(("VERSION", "FROM", "AUTHOR", "STATUS", "REASON", "DIGEST"), rows))


@resource.command()
@click.argument("code")
@click.argument("first", type=int)
@click.argument("second", type=int)
@json_option
@pass_place
def diff(place: Place, code: str, first: int, second: int, as_json: bool) -> None:
    """Show what differs between two versions of an entry.

    \b
    Example:
      esb resource diff DIN/IAMAS 1 3
    """
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.resource_diff import differences
    from esb.registry.resources import get_resource

    with reading(sit_down(place).engine) as session:
        before, after = (get_resource(session, code, version=number) for number in (first, second))
    found = differences(json.loads(before.document), json.loads(after.document))
    if as_json:
        say_json([{"path": one.path, "before": one.before, "after": one.after} for one in found])
        return
    rows = [(one.path, _plain(one.before), _plain(one.after)) for one in found]
    say(table(("FIELD", f"VERSION {first}", f"VERSION {second}"), rows) if rows else "The two do not differ.")


@resource.command()
@click.argument("code")
@_as_of
@click.option("--out", type=click.Path(path_type=Path), help="Write it to this new file; else it is printed.")
@pass_place
def export(place: Place, code: str, as_of: float | None, out: Path | None) -> None:
    """Write an entry as the JSON document that `register` and `set --file` read."""
    from esb.admin.authority import write_new
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.resource_entry import document_of
    from esb.registry.resources import get_resource

    with reading(sit_down(place).engine) as session:
        found = get_resource(session, code, as_of=as_of)
    document = document_of(found.entry)
    if out is None:
        say_json(document)
        return
    write_new(out, json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n")
    say(f"Wrote version {found.number} of {code} to {out}.")


def _document(file: Path) -> object:
    """What a file holds; TOML by its ending, else JSON."""
    try:
        with file.open("rb") as opened:
            octets = opened.read(_LARGEST + 1)
        if len(octets) > _LARGEST:
            raise click.UsageError(f"{file} is larger than {_LARGEST} octets.")
        text = octets.decode("utf-8-sig")
        return tomllib.loads(text) if file.suffix.lower() == ".toml" else json.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        kind = "TOML" if file.suffix.lower() == ".toml" else "JSON"
        raise click.UsageError(f"{file} is not {kind} in UTF-8: {error}") from None


def _facts(one: "ResourceVersion") -> dict[str, Any]:
    from esb.registry.resource_entry import document_of

    return {
        "code": one.code,
        "status": one.status.value,
        "version": one.number,
        "at": one.at,
        "author": one.author,
        "reason": one.reason,
        "sha256": one.sha256,
        "entry": document_of(one.entry),
    }


def _flat(path: str, value: Any) -> list[tuple[str, str]]:
    """A document's fields as lines; what is empty or not given is left out."""
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in _flat(f"{path} {key}".strip(), inner)]
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return [(path, ", ".join(text for _, text in _flat("", one))) for one in value]
    if value in (None, [], ""):
        return []
    return [(path.replace("_", " "), _plain(value))]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(map(_plain, value))
    if isinstance(value, dict):
        return ", ".join(text for _, text in _flat("", value))
    return "-" if value is None else str(value)


resource.add_command(similar_resources)
