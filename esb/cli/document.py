"""`esb document`: the archive of documents."""

import mimetypes
from pathlib import Path

import click

from esb.cli.moment import MOMENT, moment_text
from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, json_option, say, say_json, table, yes_option


@click.group()
def document() -> None:
    """Documents: archived under the digest of their content."""


@document.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="The name that it is archived under; else the file's.")
@click.option("--type", "media_type", help="Its media type, such as application/pdf; else by the file's ending.")
@click.option("--keep-until", type=MOMENT, help="When its content may be taken out; else it is kept for good.")
@pass_place
def add(place: Place, file: Path, name: str | None, media_type: str | None, keep_until: float | None) -> None:
    """Archive FILE; what refers to it does so by the digest that this prints.

    \b
    Example:
      esb document add fərman-12.pdf --keep-until 2036-01-01
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.documents import LARGEST, put_document
    from esb.registry.errors import Invalid

    desk = sit_down(place)
    if file.stat().st_size > LARGEST:
        raise Invalid(f"{file} has {file.stat().st_size} octets; {LARGEST} are the most that is archived")
    media_type = media_type or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    with acting(desk.engine, desk.author, desk.now) as act:
        digest = put_document(act, file.read_bytes(), name or file.name, media_type, keep_until=keep_until)
    say(digest)
    say(f"Archived {name or file.name} ({media_type}).  Next: esb resource set CODE --document {digest} --reason …")


@document.command()
@click.argument("sha256")
@click.option("--out", type=click.Path(path_type=Path), help="Write it here; else under its name in this folder.")
@pass_place
def get(place: Place, sha256: str, out: Path | None) -> None:
    """Write an archived document to a new file."""
    from esb.admin.authority import write_new
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.documents import get_document

    with reading(sit_down(place).engine) as session:
        found = get_document(session, sha256)
    path = out or Path(found.facts.name)
    write_new(path, found.content)
    say(f"Wrote {path}: {found.facts.size} octets, {found.facts.media_type}.")


@document.command(name="list")
@json_option
@pass_place
def list_(place: Place, as_json: bool) -> None:
    """List the archived documents, those whose content was taken out too."""
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.documents import list_documents

    with reading(sit_down(place).engine) as session:
        found = list_documents(session)
    if as_json:
        fields = ("sha256", "name", "media_type", "size", "keep_until", "expired_at", "added_at", "added_by")
        say_json([{field: getattr(one, field) for field in fields} for one in found])
        return
    rows = [
        (
            one.sha256,
            one.name,
            one.media_type,
            one.size,
            "kept" if one.expired_at is None else "taken out",
            moment_text(one.keep_until),
        )
        for one in found
    ]
    headers = ("DIGEST", "NAME", "TYPE", "OCTETS", "CONTENT", "KEEP UNTIL")
    say(table(headers, rows) if rows else "There are no documents yet: esb document add FILE")


@document.command()
@yes_option
@pass_place
def expire(place: Place, yes: bool) -> None:
    """Take out the content of documents whose retention has ended; their digests and names stay.

    A serving bus does it by itself, and so does `esb notice due`.
    """
    from esb.cli.desk import sit_down
    from esb.registry.documents import expire as take_out

    desk = sit_down(place)
    confirm("Take out the content of every document whose retention has ended? It cannot be brought back.", yes)
    expired = take_out(desk.engine, desk.author, desk.now)
    for one in expired:
        say(f"Took out {one.sha256} ({one.name}).")
    say(f"{len(expired)} documents' retention had ended.")
