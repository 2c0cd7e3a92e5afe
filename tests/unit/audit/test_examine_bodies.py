"""What less than all is kept of; whole logs: tests/contract/test_log_tampering.py."""

import json

import pytest
from support.records import a_record

from esb.audit.entry import Entry, Kind
from esb.audit.examine_bodies import Shredding, Tally, wrong_with_bodies
from esb.audit.record import Record
from esb.audit.store import open_bodies
from esb.audit.tree_reader import Row

CUT = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body></s:Body></s:Envelope>'
FULL = CUT.replace(b"></s:Body>", b"><a/></s:Body>")


def _wrong(record: Record, kept: bool = True, today: str = "", tally: Tally | None = None) -> list[str]:
    entry = record.entry
    facts = (entry.kind.value, entry.at, entry.consumer, entry.service, entry.outcome, entry.grant)
    row = Row(entry.record, *facts, None, record.leaf, kept, record.message, record.sent, record.key)
    bodies = open_bodies("sqlite:///nowhere.db", None)
    return list(wrong_with_bodies(row, entry, _judge, bodies, today, Tally() if tally is None else tally))


def _judge(sent: bytes, _: Entry) -> str:
    return "" if sent in (CUT, b"") else "not what was sent"


@pytest.mark.parametrize(
    ("kept", "message", "sent", "wrong"),
    [
        ("digests", b"", b"", []),
        ("digests", CUT, b"", ["more is kept of a record's messages than it says"]),
        ("headers", CUT, CUT, []),
        ("headers", b"", b"", []),
        ("headers", FULL, CUT, ["more is kept of a record's messages than it says"]),
        ("headers", CUT, FULL, ["more is kept of a record's messages than it says"]),
        ("headers", CUT, CUT.replace(b"></s:Body>", b" a='b'></s:Body>"), ["not what was sent"]),
        ("all of it", b"", b"", ["a record does not say in a known way what is kept of it"]),
    ],
)
def test_no_more_is_kept_than_the_record_says(kept: str, message: bytes, sent: bytes, wrong: list[str]) -> None:
    assert _wrong(a_record(kind=Kind.ANSWER, message=message, sent=sent, kept=kept)) == wrong


def test_messages_may_be_gone_once_their_day_is_past() -> None:
    record, tally = a_record(kept="headers 2026-11-30"), Tally()
    assert _wrong(record, kept=False, today="2026-11-30") == ["a record's messages are gone"]
    assert _wrong(record, kept=False, today="2026-12-01", tally=tally) == []
    assert tally.expired == {"2026-11-30": 1}


def test_acts_that_destroy_keys_are_noted() -> None:
    said = {"kind": "messages", "key": "2026-11-30", "at": 5, "act": "shred", "detail": {"keys": [3, 4]}}
    tally = Tally()
    record = a_record(kind=Kind.CHANGE, message=json.dumps(said).encode(), operation="shred")
    assert _wrong(record, tally=tally) == []
    other = a_record(kind=Kind.CHANGE, message=json.dumps({**said, "kind": "paper"}).encode(), operation="shred")
    assert _wrong(other, tally=tally) == []
    assert tally.shreddings == {Shredding(3, "2026-11-30", 5), Shredding(4, "2026-11-30", 5)}
