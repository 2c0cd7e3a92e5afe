"""Putting changes on record; what databases have to do with it is in tests/contract/test_acts_on_record.py."""

from pathlib import Path
from typing import Any

from esb.admin.recording import Paced, Recorder, change_name
from esb.audit.log import EvidenceReader
from esb.registry.acts import acting, list_changes
from esb.registry.database import reading


def test_every_act_of_a_home_is_on_record_by_its_name(office: Any, tmp_path: Path) -> None:
    with acting(office.engine, "officer", 5.0) as act:
        act.record("hold", "inspection", "7", {"finding": "none"})
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    recorder = Recorder(office.engine, url)
    assert recorder.until == 0
    recorder.catch_up()
    with reading(office.engine) as session:
        rows = list_changes(session)
    reader = EvidenceReader(url)
    assert [len(reader.show(change_name(row))) for row in rows] == [1] * len(rows)
    assert recorder.until == rows[-1].number
    recorder.close()


def test_an_empty_registry_has_nothing_to_record(sqlite_database: str, tmp_path: Path) -> None:
    from esb.registry.database import open_database

    engine = open_database(sqlite_database)
    assert Recorder(engine, f"sqlite:///{tmp_path / 'evidence.db'}").catch_up().count == 0
    assert not (tmp_path / "evidence.db").exists(), "nothing was opened for nothing"
    engine.dispose()


def test_a_long_recording_is_told_now_and_then() -> None:
    said: list[tuple[str, dict[str, int]]] = []
    now = 0.0
    paced = Paced(lambda text, **facts: said.append((text, facts)), lambda: now)
    for done in range(500, 5_001, 500):
        paced(done, 5_000)
        now += 0.9
    assert [facts for _, facts in said] == [{"recorded": done, "of": 5_000} for done in (2_000, 3_500)]
    said.clear()
    paced(1, 1)
    assert said == [], "a short one is not worth a line"
