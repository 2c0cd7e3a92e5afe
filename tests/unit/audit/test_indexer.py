"""The indexer's thread, and what it makes of leaves that nobody should ever meet."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.records import a_record

from esb.audit.indexer import Growing, Indexer, IndexForeign, build, facts_of
from esb.audit.query import Query
from esb.audit.search import Searcher
from esb.audit.search_index import SearchIndex, State
from esb.audit.store import open_store, open_tree


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("postings", "indexer", "search"):
        monkeypatch.setattr(f"esb.audit.{module}.PIECE", 16)


def log_of(folder: Path, count: int) -> str:
    url = f"sqlite:///{folder / 'evidence.db'}"
    store, tree = open_store(url), open_tree(url)
    store.write([a_record(officer=f"officer {number}") for number in range(count)])
    tree.add()
    tree.close()
    store.close()
    return url


def until(what: Callable[[], bool]) -> None:
    for _ in range(500):
        if what():
            return
        time.sleep(0.01)
    raise AssertionError("it never happened")


def test_the_thread_indexes_while_it_is_elected(tmp_path: Path) -> None:
    url = log_of(tmp_path, 40)
    elected: list[bool] = []
    indexer = Indexer(url, lambda: bool(elected), every=0.01)
    indexer.start()
    index = SearchIndex(tmp_path / "evidence.db")
    elected.append(True)
    until(lambda: index.state().next == 32)
    assert (index.state().last, indexer.problem()) == (31, "")
    assert indexer.stop(5)
    index.close()


def test_what_is_wrong_is_told_until_it_is_mended(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    indexer = Indexer(url, lambda: True, every=0.01)
    indexer.start()
    until(lambda: "stands still" in indexer.problem())
    log_of(tmp_path, 3)
    until(lambda: indexer.problem() == "")
    assert indexer.stop(5)
    levels = [line.levelname for line in caplog.records]
    assert (levels[0], levels[-1]) == ("ERROR", "INFO")


def test_a_fault_of_the_program_does_not_end_the_thread(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    answers = iter([lambda: 1 / 0])
    indexer = Indexer(log_of(tmp_path, 3), lambda: bool(next(answers, lambda: 1)()), every=0.01)
    indexer.start()
    until(lambda: any(line.levelname == "INFO" for line in caplog.records))
    assert indexer.stop(5)
    assert "ZeroDivisionError" in caplog.text


def test_an_index_of_another_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    url = log_of(tmp_path / "a", 40)
    build(url)
    (tmp_path / "a" / "evidence.db").unlink()
    (tmp_path / "a" / "evidence-tree.db").unlink()
    log_of(tmp_path / "a", 40)
    for ask in (lambda: build(url), lambda: Searcher(url).search(Query())):
        with pytest.raises(IndexForeign, match="--rebuild"):
            ask()


def test_an_index_that_claims_what_is_not_there_yet_is_refused(tmp_path: Path) -> None:
    url = log_of(tmp_path, 5)
    index = SearchIndex(tmp_path / "evidence.db")
    index.add(0, None, State(1_000, 0, b""))
    index.close()
    with pytest.raises(IndexForeign):
        Searcher(url).search(Query())


def test_a_damaged_leaf_is_passed_and_told_in_a_search(tmp_path: Path) -> None:
    url = log_of(tmp_path, 40)
    with sqlite3.connect(tmp_path / "evidence.db") as connection:
        for number, leaf in ((4, b"\xff"), (5, b"[]"), (6, b'{"service":5,"at":1}'), (7, b'{"at":"x"}')):
            connection.execute("UPDATE record SET leaf = ? WHERE id = ?", (leaf, number))
    connection.close()
    assert build(url).next == 32
    searcher = Searcher(url)
    page = searcher.search(Query(), 100)
    assert (len(page.records), len(page.damaged)) == (36, 4)
    assert [found.number for found in searcher.search(Query(officer="officer 2")).records] == [3]
    searcher.close()


def test_facts_of_what_is_none() -> None:
    assert facts_of(b"[" * 100_000) == facts_of(b"7") == facts_of(b"") == {}
    assert facts_of(b'{"v":1}') == {"v": 1}


def test_two_indexers_at_once_make_one_index(tmp_path: Path) -> None:
    url = log_of(tmp_path, 100)
    one, other = Growing(url), Growing(url)
    settled = one.settled()
    for _ in range(60):
        one.step(settled, 7)
        other.step(settled, 5)
    assert one.index.state() == other.index.state()
    assert one.index.state().next == 96
    one.close()
    other.close()
    searcher = Searcher(url)
    assert [found.number for found in searcher.search(Query(), 200, oldest_first=True).records] == list(range(1, 101))
    searcher.close()
