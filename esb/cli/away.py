"""How a command tells that an answer is not about all of the time asked for: what has left the log, and where it is."""

from datetime import UTC, datetime
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from esb.cli.show import say_aside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from esb.audit.past import Away

INCOMPLETE_EXIT: Final = 3
"""The exit code of a command that has answered as far as it could, and whose answer is not complete."""


def tell_away(away: "Iterable[Away]", complete_from: int | None) -> None:
    """Say to a person what an answer does not tell of, and what to type for that."""
    from esb.kernel.clock import utc_text

    if complete_from is None:
        return
    places = []
    for each in away:
        say_aside(
            f"NOT COMPLETE from {utc_text(each.since / 1_000_000)} to {utc_text(each.until / 1_000_000)}: "
            f"{each.records} records have left the log in package {each.package}, which was put to {each.place} on "
            f"{_date(each.archived)} and was not looked into: {each.why}."
        )
        places += [each.place] if each.place not in places else []
    say_aside(
        f"It is complete from {utc_text(complete_from / 1_000_000)} on. For all of it, the same command with "
        + " ".join(f"--archive {quote(each)}" for each in places)
        + ", or where the packages are now; archive.place in the settings says it once for all."
    )


def plain_away(away: "Iterable[Away]", complete_from: int | None) -> dict[str, Any]:
    """The same for programs."""
    from esb.kernel.clock import utc_text

    return {
        "complete": complete_from is None,
        "completeFrom": None if complete_from is None else utc_text(complete_from / 1_000_000),
        "notComplete": [
            {
                "from": utc_text(each.since / 1_000_000),
                "until": utc_text(each.until / 1_000_000),
                "package": each.package,
                "records": each.records,
                "putTo": each.place,
                "putOn": _date(each.archived),
                "why": each.why,
            }
            for each in away
        ],
    }


def _date(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
