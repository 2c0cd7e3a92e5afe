"""Rows that leave: never the registry's changes, never the last one."""

import sqlite3
from pathlib import Path

from support.archives import a_log, a_request

from esb.audit.dropping import drop_rows
from esb.audit.store import open_store
from esb.audit.tree import Span


def test_changes_and_the_last_record_stay(tmp_path: Path) -> None:
    url = a_log(tmp_path)
    told: list[int] = []
    assert drop_rows(url, [Span(0, 1, 583)], told.append) == 583 - 3 - 1
    assert told == [500, 583]
    store = open_store(url)
    store.write([a_request(1, "new")])
    store.close()
    with sqlite3.connect(tmp_path / "evidence.db") as log:
        assert [row[0] for row in log.execute("SELECT id FROM record ORDER BY id")] == [10, 311, 572, 583, 584]
        assert log.execute("SELECT count(*) FROM body").fetchone() == (5,)
    log.close()
    assert drop_rows(url, [Span(0, 1, 583)]) == 1
