"""How commands show records of the evidence log, and what they ask of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from esb.cli.moment import MOMENT
from esb.cli.place import Place

if TYPE_CHECKING:
    from esb.audit.entry import Entry
    from esb.audit.query import Query
    from esb.audit.search import Found

HEADERS = ("NO", "TIME (UTC)", "EXCHANGE", "KIND", "CONSUMER", "SERVICE", "OPERATION", "TOOK", "OUTCOME")

_Command = TypeVar("_Command", bound=Callable[..., Any])
_UNITS = {"ms": 1_000, "s": 1_000_000, "min": 60_000_000}


class Duration(click.ParamType[int]):
    """A duration such as ``300ms``, ``2.5s`` or ``1min``, as microseconds; a number alone is seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read one."""
        if isinstance(value, int):
            return value
        unit = next((unit for unit in _UNITS if value.endswith(unit)), "")
        try:
            read = float(value.removesuffix(unit))
        except ValueError:
            read = -1.0
        if not 0 <= read < 1e9:
            self.fail(f"{value!r} is not a duration like 300ms, 2.5s or 1min", param, ctx)
        return round(read * _UNITS[unit or "s"])


_CRITERIA = (
    click.option("--since", type=MOMENT, help="Only what was recorded then or later."),
    click.option("--until", type=MOMENT, help="Only what was recorded before then."),
    click.option("--member", help="Only what this member asked or was asked."),
    click.option("--consumer", help="Only what this member asked."),
    click.option("--client", metavar="MEMBER/SYSTEM", help="Only what this member's system asked."),
    click.option("--provider", help="Only what this member was asked."),
    click.option("--service", help="Only this service's; DIN/IAMAS is all of that system.  Of a change: grant:17."),
    click.option("--operation", help="Only this operation's; of a change, what was done: add, revoke …"),
    click.option(
        "--kind", type=click.Choice(["request", "answer", "refusal", "change"]), help="Only records of this kind."
    ),
    click.option("--outcome", help="Only this outcome: accepted, answered, provider-fault, changed or a fault code."),
    click.option("--rule", help="Only refusals that cite this rule, such as GRT-01."),
    click.option("--id", "name", help="Only this exchange, or this record."),
    click.option("--message-id", help="Only the request of this message id, and what became of it."),
    click.option("--case", "case_number", help="Only requests in this case."),
    click.option("--officer", help="Only this officer's; of a change, whoever acted."),
    click.option("--certificate", metavar="SHA256", help="Only what was signed with this certificate."),
    click.option("--grant", type=int, help="Only what this grant allowed."),
    click.option("--slower-than", type=Duration(), help="Only what took so long at least, such as 300ms or 2s."),
    click.option("--subject", metavar="PSEUDONYM", help="Only records about this person (see esb subject)."),
)


def criteria(command: _Command) -> _Command:
    """Give a command the options that say what is looked for; they arrive as ``criteria``, for :func:`query_of`."""

    def called(*arguments: Any, **options: Any) -> Any:
        names = {option: options.pop(option) for option in _NAMES}
        return command(*arguments, criteria=names, **options)

    called.__name__, called.__doc__ = command.__name__, command.__doc__
    called.__click_params__ = list(getattr(command, "__click_params__", ()))  # type: ignore[attr-defined]
    for option in reversed(_CRITERIA):
        called = option(called)
    return called  # type: ignore[return-value]  # what click then calls


_NAMES = (
    "since", "until", "member", "consumer", "client", "provider", "service", "operation", "kind", "outcome", "rule",
    "name", "message_id", "case_number", "officer", "certificate", "grant", "slower_than", "subject",
)  # fmt: skip


def query_of(criteria: dict[str, Any]) -> "Query":
    """What is looked for, of what :func:`criteria` took from the command line."""
    from esb.audit.entry import Kind
    from esb.audit.query import Query

    given = {name: value for name, value in criteria.items() if value is not None}
    for name in ("since", "until"):
        if name in given:
            given[name] = round(given[name] * 1_000_000)
    if "kind" in given:
        given["kind"] = Kind(given["kind"])
    for name in ("certificate", "subject"):
        if name in given:
            given[name] = given[name].lower()
    return Query(**given)


def log_url(place: Place) -> str:
    """The URL of the home's log.  A bus makes its own at its first start.

    Raises:
        click.ClickException: there is none yet.
    """
    from esb.audit.store import locate

    url = place.load().settings.evidence.url
    where = locate(url)
    if isinstance(where, Path) and not where.exists():
        raise click.ClickException(f"There is no log at {where} yet: a bus makes it when it is first served.")
    return url


def line(found: "Found") -> tuple[object, ...]:
    """A record under :data:`HEADERS`.  Of a change, who acted stands under CONSUMER and the thing under SERVICE."""
    entry = found.entry
    return (
        found.number,
        time_text(entry.at),
        entry.exchange,
        entry.kind.value,
        entry.client or entry.consumer or entry.officer or "?",
        entry.service,
        entry.operation or "-",
        "-" if entry.duration_us is None else f"{entry.duration_us / 1000:.1f} ms",
        entry.outcome + (f" ({entry.rule})" if entry.rule else ""),
    )


def whole(found: "Found") -> dict[str, object]:
    """A record for programs."""
    return {"number": found.number, **facts(found.entry), "leafHash": found.leaf_hash.hex()}


def facts(entry: "Entry") -> dict[str, object]:
    """A record's facts by name, the time for people."""
    from dataclasses import asdict

    return {**asdict(entry), "kind": entry.kind.value, "at": time_text(entry.at)}


def time_text(at: int) -> str:
    """Microseconds since the epoch as UTC, to the millisecond."""
    return datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
