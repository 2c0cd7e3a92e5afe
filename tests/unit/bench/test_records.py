"""Both journals write the bus's own tables, in the same order and once."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from esb.bench.records import Row, open_journal

ROWS = [Row(f"{number:032x}-request", "request", b"leaf", b"message", b"", bytes([number]) * 32) for number in range(5)]
ANSWERS = [Row(f"{number:032x}-answer", "answer", b"leaf", b"message", b"sent", None) for number in range(5)]
_QUERY = (
    "SELECT r.record, r.kind, r.leaf, b.message, b.sent, r.replay_key FROM {0}record r JOIN {0}body b ON b.id = r.id"
)


def test_sqlite(tmp_path: Path) -> None:
    with open_journal(tmp_path / "x.db", None) as journal:
        journal.commit(ROWS)
        journal.commit(ANSWERS)
    with sqlite3.connect(tmp_path / "x.db") as connection:
        assert [Row(*row) for row in connection.execute(_QUERY.format("") + " ORDER BY r.id")] == [*ROWS, *ANSWERS]


def test_postgresql(fresh_postgres: str, tmp_path: Path) -> None:
    with open_journal(tmp_path / "x.db", fresh_postgres) as journal:
        journal.commit(ROWS)
        journal.commit(ANSWERS)
    libpq = make_url(fresh_postgres).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(libpq) as connection:
        rows = connection.execute((_QUERY.format("evidence.") + " ORDER BY r.id").encode()).fetchall()
    assert [Row(*row) for row in rows] == [*ROWS, *ANSWERS]


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_a_record_twice_is_not_written(where: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = request.getfixturevalue("fresh_postgres") if where == "postgresql" else None
    with open_journal(tmp_path / "x.db", url) as journal:
        journal.commit(ROWS)
        with pytest.raises((sqlite3.IntegrityError, psycopg.errors.UniqueViolation)):
            journal.commit(ROWS)
