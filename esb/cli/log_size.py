"""`esb log size`, `esb log compact`: how much room the log takes, when it is full, and how room is given back."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import block, confirm, json_option, say, say_aside, say_json, table, yes_option

if TYPE_CHECKING:
    from esb.audit.growth import Growth

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@click.command()
@json_option
@pass_place
def size(place: Place, as_json: bool) -> None:
    """Tell how much room the log takes and has, how it grows, and when it will be full.

    The forecast goes by the faster of the last 7 and the last 28 days.  A month's bytes are its share by the number of
    its records; with SQLite they are used again after a drop, with PostgreSQL mostly given back to the disk.

    \b
    Example:
      esb log size
    """
    from esb.audit.growth import growth
    from esb.cli.log_lines import log_url

    settings = place.load().settings
    found = growth(log_url(place), time.time(), settings.evidence.capacity)
    if as_json:
        say_json(_facts(found))
        return
    _tell(found, f"{datetime.now(UTC):%Y-%m}")


@click.command()
@yes_option
@pass_place
def compact(place: Place, yes: bool) -> None:
    """Give the room that is free inside the log's SQLite files back to the disk.

    A file is written anew, so its disk needs room for the copy.  While a bus serves, the files of months that are over
    are made smaller; this month's needs the bus to be stopped.

    \b
    Example:
      esb log compact
    """
    from esb.audit.compact import compact as make_smaller
    from esb.cli.log_lines import log_url

    url = log_url(place)
    confirm("This writes the log's files anew, and needs room for a copy of the largest.", yes)
    done = make_smaller(url)
    say(f"The log's files take {shown(done.after)} now; they took {shown(done.before)}.")
    if done.left:
        say_aside("A bus serves, so this month's file was left as it is. For that one too: stop the bus first.")


def _tell(found: "Growth", this_month: str) -> None:
    room = found.room
    say(
        block(
            [
                *((name, shown(octets)) for name, octets in room.parts.items()),
                *((("free inside", shown(room.reusable)),) if room.reusable else ()),
                ("free beside", "not known: set evidence.capacity" if room.free is None else shown(room.free)),
                ("records", f"{found.records:,}" + _each(found)),
                ("growth", _pace(found)),
                ("full", _end(found)),
            ]
        )
    )
    if found.months:
        say("")
        rows = [
            (one.month, f"{one.records:,}", shown(one.size) if one.size else "-", one.state) for one in found.months
        ]
        say(table(("MONTH", "RECORDS", "ABOUT", "WHERE"), rows))
    ready = [one for one in found.months if one.state != "dropped" and one.month < this_month]
    if ready:
        until, share = ready[-1].month, shown(sum(one.size for one in ready))
        kept = [one for one in ready if one.state == "in the log"]
        if kept:
            say(f"esb log archive --until {until} --to PLACE")
        say(f"esb log drop --until {until}    # gives about {share} back")


def _each(found: "Growth") -> str:
    return "" if found.per_record is None else f", {shown(round(found.per_record))} each with its messages"


def _pace(found: "Growth") -> str:
    if found.week is None or found.per_day is None:
        return "too few records to tell yet"
    return f"{found.week:,.0f} records a day this week, {shown(round(found.per_day))} a day at the faster pace"


def _end(found: "Growth") -> str:
    if found.full_at is None:
        return "cannot be told"
    return _day(found.full_at)


def _day(at: float) -> str:
    years = (at - time.time()) / (365.25 * 86_400)
    return f"in {years:,.0f} years" if years > 20 else f"about {datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def shown(octets: int) -> str:
    """A number of bytes for people."""
    value, unit = float(octets), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{octets} B" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def _facts(found: "Growth") -> dict[str, object]:
    full = None if found.full_at is None else f"{datetime.fromtimestamp(min(found.full_at, 2**37), UTC):%Y-%m-%d}"
    return {
        "bytes": found.room.parts,
        "reusable": found.room.reusable,
        "free": found.room.free,
        "records": found.records,
        "bytesPerRecord": found.per_record,
        "recordsPerDay": {"7": found.week, "28": found.long},
        "bytesPerDay": found.per_day,
        "full": full,
        "months": [
            {"month": one.month, "records": one.records, "bytes": one.size, "state": one.state} for one in found.months
        ],
    }
