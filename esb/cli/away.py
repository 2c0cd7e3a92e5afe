"""How a command tells that an answer is not about all of the time asked for: what has left the log, and where it is."""

from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from esb.cli.progress import progress
from esb.cli.show import say_aside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from esb.audit.past import Away
    from esb.audit.query import Query
    from esb.audit.search import Searcher
    from esb.cli.place import Place

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


def tell_let_go(away: "Sequence[Away]") -> None:
    """Say that a search has not looked into what has left the log of its time, and what to type for that."""
    from esb.kernel.clock import utc_text

    if not away:
        return
    places = list(dict.fromkeys(each.place for each in away))
    why = list(dict.fromkeys(each.why for each in away))
    named = away[0].package if len(away) == 1 else f"{len(away)} packages, {away[0].package} to {away[-1].package}"
    say_aside(
        f"Not looked into: {sum(each.records for each in away)} records of {utc_text(away[0].since / 1_000_000)} to "
        f"{utc_text(max(each.until for each in away) / 1_000_000)} that have left the log, in {named}: "
        f"{'; '.join(why)}.  To find them, the same with "
        + " ".join(f"--archive {quote(each)}" for each in places)
        + ", or where the packages are now."
    )


@contextmanager
def searching(place: "Place", query: "Query", archives: "Sequence[str]") -> "Iterator[Searcher]":
    """What searches the log, and its archive where the command was told where that is."""
    from esb.audit.past import Past
    from esb.audit.search import Searcher
    from esb.audit.search_index import index_reading
    from esb.audit.store import locate
    from esb.cli.log_lines import log_url
    from esb.cli.vault import open_vault

    url = log_url(place)
    with ExitStack() as stack:
        past = None
        if archives:
            vault = stack.enter_context(open_vault(place, archives))
            index = stack.enter_context(closing(index_reading(locate(url))))
            told = progress("archived records")
            past = stack.enter_context(closing(Past(url, vault, index, query.since, query.until, told=told)))
        yield stack.enter_context(closing(Searcher(url, past)))


def plain_away(away: "Sequence[Away]") -> dict[str, Any]:
    """The same for programs."""
    from esb.kernel.clock import utc_text

    complete_from = max((each.until for each in away), default=None)
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
