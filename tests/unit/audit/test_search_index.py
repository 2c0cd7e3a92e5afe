"""The place of the search index; what both databases promise is in tests/contract/test_evidence_search.py."""

import sqlite3
from pathlib import Path

import pytest

from esb.audit.postings import PIECE, Draft
from esb.audit.record import StoreUnavailable
from esb.audit.search_index import IndexUnfit, SearchIndex, State, index_path, index_reading, read_state


def test_a_file_of_its_own_readable_by_the_bus_alone(tmp_path: Path) -> None:
    log = tmp_path / "evidence.db"
    assert read_state(index_reading(log)) is None
    index = SearchIndex(log)
    assert index.state() == State(0, 0, b"")
    path = index_path(log)
    assert (path.name, path.stat().st_mode & 0o777, log.exists()) == ("evidence-search.db", 0o600, False)
    index.close()


def test_what_another_has_written_is_not_written_again(tmp_path: Path) -> None:
    one, other = SearchIndex(tmp_path / "evidence.db"), SearchIndex(tmp_path / "evidence.db")
    draft = Draft(0)
    draft.add(3, 7, {"officer": "x"})
    state = State(PIECE, 3, b"leaf")
    assert one.add(0, draft.pack(), state)
    assert not other.add(0, draft.pack(), state)
    assert other.state() == read_state(index_reading(tmp_path / "evidence.db")) == state
    other.clear()
    assert one.state() == State(0, 0, b"")
    one.close()
    other.close()


def test_a_file_that_was_deleted_is_made_anew(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path / "evidence.db")
    assert index.add(0, None, State(PIECE, 0, b""))
    index_path(tmp_path / "evidence.db").unlink()
    assert index.state() == State(0, 0, b"")
    index.close()


def test_an_index_of_another_version_is_refused(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path / "evidence.db")
    index.state()
    with sqlite3.connect(index_path(tmp_path / "evidence.db")) as connection:
        connection.execute("UPDATE search_state SET version = 99")
    connection.close()
    for ask in (index.state, lambda: read_state(index_reading(tmp_path / "evidence.db"))):
        with pytest.raises(IndexUnfit, match="--rebuild"):
            ask()
    index.close()


def test_a_file_that_is_none_is_told_and_made_anew(tmp_path: Path) -> None:
    log = tmp_path / "evidence.db"
    index_path(log).write_bytes(b"no database" * 100)
    index = SearchIndex(log)
    with pytest.raises(StoreUnavailable, match=r"damaged.*--rebuild"):
        index.state()
    with pytest.raises(StoreUnavailable, match="--rebuild"):
        read_state(index_reading(log))
    index.clear()
    assert index.state() == read_state(index_reading(log)) == State(0, 0, b"")
    index.close()
    with pytest.raises(StoreUnavailable):
        SearchIndex(tmp_path / "nowhere" / "evidence.db").state()


def test_an_index_that_was_set_back_is_told(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path / "evidence.db")
    draft = Draft(0)
    draft.add(3, 7, {"officer": "x"})
    assert index.add(0, draft.pack(), State(PIECE, 3, b"leaf"))
    with sqlite3.connect(index_path(tmp_path / "evidence.db")) as connection:
        connection.execute("UPDATE search_state SET next = 0")
    connection.close()
    with pytest.raises(IndexUnfit, match="contradicts itself"):
        index.add(0, draft.pack(), State(PIECE, 3, b"leaf"))
    index.close()
