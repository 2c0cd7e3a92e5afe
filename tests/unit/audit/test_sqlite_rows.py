"""What is found of records that are there already."""

from collections.abc import Callable
from pathlib import Path

from esb.audit.record import WRITTEN, Duplicate, NotWritten, Record
from esb.audit.sqlite import SqliteStore, open_read
from esb.audit.sqlite_rows import known

MakeRecord = Callable[..., Record]


def test_what_a_file_knows_of_a_batch(tmp_path: Path, make_record: MakeRecord) -> None:
    store = SqliteStore(tmp_path / "evidence.db")
    first = make_record(replay_key=b"k" * 32)
    store.write([first])
    store.close()
    again = make_record(replay_key=b"k" * 32)
    altered = make_record(exchange=first.entry.exchange, reason="another")
    batch = [make_record(), first, again, altered, make_record(replay_key=b"n" * 32)]
    file = open_read(tmp_path / "evidence.db")
    found = known(file, batch)
    file.close()
    assert found == {
        1: WRITTEN,
        2: Duplicate(first.entry.exchange, first.entry.message_sha256),
        3: NotWritten("another record has this record's name"),
    }
