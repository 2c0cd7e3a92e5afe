"""Expiring in a serving bus; what it does to a log: tests/contract/test_sealed_bodies.py."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.records import a_record
from support.sealed import MASTERS

from esb.admin import expiry
from esb.admin.expiry import Expiry, due, expire
from esb.admin.recording import Recorded
from esb.audit.record import StoreUnavailable
from esb.audit.store import open_data_keys, open_store
from esb.registry.database import open_database


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store = open_store(url, MASTERS)
    store.write([a_record(kept="full 2026-01-01"), a_record(kept="full 2026-01-02"), a_record()])
    store.close()
    return url


def test_only_who_is_elected_expires_and_only_now_and_then(url: str, sqlite_database: str) -> None:
    engine, said = open_database(sqlite_database), list[Any]()
    at = SimpleNamespace(monotonic=100.0, elected=False)
    clock: Any = SimpleNamespace(now=lambda: 1_767_300_000.0, monotonic=lambda: at.monotonic)  # 2026-01-01T20:40Z
    ending = Expiry(engine, url, "bus-1", clock, lambda: at.elected, 60.0, lambda *a, **k: said.append((a, k)))
    ending.look()
    assert (said, len(due(url, 1_767_380_000.0))) == ([], 1)
    at.elected = True
    ending.look()
    assert said == []
    clock.now = lambda: 1_767_380_000.0  # the day after
    at.monotonic = 159.0
    ending.look()
    assert said == []
    at.monotonic = 160.0
    ending.look()
    assert said[0][1] == {"keys": {"2026-01-01": 1}}
    assert ending.problem() == ""
    engine.dispose()


def test_no_key_goes_whose_act_is_not_on_record(
    url: str, sqlite_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(sqlite_database)

    def away(_: object) -> Recorded:
        raise StoreUnavailable("the disk is full")

    for catch_up in (away, lambda _: Recorded(1, ("change-1",))):
        monkeypatch.setattr(expiry.Recorder, "catch_up", catch_up)
        with pytest.raises(StoreUnavailable):
            expire(engine, url, author="bus", now=1_767_380_000.0)
    assert all(key.wrapped for key in open_data_keys(url).all())
    clock: Any = SimpleNamespace(now=lambda: 1_767_380_000.0, monotonic=lambda: 1.0)
    ending = Expiry(engine, url, "bus-1", clock, lambda: True, 60.0, lambda *_, **__: None)
    with pytest.raises(StoreUnavailable):
        ending.look()
    assert "still there" in ending.problem()
    engine.dispose()
