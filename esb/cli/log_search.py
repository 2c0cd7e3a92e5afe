"""`esb log search`, `esb log follow`, `esb log index`: finding records, now and as they come."""

import os
import select
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from esb.cli.away import plain_away, searching, tell_let_go
from esb.cli.depots import searched_archive_option
from esb.cli.log_lines import HEADERS, criteria, line, log_url, query_of, whole
from esb.cli.place import Place, pass_place
from esb.cli.progress import progress
from esb.cli.show import json_option, say, say_aside, say_json, table
from esb.logs import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from esb.audit.search import Found, Reach

_TELL_BEHIND = 50_000  # numbers that no index covers; fewer are looked through at once


@click.command()
@criteria
@click.option("--limit", type=click.IntRange(1, 10_000), default=30, show_default=True, help="How many on a page.")
@click.option("--page", type=click.IntRange(0), metavar="NUMBER", help="Go on where the page before said.")
@click.option("--oldest-first", is_flag=True, help="The oldest first; else the newest.")
@searched_archive_option
@json_option
@pass_place
def search(
    place: Place,
    criteria: dict[str, Any],
    limit: int,
    page: int | None,
    oldest_first: bool,
    archives: tuple[str, ...],
    as_json: bool,
) -> None:
    """Find records; without criteria, the newest.  All criteria that are given have to hold.

    Of a change, who acted stands under CONSUMER and the thing under SERVICE.  What has left the log is found with
    --archive, each file and record of it verified.

    \b
    Example:
      esb log search --consumer EESMN --outcome AccessDenied --since 2026-11-01
      esb log search --service DIN/IAMAS --slower-than 2s --json
      esb log search --kind change --service grant:17
      esb log search --case 8/2026 --until 2026-06-01 --archive /media/archive
    """
    query = query_of(criteria)
    with searching(place, query, archives) as searcher:
        found = searcher.search(query, limit, page, oldest_first=oldest_first)
    if as_json:
        say_json(
            {
                "records": [whole(each) for each in found.records],
                "next": found.next,
                "indexed": found.reach.indexed,
                "newest": found.reach.newest,
                "damaged": list(found.damaged),
                "gone": found.gone,
                **plain_away(found.away),
            }
        )
        return
    say(table(HEADERS, map(line, found.records)) if found.records else "No record fits.")
    if found.next is not None:
        say_aside(f"There are more: the same with --page {found.next}")
    _tell_reach(found.reach)
    _tell_damaged(found.damaged)
    if found.next is None or oldest_first:  # else the pages have not come so far
        tell_let_go(found.away)
    if found.gone and not found.away:
        say_aside(f"{found.gone} more may fit that have left the log: esb log verify says which packages hold them.")


@click.command()
@criteria
@click.option("--last", type=click.IntRange(0, 10_000), default=10, show_default=True, help="Begin with so many.")
@click.option("--every", type=click.FloatRange(0.1, 60), default=0.5, show_default=True, help="Seconds between looks.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON Lines, for programs.")
@pass_place
def follow(place: Place, criteria: dict[str, Any], last: int, every: float, as_json: bool) -> None:
    """Show records as they come, as soon as they are durable, until Ctrl-C.

    The bus may be stopped and started meanwhile.

    \b
    Example:
      esb log follow --kind refusal
      esb log follow --consumer EESMN --json | jq -c '{outcome, service}'
    """
    from esb.audit.follow import Follower
    from esb.audit.record import StoreUnavailable
    from esb.audit.search import Searcher

    url, query = log_url(place), query_of(criteria)
    searcher = Searcher(url)
    try:
        newest = searcher.reach().newest
        page = searcher.search(query, last, newest + 1) if last else None
        known = page.records[::-1] if page else ()
        if page and len(known) < last:
            tell_let_go(page.away)
    finally:
        searcher.close()
    follower = Follower(url, query, newest, time.monotonic)
    problem = ""
    try:
        _write(known, as_json)
        while not _gone(every):
            try:
                _write(follower.poll(), as_json)
                problem = ""
            except StoreUnavailable as error:
                if str(error) != problem:
                    problem = str(error)
                    say_aside(f"{error}.  Waiting for it.")
            _tell_damaged(follower.damaged)
            follower.damaged.clear()
    except KeyboardInterrupt:
        pass
    finally:
        follower.close()


@click.command()
@click.option("--rebuild", is_flag=True, help="Throw the index away and make it anew.")
@click.option("--check", is_flag=True, help="Make it again in memory and compare: was it altered?")
@click.option("--processes", type=click.IntRange(1, 64), help="How many share --check.  [default: one for each core]")
@json_option
@pass_place
def index(place: Place, rebuild: bool, check: bool, processes: int | None, as_json: bool) -> None:
    """Bring the search index up to where the log's tree is; a serving bus does so by itself.

    The index is made of the leaves alone: it can be deleted at any time.  Exit code 1 of --check means that it is not
    what the leaves give, and could hide records from a search.

    \b
    Example:
      esb log index
      esb log index --check
    """
    from esb.audit.index_check import check_index
    from esb.audit.indexer import build
    from esb.audit.search_index import SearchIndex
    from esb.audit.store import locate

    url = log_url(place)
    if rebuild and check:
        raise click.UsageError("--check compares what is there, and --rebuild throws it away: say one of them.")
    if check:
        checked = check_index(url, progress("records"), processes or os.cpu_count() or 1)
        if as_json:
            say_json(
                {"records": checked.records, "left": checked.left, "whole": not checked.wrong, "wrong": checked.wrong}
            )
        else:
            for each in checked.wrong:
                say(f"FOUND  {each}")
            verdict = "is not what the leaves give.  Next: esb log index --rebuild" if checked.wrong else "is whole"
            say(f"The index of {checked.records} records {verdict}.")
            if checked.left:
                say_aside(f"Of {checked.left} numbers records have left the log; their part was not compared.")
        if checked.wrong:
            click.get_current_context().exit(1)
        return
    if rebuild:
        writing = SearchIndex(locate(url))
        writing.clear()
        writing.close()
    built = build(url, progress("records"))
    if as_json:
        say_json({"indexed": built.next, "newest": built.newest})
    else:
        say(
            f"The index goes up to record {max(built.next - 1, 0)} of {built.newest}; a search looks through the rest "
            "by itself."
        )


def _write(found: "Iterable[Found]", as_json: bool) -> None:
    for each in found:
        if as_json:
            click.echo(json_text(whole(each)))
        else:
            say("  ".join(str(cell) for cell in line(each)))
        sys.stdout.flush()


def _gone(seconds: float) -> bool:
    """Wait; says at once that nobody reads any more, where the output is a pipe."""
    try:
        output = sys.stdout.fileno()
    except (OSError, ValueError):
        time.sleep(seconds)
        return False
    poll = select.poll()
    poll.register(output, 0)  # an error is told without being asked for
    return any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(seconds * 1000))


def _tell_reach(reach: "Reach") -> None:
    if reach.behind > _TELL_BEHIND:
        say_aside(
            f"The index goes up to record {max(reach.indexed - 1, 0)} of {reach.newest}; the rest was looked through "
            "one by one.  esb log index makes searching fast."
        )


def _tell_damaged(names: "Iterable[str]") -> None:
    for name in names:
        say_aside(f"Record {name} is damaged and is not shown: esb log verify")
