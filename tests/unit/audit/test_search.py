"""Searching: pages, the border of the index, and a name; the rest is in tests/contract/test_evidence_search.py."""

from pathlib import Path

import pytest
from support.records import a_record

from esb.audit.entry import Kind
from esb.audit.indexer import build
from esb.audit.query import Query
from esb.audit.record import StoreUnavailable
from esb.audit.search import Searcher
from esb.audit.search_index import SearchIndex
from esb.audit.store import open_store, open_tree


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A log of 50 records, 48 of them indexed."""
    for module in ("postings", "indexer", "search"):
        monkeypatch.setattr(f"esb.audit.{module}.PIECE", 16)
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store, tree = open_store(url), open_tree(url)
    store.write([a_record(f"e{number}", officer=f"officer {number % 2}") for number in range(50)])
    tree.add()
    build(url)
    tree.close()
    store.close()
    return url


def test_pages_go_on_where_the_one_before_ended(url: str) -> None:
    searcher = Searcher(url)
    first = searcher.search(Query(officer="officer 1"), 10)
    assert [found.entry.exchange for found in first.records] == [f"e{number}" for number in range(49, 29, -2)]
    second = searcher.search(Query(officer="officer 1"), 15, first.next)
    assert [found.entry.exchange for found in second.records] == [f"e{number}" for number in range(29, 0, -2)]
    assert second.next is None
    assert (second.reach.indexed, second.reach.newest, second.reach.behind) == (48, 50, 3)
    searcher.close()


def test_a_name_is_an_exchanges_or_a_records(url: str) -> None:
    searcher = Searcher(url)
    for name in ("e7", "e7-q"):
        assert [found.number for found in searcher.search(Query(name=name)).records] == [8]
    assert searcher.search(Query(name="e7", kind=Kind.ANSWER)).records == ()
    assert searcher.search(Query(name="e7"), after=8).records == ()
    searcher.close()


def test_an_index_that_is_made_anew_meanwhile_is_told(url: str, tmp_path: Path) -> None:
    searcher = Searcher(url)
    found = searcher.every(Query(officer="officer 1"), oldest_first=True)
    SearchIndex(tmp_path / "evidence.db").clear()
    assert next(found).number == 2  # it had not begun
    build(url)
    found = searcher.every(Query(officer="officer 1"))
    next(found)
    SearchIndex(tmp_path / "evidence.db").clear()
    with pytest.raises(StoreUnavailable, match="made anew"):
        list(found)
    searcher.close()
