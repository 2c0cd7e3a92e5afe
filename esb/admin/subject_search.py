"""Finding the records that name a person, under each pseudonym of his or hers, in the log and in its archive."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from heapq import merge
from typing import Final

from esb.audit.entry import MANY
from esb.audit.past import Past
from esb.audit.query import Query
from esb.audit.search import Found, Searcher

_LONGEST_US: Final = 3_600_000_000  # no exchange takes an hour


class Search:
    """Finds the records that name a person, under each of his or her pseudonyms."""

    def __init__(self, searchers: Mapping[str, Searcher]) -> None:
        self._searchers = searchers

    @property
    def unread(self) -> int:
        """Records that would fit and could not be read so far; without those of packages that are not at hand."""
        return sum(len(each.damaged) + each.lost for each in self._searchers.values())

    def every(self, since: int | None, until: int | None) -> Iterator[Found]:
        """Newest first; each once, for no record is made under two keys."""
        found = (each.every(_query(since, until, name)) for name, each in self._searchers.items())
        return merge(*found, key=lambda each: each.number, reverse=True)

    def crowds(self, since: int | None, until: int | None) -> Iterator[Found]:
        """Those that name more persons than a record holds."""
        return next(iter(self._searchers.values())).every(_query(since, until, MANY))


@contextmanager
def searching(url: str, names: Iterable[str], past: Past) -> Iterator[Search]:
    """A searcher for each pseudonym, because one is for one search at a time."""
    searchers = {name: Searcher(url, past) for name in names}
    try:
        yield Search(searchers)
    finally:
        for each in searchers.values():
            each.close()


def until_with_answers(until: int | None) -> int | None:
    """The time before which a record was made of what was asked before ``until``."""
    return None if until is None else until + _LONGEST_US


def _query(since: int | None, until: int | None, name: str) -> Query:
    return Query(subject=name, since=since, until=until_with_answers(until))
