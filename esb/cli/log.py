"""`esb log`: what passed, what was refused, and what was changed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esb.cli import log_archive, log_export, log_keep, log_search, log_size, log_tree
from esb.cli.depots import archive_option
from esb.cli.log_lines import facts, log_url
from esb.cli.place import Place, pass_place
from esb.cli.show import block, json_option, say, say_json
from esb.cli.vault import open_vault
from esb.logs import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esb.admin.bodies import Messages
    from esb.audit.log import EvidenceReader
    from esb.audit.vault import Vault


@click.group()
def log() -> None:
    """The evidence log: what passed, what was refused, and what was changed."""


for _command in (
    log_search.search, log_search.follow, log_export.export, log_search.index, log_tree.key, log_tree.checkpoint,
    log_tree.verify, log_archive.archive, log_archive.drop, log_size.size, log_size.compact, log_keep.expire,
    log_keep.key_make, log_keep.key_rotate,
):  # fmt: skip
    log.add_command(_command)


@log.command()
@click.argument("exchange")
@click.option("--messages", is_flag=True, help="The messages too.  They hold personal data: give a reason.")
@click.option(
    "--bodies",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the messages into this folder instead.  They hold personal data: give a reason.",
)
@click.option("--reason", default="", help="Why you read the messages: goes on record, with your name, before you do.")
@archive_option
@json_option
@pass_place
def show(
    place: Place,
    exchange: str,
    messages: bool,
    bodies: Path | None,
    reason: str,
    archives: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show everything recorded of one exchange, or of one change.

    The messages themselves are shown only with a reason; that you read them is then on record in this very log.
    What has left the log is read out of the archive's package.

    \b
    Example:
      esb log show 0197a3c4-…
      esb log show 0197a3c4-… --messages --reason "complaint 2026/118"
      esb log show change-17-9f86d081884c7d65
    """
    from esb.audit.entry import Kind
    from esb.audit.whole import WholeReader

    wanted = messages or bodies is not None
    if wanted and not reason.strip():
        raise click.UsageError("Messages hold personal data: say why you read them with --reason.")
    with open_vault(place, archives) as vault:
        reader = WholeReader(log_url(place), vault)
        found = reader.show(exchange)
        if not found:
            raise click.ClickException(f"No record of exchange {exchange!r} in the log: see esb log search.")
        read = _messages(place, exchange, reason, vault) if wanted else []
    if as_json:
        texts = {one.record: _text(one) for one in read if bodies is None}
        say_json(
            [
                {**facts(each.entry), "leafHash": each.leaf_hash.hex(), **texts.get(each.entry.record, {})}
                for each in found
            ]
        )
    else:
        for number, each in enumerate(found):
            if number:
                say("")
            pairs = [(name, value) for name, value in facts(each.entry).items() if value not in ("", None)]
            say(
                block(
                    [
                        *pairs,
                        ("leaf hash", each.leaf_hash.hex()),
                        ("kept", f"{each.message_size} + {each.sent_size} bytes{', sealed' * each.sealed}"),
                    ]
                )
            )
            if each.entry.kind is Kind.CHANGE:
                _tell_change(reader, each.entry.record)
        for one in read if bodies is None else ():
            for name, text in _text(one).items():
                # A line for each tag, so that a person can read it; the octets themselves: --bodies, --json.
                say(f"\n{one.record}, {name}:\n" + text.replace("><", ">\n<"))
    if bodies is not None:
        _write(bodies, read)


def _messages(place: Place, exchange: str, reason: str, vault: "Vault") -> "list[Messages]":
    """Read them, on record."""
    from esb.admin.bodies import read_bodies
    from esb.cli.desk import sit_down
    from esb.keeping import bodies_opener

    desk = sit_down(place)
    return read_bodies(
        desk.engine,
        desk.settings.evidence.url,
        bodies_opener(desk.settings),
        exchange,
        author=desk.author,
        reason=reason,
        now=desk.now,
        vault=vault,
    )


def _text(read: "Messages") -> dict[str, str]:
    """What is kept of a record's messages, as text, under the names of what it is."""
    texts = {"received": read.message.decode(errors="replace"), "sent": read.sent.decode(errors="replace")}
    return {name: text for name, text in {**texts, "note": read.note}.items() if text}


def _write(folder: Path, read: "list[Messages]") -> None:
    from esb.admin.authority import write_new
    from esb.audit.entry import Kind

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in read:
        if one.note:
            say(f"{one.record}: {one.note}.")
        for name, content in (("received", one.message), ("sent", one.sent)):
            if content:
                ending = "json" if one.kind is Kind.CHANGE else "xml"
                write_new(folder / f"{one.record}.{name}.{ending}", content)
    say(f"Messages written to {folder}, readable by you alone.")


def _tell_change(reader: "EvidenceReader", record: str) -> None:
    """What was set, a line each; for an update from what to what."""
    kept = reader.bodies(record)
    if kept is not None and kept[0]:
        say("")
        say(block(change_lines(json.loads(kept[0])["detail"])))


def change_lines(detail: "Mapping[str, Any]") -> list[tuple[str, str]]:
    """A change's detail for people: names and values, ``before → after`` where it was an update."""
    return [(name, _change_value(value)) for name, value in detail.items()]


def _change_value(value: object) -> str:
    if isinstance(value, list) and len(value) == 2 and not any(isinstance(each, list | dict) for each in value):
        return " → ".join(map(_change_value, value))
    return value if isinstance(value, str) else json_text(value)
