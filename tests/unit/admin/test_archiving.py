"""Archiving and dropping are acts on record, and the act of a drop is on record before the first record is gone."""

from pathlib import Path

import pytest
from support.archives import NOW, SIGNER, a_log

from esb.admin import archiving
from esb.admin.archiving import PlaceUnknown, archive, depot_at, drop, droppable_until
from esb.audit.depot import Folder
from esb.audit.depot_s3 import S3Access, S3Depot
from esb.audit.log import EvidenceReader
from esb.audit.record import StoreUnavailable
from esb.registry.acts import list_changes
from esb.registry.database import open_database, reading


def test_both_are_on_record(tmp_path: Path, sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url, depot, engine = a_log(tmp_path), Folder(tmp_path / "archive"), open_database(sqlite_database)
    who = {"author": "quliyeva", "clock": lambda: NOW}
    made = list(archive(engine, url, depot, SIGNER, "2026-11", **who))
    with reading(engine) as session:
        rows = list_changes(session)
        assert [(row.act, row.kind, row.key) for row in rows] == [("archive", "evidence", one.name) for one in made]
        assert [row.detail["digest"] for row in rows] == [one.digest for one in made]
    (first, _) = droppable_until(url, "2026-11", NOW)

    def broken(*_: object) -> int:
        raise StoreUnavailable("cut off")

    monkeypatch.setattr(archiving, "drop_rows", broken)
    with pytest.raises(StoreUnavailable):
        drop(engine, url, depot, SIGNER.key, first, **who)
    monkeypatch.undo()
    reader = EvidenceReader(url)
    (recorded,) = reader.recent(1)
    assert (recorded.entry.operation, recorded.entry.service) == ("drop", f"evidence:{made[0].name}")
    (first, _) = droppable_until(url, "2026-11", NOW)
    assert drop(engine, url, depot, SIGNER.key, first, **who) == 255
    with reading(engine) as session:
        assert [row.act for row in list_changes(session)] == ["archive", "archive", "drop"]
    reader.close()
    engine.dispose()


def test_a_place_is_a_folder_or_a_bucket() -> None:
    access = S3Access("https://store.example", "az-1", "bus", "secret")
    assert depot_at("/media/archive", lambda: access) == Folder(Path("/media/archive"))
    found = depot_at("s3://evidence/bus/log/", lambda: access)
    assert isinstance(found, S3Depot)
    assert (found.bucket, found.prefix, found.place) == ("evidence", "bus/log", "s3://evidence/bus/log")
    for wrong in ("", "s3:///x", "ftp://x/y"):
        with pytest.raises(PlaceUnknown):
            depot_at(wrong, lambda: access)
