"""How much room a log takes and has."""

from pathlib import Path

import psycopg
import pytest
from support.archives import a_log, fill

from esb.audit.dropping import drop_rows
from esb.audit.record import StoreUnavailable
from esb.audit.room import INDEX, RECORDS, TREE, room_of
from esb.audit.tree import Span


def test_a_log_in_files_takes_what_its_files_take_and_has_what_the_disk_has(tmp_path: Path) -> None:
    url = a_log(tmp_path)
    room = room_of(url)
    assert room.parts[RECORDS] >= (tmp_path / "evidence.db").stat().st_size
    assert (room.parts[TREE] > 0, room.parts[INDEX], room.reusable) == (True, 0, 0)
    assert room.free is not None
    drop_rows(url, [Span(0, 1, 500)])
    after = room_of(url, capacity=10_000_000)
    # What leaves a month that is over goes back to the disk, and what leaves the last file is used again.
    assert (after.parts[RECORDS] < room.parts[RECORDS], after.reusable) == (True, 0)
    assert after.free == 10_000_000 - sum(after.parts.values())
    fill(f"sqlite:///{tmp_path / 'other.db'}", {"2026-10": 600})
    drop_rows(f"sqlite:///{tmp_path / 'other.db'}", [Span(0, 1, 500)])
    assert room_of(f"sqlite:///{tmp_path / 'other.db'}").reusable > 0
    with pytest.raises(StoreUnavailable):
        room_of(f"sqlite:///{tmp_path / 'none' / 'evidence.db'}")


def test_a_database_tells_of_each_part(fresh_postgres_dsn: str) -> None:
    fill(fresh_postgres_dsn, {"2026-10": 20})
    with psycopg.connect(fresh_postgres_dsn) as connection:
        connection.execute("CREATE TABLE evidence.search_x AS SELECT 1")
    room = room_of(fresh_postgres_dsn)
    assert all(room.parts[name] > 0 for name in (RECORDS, TREE, INDEX))
    assert room_of(fresh_postgres_dsn, 1).free == 0
