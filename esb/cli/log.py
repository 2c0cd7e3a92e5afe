"""`esb log`: what passed, what was refused, and what was changed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esb.cli import log_archive, log_export, log_search, log_tree
from esb.cli.log_lines import facts, log_url
from esb.cli.place import Place, pass_place
from esb.cli.show import block, json_option, say, say_json
from esb.logs import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esb.audit.log import EvidenceReader


@click.group()
def log() -> None:
    """The evidence log: what passed, what was refused, and what was changed."""


for _command in (
    log_search.search, log_search.follow, log_export.export, log_search.index, log_tree.key, log_tree.checkpoint,
    log_tree.verify, log_archive.archive, log_archive.drop,
):  # fmt: skip
    log.add_command(_command)


@log.command()
@click.argument("exchange")
@click.option(
    "--bodies",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the messages of the exchange into this folder.  They hold personal data.",
)
@json_option
@pass_place
def show(place: Place, exchange: str, bodies: Path | None, as_json: bool) -> None:
    """Show everything recorded of one exchange, or of one change.

    \b
    Example:
      esb log show 0197a3c4-…
      esb log show change-17-9f86d081884c7d65
    """
    from esb.admin.authority import write_new
    from esb.audit.entry import Kind
    from esb.audit.log import EvidenceReader

    reader = EvidenceReader(log_url(place))
    found = reader.show(exchange)
    if not found:
        raise click.ClickException(f"No record of exchange {exchange!r}: see esb log search.")
    if as_json:
        say_json([{**facts(each.entry), "leafHash": each.leaf_hash.hex()} for each in found])
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
                        ("kept", f"{each.message_size} + {each.sent_size} bytes"),
                    ]
                )
            )
            if each.entry.kind is Kind.CHANGE:
                _tell_change(reader, each.entry.record)
    if bodies is not None:
        bodies.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in found:
            kept = reader.bodies(each.entry.record)
            for name, content in zip(("received", "sent"), kept or (), strict=False):
                if content:
                    ending = "json" if each.entry.kind is Kind.CHANGE else "xml"
                    write_new(bodies / f"{each.entry.record}.{name}.{ending}", content)
        say(f"Messages written to {bodies}, readable by you alone.")


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
