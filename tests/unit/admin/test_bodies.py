"""Nobody reads messages before that is on record."""

from pathlib import Path

import pytest
from support.records import a_record
from support.sealed import MASTERS

from esb.admin import bodies
from esb.admin.bodies import BodiesNotShown, read_bodies
from esb.admin.recording import Recorded
from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader
from esb.audit.record import Record, StoreUnavailable
from esb.audit.seal import MasterKeys
from esb.audit.store import open_store
from esb.registry.acts import list_changes
from esb.registry.database import open_database, reading
from esb.registry.errors import Invalid


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'evidence.db'}"


@pytest.fixture
def written(url: str) -> list[Record]:
    store = open_store(url, MASTERS)
    asked = a_record(message=b"<asked/>")
    batch = [
        asked,
        a_record(asked.entry.exchange, Kind.ANSWER, b"", b"<sent/>"),
        a_record(kept="digests"),
        a_record(message=b"<s/>", kept="headers"),
    ]
    store.write(batch)
    store.close()
    return batch


def test_the_act_is_in_the_log_when_the_key_is_asked_for(url: str, written: list[Record], sqlite_database: str) -> None:
    engine = open_database(sqlite_database)

    def masters() -> MasterKeys:
        reader = EvidenceReader(url)
        (act,) = reader.recent(kind=Kind.CHANGE)
        assert (act.entry.operation, act.entry.officer) == ("read", "eliyev")
        assert act.entry.service == f"messages:{written[0].entry.exchange}"
        reader.close()
        return MASTERS

    def read(record: Record, reason: str = "complaint 7") -> list[bodies.Messages]:
        exchange = record.entry.exchange
        return read_bodies(engine, url, masters, exchange, author="eliyev", reason=reason, now=1_800_000_000.0)

    first, second = read(written[0])
    assert (first.message, first.sent, first.note) == (b"<asked/>", b"", "")
    assert (second.message, second.sent) == (b"", b"<sent/>")
    assert "asked" not in repr(first)
    with reading(engine) as session:
        (change,) = list_changes(session)
    assert change.detail == {"reason": "complaint 7", "records": [first.record, second.record]}
    with pytest.raises(Invalid):
        read(written[0], " ")
    with pytest.raises(BodiesNotShown, match="holds no exchange"):
        read_bodies(engine, url, masters, "nothing", author="eliyev", reason="x", now=1.0)
    assert [one.note for one in read(written[2])] == ["not kept"]
    engine.dispose()


def test_where_the_act_cannot_be_recorded_nothing_is_read(
    url: str, written: list[Record], sqlite_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(sqlite_database)

    def never() -> MasterKeys:
        raise AssertionError("nothing may be opened")

    def away(_: object) -> Recorded:
        raise StoreUnavailable("the disk is full")

    for catch_up, error in ((away, StoreUnavailable), (lambda _: Recorded(1, ("change-1",)), BodiesNotShown)):
        monkeypatch.setattr(bodies.Recorder, "catch_up", catch_up)
        with pytest.raises(error):
            read_bodies(engine, url, never, written[0].entry.exchange, author="e", reason="x", now=1.0)
    engine.dispose()
