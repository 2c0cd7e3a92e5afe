"""The log's rows as they are, and where a moment lies in it."""

from pathlib import Path

from support.archives import a_log, moment

from esb.audit.raw import TABLES, RawReader
from esb.audit.tree import Span


def test_rows_and_moments(tmp_path: Path) -> None:
    reader = RawReader(a_log(tmp_path))
    assert [name for name, _ in reader.columns("record")][:2] == ["id", "record"]
    assert reader.columns("body")[0] == ("id", "INTEGER")
    for table in TABLES:
        rows = reader.raw(reader.select(table), 3, 6)
        assert [row[0] for row in rows] == [3, 4, 5]
        assert len(rows[0]) == len(reader.columns(table))
    assert list(reader.numbers(100, 310)) == [Span(100, 101, 201), Span(301, 302, 9)]
    # The changes, whose time is long past, do not lead it astray.
    assert reader.first_since(moment("2026-10")) == 0
    assert reader.first_since(moment("2026-10") + 20) == 21
    assert reader.first_since(moment("2026-11")) == 301
    assert reader.first_since(moment("2026-11"), 400) == 400
    assert reader.first_since(moment("2027-01")) == reader.size()
    assert reader.moment(reader.size() + 5) is None
    reader.close()
