"""What of a record's row is held against its leaf; whole logs: tests/contract/test_log_tampering.py."""

from dataclasses import replace

import pytest
from support.records import a_record

from esb.audit.entry import Entry, Kind
from esb.audit.examine import wrong_with
from esb.audit.examine_bodies import SentJudge
from esb.audit.record import Record, replay_key
from esb.audit.store import open_bodies
from esb.audit.tree_reader import Row


def _wrong(row: Row, sent: SentJudge | None = None) -> list[str]:
    return list(wrong_with(row, open_bodies("sqlite:///nowhere.db", None), sent))


def row_of(record: Record) -> Row:
    entry = record.entry
    facts = (entry.kind.value, entry.at, entry.consumer, entry.service, entry.outcome, entry.grant)
    return Row(entry.record, *facts, record.replay_key, record.leaf, True, record.message, record.sent, None)


def row(kind: Kind = Kind.REQUEST, **facts: object) -> Row:
    key = replay_key("SSPF", "m-1") if kind is Kind.REQUEST else None
    return row_of(a_record(kind=kind, message_id="m-1", replay_key=key, sent=b"sent", **facts))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_is_wrong_with_what_was_recorded(kind: Kind) -> None:
    assert _wrong(row(kind)) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"kind": "answer"}, "columns"),
        ({"at": 1}, "columns"),
        ({"consumer": "DIN"}, "columns"),
        ({"service": "x"}, "columns"),
        ({"outcome": "answered"}, "columns"),
        ({"grant": 3}, "columns"),
        ({"record": "x-q"}, "columns"),
        ({"replay_key": None}, "replay key"),
        ({"replay_key": b"x" * 32}, "replay key"),
        ({"kept": False}, "messages are gone"),
        ({"message": b"<other/>"}, "not the one that came"),
        ({"message": b""}, "message is gone"),
        ({"leaf": b"{}"}, "cannot be read"),
    ],
)
def test_what_differs_is_told(changed: dict[str, object], told: str) -> None:
    (found,) = _wrong(replace(row(), **changed))  # type: ignore[arg-type]
    assert told in found


def test_what_may_lawfully_be_left_out_is_not_missed() -> None:
    assert _wrong(replace(row(Kind.ANSWER), message=b"")) == []
    stranger = row(Kind.REFUSAL, consumer="")
    assert _wrong(replace(stranger, message=b"", sent=b"")) == []


def test_a_members_refusal_is_always_kept() -> None:
    assert _wrong(replace(row(Kind.REFUSAL), sent=b"")) == ["the envelope that was sent is gone"]


def test_only_what_was_sent_is_judged_as_sent() -> None:
    judged: list[bytes] = []

    def judge(sent: bytes, _: Entry) -> str:
        judged.append(sent)
        return "no"

    assert [_wrong(row(kind), judge) for kind in Kind] == [[], ["no"], ["no"], []]
    assert list(_wrong(replace(row(Kind.ANSWER), sent=b""), judge)) == ["no"]
    assert judged == [b"sent", b"sent", b""]
