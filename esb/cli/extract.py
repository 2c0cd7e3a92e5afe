"""`esb extract`: signed extracts from the registers, and their verification by anybody."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from esb.cli.moment import MOMENT, moment_text
from esb.cli.place import Place, pass_place
from esb.cli.show import block, json_option, paint, say, say_json, table

if TYPE_CHECKING:
    from esb.admin.extract_check import Believed
    from esb.admin.extract_document import Extract
    from esb.admin.extracts import DocumentSigner
    from esb.cli.desk import Desk

_NEW = click.Path(path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def extract() -> None:
    """Extracts: signed, from either register, and verified by anybody."""


@extract.command()
@click.argument("code")
@click.option("--as-of", type=MOMENT, help="Of the state at this time; else of the newest version.")
@click.option("--pdf", type=_NEW, help="Write the pages, with the signed XML attached, to this new file.")
@click.option("--xml", type=_NEW, help="Write the signed XML to this new file.")
@pass_place
def make(place: Place, code: str, as_of: float | None, pdf: Path | None, xml: Path | None) -> None:
    """Make a signed extract of the entry CODE; both its files are archived too.

    \b
    Example:
      esb extract make DIN/IAMAS --pdf iamas.pdf
      esb extract make DIN/IAMAS --as-of 2026-01-01 --xml iamas-2026.xml
    """
    from esb.admin.authority import write_new
    from esb.admin.extracts import make_extract
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    for path in (pdf, xml):
        if path is not None and path.exists():
            raise click.UsageError(f"{path} exists and is not overwritten.")
    made = make_extract(
        desk.engine,
        _signer(desk),
        code,
        as_of=as_of,
        address=desk.settings.bus.address.rstrip("/"),
        author=desk.author,
        now=desk.now,
        random=secrets.token_bytes,
    )
    for path, content in ((pdf, made.pdf), (xml, made.xml)):
        if path is not None:
            write_new(path, content)
            say(f"Wrote {path}.")
    facts = made.facts
    say(f"Extract {facts.id} of {code}, version {facts.version}, signed by {facts.issuer}.")
    say(f"Its address: {made.extract.address}")
    if pdf is None and xml is None:
        say(f"Next: esb document get {facts.pdf}, which is its PDF; {facts.xml} is its XML.")
    else:
        say(f"Next: esb extract verify {pdf or xml}")


@extract.command(name="list")
@click.option("--code", help="Only those of this entry.")
@json_option
@pass_place
def list_(place: Place, code: str | None, as_json: bool) -> None:
    """List the extracts that were made, newest first."""
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.extracts import list_extracts

    with reading(sit_down(place).engine) as session:
        found = list_extracts(session, code)
    if as_json:
        fields = ("id", "code", "version", "as_of", "issuer", "signer", "xml", "pdf", "made_at", "made_by")
        say_json([{field: getattr(one, field) for field in fields} for one in found])
        return
    rows = [
        (one.id, one.code, one.version, moment_text(one.as_of), one.made_by, moment_text(one.made_at)) for one in found
    ]
    headers = ("EXTRACT", "CODE", "VERSION", "AS OF", "MADE BY", "AT")
    say(table(headers, rows) if rows else "No extract was made yet: esb extract make CODE --pdf FILE")


@extract.command()
@click.argument("file", type=_FILE)
@click.option(
    "--anchor", "anchors", multiple=True, type=_FILE,
    help="PEM of an authority that you believe, or of the signer itself; repeatable.  Else those of the home.",
)  # fmt: skip
@click.option("--crl", "lists", multiple=True, type=_FILE, help="A revocation list of that authority; repeatable.")
@click.option("--signer", help="Whom you expect to have signed: the name in its certificate.  Else the home's signer.")
@click.option("--at", type=MOMENT, help="Judge it as of this time, when you know that you had it by then.")
@json_option
@pass_place
def verify(
    place: Place,
    file: Path,
    anchors: tuple[Path, ...],
    lists: tuple[Path, ...],
    signer: str | None,
    at: float | None,
    as_json: bool,
) -> None:
    """Verify an extract, XML or PDF, offline; then tell what it says, which is what was signed.

    It needs no home when you give --anchor.  It ends with code 1 at the first step that fails.

    \b
    Example:
      esb extract verify iamas.pdf --anchor shluz-ca.pem --signer bus --crl shluz-ca.crl
    """
    import time

    from esb.admin.extract_check import LARGEST, ExtractRefused, Step, check_extract

    believed = _believed(place, anchors, lists, signer)
    with file.open("rb") as opened:
        data = opened.read(LARGEST + 1)
    steps: list[dict[str, object]] = []

    def told(step: Step) -> None:
        steps.append({"text": step.text, "proven": step.proven})
        if not as_json:
            mark = paint("ok", "green") if step.proven else paint("--", "yellow")
            say(f"{len(steps)}. {mark}  {step.text}")

    try:
        found = check_extract(data, believed, time.time() if at is None else at, told)
    except ExtractRefused as error:
        if as_json:
            say_json({"verdict": error.verdict.value, "problem": str(error), "steps": steps})
        else:
            say(f"{len(steps) + 1}. {paint('NO', 'red')}  {error}")
        raise
    if as_json:
        say_json({"verdict": "verified", "steps": steps, "extract": _facts(found)})
        return
    say("")
    say("What was signed:")
    _show(found)
    say("")
    say(f"Whether it is still current is told at {found.address}")


def _show(found: "Extract") -> None:
    from esb.admin.extract_lines import REGISTERS, STATUSES, both, entry_lines, minute

    facts = [
        ("Register", both(REGISTERS[found.entry.register])),
        ("Extract", found.id),
        ("Issued", f"{minute(found.issued_at)} by {found.issuer}"),
        *([] if found.as_of is None else [("As it stood at", moment_text(found.as_of))]),
        ("Version", f"{found.version}, in force from {moment_text(found.version_at)}"),
        ("Status", both(STATUSES[found.status])),
    ]
    lines = entry_lines(found.entry, found.owner, found.operator)
    fields = [(line.label.en, value) for line in lines for value in line.values]
    say(block([*facts, *fields]))


def _facts(found: "Extract") -> dict[str, object]:
    from esb.registry.resource_entry import document_of

    return {
        "id": found.id,
        "address": found.address,
        "issuer": found.issuer,
        "issued_at": found.issued_at,
        "as_of": found.as_of,
        "version": found.version,
        "version_at": found.version_at,
        "sha256": found.version_sha256,
        "status": found.status.value,
        "entry": document_of(found.entry),
    }


def _signer(desk: "Desk") -> "DocumentSigner":
    """What signs extracts: the key of [extracts], else the bus's own."""
    from esb.admin.extracts import document_signer, read_certificates
    from esb.certs.keys import load_key

    extracts, keys = desk.settings.extracts, desk.settings.keys
    key = load_key(extracts.signing_key or keys.signing_key, desk.passphrase)
    anchors = read_certificates(desk.settings.certs.anchors)
    return document_signer(key, extracts.certificate or keys.certificate, anchors, desk.now)


def _believed(place: Place, anchors: tuple[Path, ...], lists: tuple[Path, ...], signer: str | None) -> "Believed":
    """Whom the command line names; where it names no anchor, whom the home believes."""
    from esb.admin.extract_check import Believed
    from esb.admin.extracts import common_name, read_certificates

    if anchors:
        read = tuple(one for path in anchors for one in read_certificates(path))
        return Believed(read, signer, tuple(path.read_bytes() for path in lists))
    settings = place.load().settings
    own = read_certificates(settings.extracts.certificate or settings.keys.certificate)
    folder = settings.certs.crl
    found = lists or tuple(sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != "."))
    return Believed(
        read_certificates(settings.certs.anchors),
        signer or common_name(own[0]),
        tuple(path.read_bytes() for path in found),
    )
