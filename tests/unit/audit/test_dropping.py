"""Rows that leave: never the registry's changes, never the last one."""

from pathlib import Path

from support.archives import NOW, a_log, a_request

from esb.audit.dropping import drop_rows
from esb.audit.reading import log_reading
from esb.audit.store import open_store
from esb.audit.tree import Span


def test_changes_and_the_last_record_stay(tmp_path: Path) -> None:
    url = a_log(tmp_path)
    sizes = [path.stat().st_size for path in sorted(tmp_path.glob("evidence*2026-1[01].db"))]
    told: list[int] = []
    assert drop_rows(url, [Span(0, 1, 583)], told.append) == 583 - 3 - 1
    assert told == [500, 583]
    # Months that are over gave their room back.
    after = [path.stat().st_size for path in sorted(tmp_path.glob("evidence*2026-1[01].db"))]
    assert all(now < before / 2 for now, before in zip(after, sizes, strict=True))
    store = open_store(url, now=lambda: NOW)
    store.write([a_request(1, "new")])
    store.close()
    log = log_reading(tmp_path / "evidence.db")
    assert [row[0] for row in log.rows("SELECT id FROM record ORDER BY id")] == [10, 311, 572, 583, 584]
    assert sum(row[0] for row in log.rows("SELECT count(*) FROM body")) == 5
    log.close()
    assert drop_rows(url, [Span(0, 1, 583)]) == 1
