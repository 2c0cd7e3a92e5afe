"""Exporting facts of the evidence log: each form as other programs read it, an act on record, whole or not at all."""

import csv
import errno
import hashlib
import json
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyarrow import parquet
from sqlalchemy import Engine
from support.records import a_record

from esb.admin.log_export import COLUMNS, ExportImpossible, export_log
from esb.audit.query import Query
from esb.audit.search import Searcher
from esb.audit.store import open_store
from esb.registry.acts import find_changes
from esb.registry.database import open_database, reading
from esb.registry.errors import Invalid

EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "'quoted", 'comma, "quote"\r\nand a line', "Əliyev", "plain")


@pytest.fixture
def engine(sqlite_database: str) -> Engine:
    return open_database(sqlite_database)


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store = open_store(url)
    store.write([a_record(officer=officer, consumer="EESMN", grant=7) for officer in EVIL] + [a_record()])
    store.close()
    return url


def export(engine: Engine, url: str, path: Path, form: str, query: Query = Query(consumer="EESMN")) -> str:  # noqa: B008
    exported = export_log(engine, Searcher(url), query, path, form, reason="letter 17", author="quliyeva", now=5.0)
    assert exported.records == len(EVIL)
    assert exported.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.stat().st_mode & 0o777 == 0o600
    return exported.sha256


def test_json_lines(engine: Engine, url: str, tmp_path: Path) -> None:
    export(engine, url, tmp_path / "out", "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out").read_bytes().splitlines()]
    assert [row["officer"] for row in rows] == list(EVIL)
    assert (tuple(rows[0]), rows[0]["at"], rows[0]["provider_us"]) == (COLUMNS, "2023-11-14T22:13:20.000000Z", None)


def test_csv_holds_no_formula(engine: Engine, url: str, tmp_path: Path) -> None:
    export(engine, url, tmp_path / "out", "csv")
    assert (tmp_path / "out").read_bytes().startswith(",".join(COLUMNS).encode() + b"\r\n")
    with (tmp_path / "out").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["officer"].startswith(tuple("=+-@\t＝")) for row in rows] == [False] * len(EVIL)
    assert [row["officer"].removeprefix("'") for row in rows] == list(EVIL)
    assert (rows[0]["number"], rows[0]["grant"], rows[0]["provider_us"]) == ("1", "7", "")


def test_parquet(engine: Engine, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("esb.admin.log_export._BATCH", 3)
    export(engine, url, tmp_path / "out", "parquet")
    table = parquet.read_table(tmp_path / "out")
    assert tuple(table.column_names) == COLUMNS
    assert table["officer"].to_pylist() == list(EVIL)
    assert table["at"].to_pylist()[0] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (table["grant"].to_pylist()[0], table["provider_us"].to_pylist()[0]) == (7, None)


def test_it_is_an_act_on_record(engine: Engine, url: str, tmp_path: Path) -> None:
    digest = export(engine, url, tmp_path / "out", "jsonl")
    with reading(engine) as session:
        act = find_changes(session, kind="evidence")[0]
    assert (act.act, act.author, act.detail["reason"], act.detail["sha256"]) == (
        "export",
        "quliyeva",
        "letter 17",
        digest,
    )
    assert (act.detail["query"], act.detail["records"]) == ({"consumer": "EESMN"}, len(EVIL))


def test_without_an_act_there_is_no_file(
    engine: Engine, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Invalid("no act")

    monkeypatch.setattr("esb.admin.log_export.acting", fail)
    with pytest.raises(Invalid, match="no act"):
        export(engine, url, tmp_path / "out", "jsonl")
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name or "export" in path.name] == []


def test_what_cannot_be_written_is_told(
    engine: Engine, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").write_text("x")
    for path in (tmp_path / "there", tmp_path / "nowhere" / "out"):
        with pytest.raises(ExportImpossible):
            export(engine, url, path, "csv")
    with pytest.raises(Invalid):
        export_log(engine, Searcher(url), Query(), tmp_path / "out", "csv", reason=" ", author="x", now=5.0)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ExportImpossible, match="shluz\\[parquet\\]"):
        export(engine, url, tmp_path / "out", "parquet")


def test_a_folder_that_knows_only_files_with_names(
    engine: Engine, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = os.open

    def opened(path: object, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "no")
        return plain(path, flags, mode)  # type: ignore[arg-type]

    monkeypatch.setattr("os.open", opened)
    export(engine, url, tmp_path / "out", "jsonl")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".export")] == []


def test_a_damaged_record_is_left_out_and_named(engine: Engine, url: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "evidence.db") as connection:
        connection.execute("UPDATE record SET leaf = x'00' WHERE id = 3")
    connection.close()
    exported = export_log(engine, Searcher(url), Query(), tmp_path / "out", "jsonl", reason="x", author="x", now=5.0)
    assert (exported.records, len(exported.damaged)) == (len(EVIL), 1)
