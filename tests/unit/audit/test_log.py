"""What can go wrong in reading beyond the stores' contract: a file that is not a log, a reader that would write."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader
from esb.audit.record import Record, StoreUnavailable
from esb.audit.sqlite import SqliteStore

MakeRecord = Callable[..., Record]


def test_asking_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="check that its folder is there"):
        EvidenceReader(f"sqlite:///{tmp_path / 'evidence.db'}").recent()
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_tables_is_told(tmp_path: Path) -> None:
    path = tmp_path / "evidence.db"
    sqlite3.connect(path).close()
    path.touch()
    with pytest.raises(StoreUnavailable, match="no tables yet"):
        EvidenceReader(f"sqlite:///{path}").recent()


def test_a_file_that_is_no_log_is_told(tmp_path: Path) -> None:
    path = tmp_path / "evidence.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreUnavailable, match="is not one"):
        EvidenceReader(f"sqlite:///{path}").recent()


def test_a_path_with_signs_of_a_url_is_a_path(tmp_path: Path, make_record: MakeRecord) -> None:
    path = tmp_path / "a?mode=rwc#%41 b.db"
    store = SqliteStore(path)
    store.write([make_record()])
    assert len(EvidenceReader(f"sqlite:///{path}").recent()) == 1
    store.close()
    assert len(EvidenceReader(f"sqlite:///{path}").recent()) == 1


def test_a_refusal_after_the_request_is_its_answer(tmp_path: Path, make_record: MakeRecord) -> None:
    store = SqliteStore(tmp_path / "evidence.db")
    store.write([make_record(exchange="e"), make_record(exchange="e", kind=Kind.REFUSAL, sent=b"<fault/>")])
    assert EvidenceReader(f"sqlite:///{tmp_path / 'evidence.db'}").answer_of("e") == b"<fault/>"
    store.close()


def test_messages_that_have_expired_leave_their_record_readable(tmp_path: Path, make_record: MakeRecord) -> None:
    path = tmp_path / "evidence.db"
    store = SqliteStore(path)
    store.write([make_record(exchange="e")])
    store.close()
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM body")
    connection.commit()
    connection.close()
    reader = EvidenceReader(f"sqlite:///{path}")
    assert (reader.show("e")[0].message_size, reader.bodies("e-q")) == (0, None)
    reader.close()
