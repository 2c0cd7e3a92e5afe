"""`esb grant explain`: why a call would or would not pass now."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from esb.cli.moment import MOMENT, shown
from esb.cli.place import Place, pass_place
from esb.cli.show import json_option, paint, say, say_json, table

if TYPE_CHECKING:
    from esb.admin.explain import Call
    from esb.cli.desk import Desk

_DAY = 86_400


@click.command()
@click.argument("consumer")
@click.argument("service")
@click.option("--operation", help="One operation of the service, as in its WSDL; all unless given.")
@click.option("--purpose", help="What exch:Exchange would state as its purpose.")
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another field of exch:Exchange, such as officer=X; may be given more than once.",
)
@click.option("--at", type=MOMENT, help="Another moment than now (UTC), with the registry as it is now.")
@json_option
@pass_place
def explain(
    place: Place,
    consumer: str,
    service: str,
    operation: str | None,
    purpose: str | None,
    fields: tuple[str, ...],
    at: float | None,
    as_json: bool,
) -> None:
    """Say why a call of SERVICE by CONSUMER (MEMBER or MEMBER/SYSTEM) would or would not pass now.

    The bus's own decisions are asked, in its order, with the registry, the anchors and the revocation lists of this
    home.  The moment's load, the provider and the form of a message are not looked at.

    \b
    Examples:
      esb grant explain EESMN DIN/IAMAS/PersonQuery/v1
      esb grant explain EESMN/HR DIN/IAMAS/PersonQuery/v1 --operation GetPerson --field officer=17 --at 2027-01-01
    """
    from esb.admin.believing import believe
    from esb.admin.explain import explain, header_of, read_directory
    from esb.cli.desk import sit_down
    from esb.kernel.names import ServiceId, check_client

    given = _fields(purpose, fields)
    target = ServiceId.parse(service)
    check_client(consumer)
    desk = sit_down(place)
    now = desk.now if at is None else at
    trust = believe(desk.settings.certs, desk.engine, desk.now)
    calls = explain(
        read_directory(desk.engine, trust, desk.now),
        consumer,
        target,
        header_of(consumer, given),
        now,
        operation=operation,
        used=_used(desk, now),
    )
    if as_json:
        facts = [
            {
                "operation": call.operation,
                "passes": not call.rule,
                "rule": call.rule,
                "steps": [
                    {"step": step.name, "passes": step.passes, "rule": step.rule, "text": step.text}
                    for step in call.steps
                ],
            }
            for call in calls
        ]
        say_json({"consumer": consumer, "service": target.text, "at": shown(now), "calls": facts})
        return
    for number, call in enumerate(calls):
        if number:
            say("")
        _tell(call, consumer, target.text)


def _tell(call: "Call", consumer: str, service: str) -> None:
    what = f"{service} {call.operation}".rstrip()
    say(table(("STEP", "", "FOUND"), [(step.name, step.rule or "good", step.text) for step in call.steps]))
    if call.rule:
        say(paint(f"{consumer} → {what}: refused, {call.rule}.", "red"))
    else:
        say(paint(f"{consumer} → {what}: passes.", "green"))


def _fields(purpose: str | None, fields: tuple[str, ...]) -> dict[str, str]:
    from esb.routing.grants import FIELDS

    given = {} if purpose is None else {"purpose": purpose}
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals or name not in FIELDS:
            raise click.UsageError(f"--field {field[:80]!r}: write NAME=VALUE with one of {', '.join(sorted(FIELDS))}.")
        given[name] = value
    return given


def _used(desk: "Desk", now: float) -> dict[int, int]:
    """What the evidence log says of the day of ``now``, as a bus that started then would take it up."""
    from esb.audit.log import EvidenceReader
    from esb.audit.store import locate

    url = desk.settings.evidence.url
    where = locate(url)
    midnight = int(now) // _DAY * _DAY
    if midnight > desk.now or (isinstance(where, Path) and not where.exists()):
        return {}
    reader = EvidenceReader(url)
    try:
        return reader.counts_by_grant(midnight * 1_000_000)
    finally:
        reader.close()
