"""A made log is what the store would have written, record by record."""

from pathlib import Path

import psycopg
import pytest

from esb.audit.leaf import leaf_bytes
from esb.audit.log import EvidenceReader
from esb.audit.record import WRITTEN
from esb.audit.store import open_store
from esb.bench.big_log import fill, made, record_of


def test_a_record_has_its_one_canonical_form() -> None:
    for number in (*range(80), 9_999_999):
        record = record_of(made(number))
        assert leaf_bytes(record.entry) == record.leaf
    assert {made(number).kind for number in range(80)} == {"request", "answer", "refusal"}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_store_finds_that_it_has_them_already(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("esb.bench.big_log._ROWS", 16)
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("fresh_postgres_dsn")
    told: list[int] = []
    fill(url, 41, told.append)
    assert told == [16, 32, 41]
    store, reader = open_store(url), EvidenceReader(url)
    assert store.write([record_of(made(number)) for number in range(41)]) == [WRITTEN] * 41
    assert store.write([record_of(made(41))]) == [WRITTEN]
    assert (reader.last_number() >= 42, len(reader.recent(100)), reader.counts_by_grant(0) != {}) == (True, 42, True)
    store.close()
    reader.close()
    if kind == "postgresql":
        with psycopg.connect(url) as database:
            used = database.execute("SELECT tableoid::regclass::text FROM evidence.record GROUP BY 1").fetchall()
        assert used == [("evidence.record_2025_10",)]
