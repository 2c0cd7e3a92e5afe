"""What is the file's own; both places: tests/contract/test_sealed_bodies.py."""

import sqlite3
import stat
from pathlib import Path

import pytest

from esb.audit.data_keys_sqlite import SqliteDataKeys, keys_path
from esb.audit.record import StoreUnavailable


def test_who_only_asks_makes_no_file(tmp_path: Path) -> None:
    keys = SqliteDataKeys(tmp_path / "evidence.db")
    assert (keys.all(), keys.get(1)) == ([], None)
    assert list(tmp_path.iterdir()) == []
    keys.add("", 1, 1, "m", b"w")
    assert stat.S_IMODE(keys_path(tmp_path / "evidence.db").stat().st_mode) == 0o600
    keys.close()


def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    keys = SqliteDataKeys(tmp_path / "evidence.db")
    assert [keys.add("", 1, 1, "m", b"w").id for _ in range(2)] == [1, 2]
    file = sqlite3.connect(keys_path(tmp_path / "evidence.db"), isolation_level=None)
    file.execute("DELETE FROM data_key WHERE id = 2")
    assert keys.add("", 1, 1, "m", b"w").id == 3
    file.close()
    keys.close()


def test_keys_are_not_called_destroyed_while_somebody_reads_the_pages_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("esb.audit.data_keys_sqlite._BUSY_SECONDS", 0.05)
    keys = SqliteDataKeys(tmp_path / "evidence.db")
    key = keys.add("2026-11-30", 1, 1, "m", b"w" * 40)
    reader = sqlite3.connect(keys_path(tmp_path / "evidence.db"), isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT wrapped FROM data_key").fetchall() == [(b"w" * 40,)]
    with pytest.raises(StoreUnavailable, match="reads the log's keys without end"):
        keys.shred([key.id], 5)
    reader.close()
    keys.shred([key.id], 9)
    assert keys.all()[0].shredded == 5, "when it was first destroyed is what counts"
    keys.close()
