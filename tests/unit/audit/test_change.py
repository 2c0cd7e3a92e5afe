"""The record of a change: its name, its message and its leaf."""

import hashlib
import json
from dataclasses import replace

import pytest

from esb.audit.change import Change, change_exchange, change_message, change_record
from esb.audit.entry import Kind
from esb.audit.leaf import read_leaf

CHANGE = Change(
    number=17,
    at=1_764_000_000.25,
    author="əliyev",
    act="add",
    kind="grant",
    key="9",
    detail={"purpose": "pension", "valid_from": 1_764_000_000.0, "valid_until": None, "per_second": 5},
)


def test_its_message_is_the_row_in_one_form() -> None:
    assert change_message(CHANGE).decode() == (
        '{"act":"add","at":1764000000250000,"author":"əliyev","detail":{"per_second":5,"purpose":"pension",'
        '"valid_from":1764000000,"valid_until":null},"key":"9","kind":"grant","number":17}'
    )


def test_its_facts_say_who_did_what_to_which_thing() -> None:
    record = change_record(CHANGE)
    entry = record.entry
    digest = hashlib.sha256(change_message(CHANGE)).hexdigest()
    assert entry.exchange == f"change-17-{digest[:16]}"
    assert entry.record == f"{entry.exchange}-c"
    assert (entry.kind, entry.officer, entry.operation, entry.service) == (Kind.CHANGE, "əliyev", "add", "grant:9")
    assert (entry.at, entry.outcome) == (1_764_000_000_250_000, "changed")
    assert entry.message_sha256 == digest == hashlib.sha256(record.message).hexdigest()
    assert (record.replay_key, record.sent) == (None, b"")
    assert read_leaf(record.leaf) == entry
    assert set(json.loads(record.leaf)) == {
        "at", "exchange", "kind", "message_sha256", "officer", "operation", "outcome", "record", "service", "v",
    }  # fmt: skip


def test_the_same_number_with_another_content_has_another_name() -> None:
    """A registry that was put back to an earlier state numbers its changes again."""
    other = replace(CHANGE, author="quliyev")
    assert change_exchange(17, change_message(other)) != change_exchange(17, change_message(CHANGE))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2**160, str(2**160)),
        (float("nan"), "nan"),
        ("\ud800", "\ufffd"),
        ([{"a": 2**60}], [{"a": str(2**60)}]),
        (True, True),
    ],
)
def test_nothing_in_a_detail_keeps_a_change_off_the_record(value: object, written: object) -> None:
    message = json.loads(change_message(replace(CHANGE, detail={"value": value})))
    assert message["detail"] == {"value": written}


def test_long_texts_are_clipped_in_the_facts_and_whole_in_the_message() -> None:
    record = change_record(replace(CHANGE, key="k" * 1_000, author="a\0" * 400))
    assert (len(record.entry.service), len(record.entry.officer)) == (256, 256)
    assert json.loads(record.message)["key"] == "k" * 1_000
