"""Strangers get so much room and no more; what members sent and were answered is always kept."""

from dataclasses import replace

from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import leaf_bytes
from esb.audit.record import Outcome, Record
from esb.audit.sparing import SparingWriter
from esb.audit.writer import Done

_TEXTS = {name: "" for name, written in Entry.__annotations__.items() if written is str}


def record(kind: Kind = Kind.REFUSAL, consumer: str = "") -> Record:
    values: dict[str, object] = {
        **_TEXTS,
        "record": record_id("x", kind),
        "exchange": "x",
        "kind": kind,
        "at": 1,
        "consumer": consumer,
        "grant": None,
        "message_sha256": "ab",
        "duration_us": 0,
        "provider_us": None,
    }
    entry = Entry(**values)  # type: ignore[arg-type]
    return Record(entry, leaf_bytes(entry), b"what came", b"what left", None)


class Kept:
    """A writer that only remembers."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.now = 10.0

    def submit(self, record: Record, done: Done) -> None:
        self.records.append(record)
        done(None)  # type: ignore[arg-type]


def test_beyond_the_rate_only_facts_and_digests_are_kept() -> None:
    kept, heard = Kept(), list[Outcome]()
    writer = SparingWriter(kept, 2, lambda: kept.now)
    for _ in range(4):
        writer.submit(record(), heard.append)
    kept.now = 11.0
    writer.submit(record(), heard.append)
    assert [bool(each.message) for each in kept.records] == [True, True, False, False, True]
    assert [bool(each.sent) for each in kept.records] == [True, True, False, False, True]
    spared = replace(record(), message=b"", sent=b"")
    assert kept.records[2] == spared
    assert spared.leaf == record().leaf
    assert len(heard) == 5


def test_what_has_a_signer_is_kept_whole_whatever_strangers_do() -> None:
    kept = Kept()
    writer = SparingWriter(kept, 0, lambda: kept.now)
    wanted = [record(consumer="EESMN"), record(Kind.ANSWER), record(Kind.REQUEST, "EESMN")]
    for each in wanted:
        writer.submit(each, lambda _: None)
    assert kept.records == wanted
    writer.submit(record(), lambda _: None)
    assert kept.records[-1].message == b""
