"""What can go wrong with a leaf: bytes that are nearly canonical, facts of the wrong kind, another hash."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from esb.audit.entry import Entry, Kind
from esb.audit.leaf import LeafInvalid, leaf_bytes, leaf_hash, read_leaf


def test_a_leaf_is_written_to_the_byte(make_entry: Callable[..., Entry]) -> None:
    entry = make_entry(exchange="e1", message_sha256="dd" * 32, officer='"Əli"\n', kind=Kind.ANSWER, case_number="")
    assert (
        leaf_bytes(entry)
        == (
            '{"at":1700000000000000,"body_sha256":"' + "cc" * 32 + '","certificate":"' + "aa" * 32 + '",'
            '"client":"SSPF/PENSION","consumer":"SSPF","duration_us":950,"exchange":"e1","grant":7,"kind":"answer",'
            '"legal_basis":"Law on pensions, § 12","message_id":"urn:uuid:e1","message_sha256":"' + "dd" * 32 + '",'
            '"officer":"\\"Əli\\"\\n","operation":"GetPerson","outcome":"accepted","peer":"192.0.2.1",'
            '"purpose":"pension","record":"e1-a","service":"DIN/IAMAS/PersonQuery/v1","signature":"'
            + "bb" * 32
            + '","v":1}'
        ).encode()
    )


def test_a_leaf_is_hashed_apart_from_an_inner_node() -> None:
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"x") == hashlib.sha256(b"\0x").digest()


def test_zero_is_not_left_out(make_entry: Callable[..., Entry]) -> None:
    assert b'"duration_us":0' in leaf_bytes(make_entry(duration_us=0))


def test_persons_stand_in_a_leaf_only_where_there_are_some(make_entry: Callable[..., Entry]) -> None:
    assert b"subject" not in leaf_bytes(make_entry())
    assert b"unnamed" not in leaf_bytes(make_entry())
    named = make_entry(subject="0f" * 16, unnamed=2)
    assert leaf_bytes(named).endswith(b'"subject":"' + b"0f" * 16 + b'","unnamed":2,"v":1}')
    assert read_leaf(leaf_bytes(named)) == named


@pytest.mark.parametrize(
    "fields",
    [
        {"peer": "\ud800"},
        {"at": 2**53},
        {"duration_us": -(2**53)},
        {"record": "another-q"},
    ],
)
def test_an_entry_without_canonical_form_is_refused(
    make_entry: Callable[..., Entry], fields: dict[str, object]
) -> None:
    with pytest.raises(LeafInvalid):
        leaf_bytes(make_entry(**fields))


def _facts(entry: Entry) -> dict[str, object]:
    facts = json.loads(leaf_bytes(entry))
    assert isinstance(facts, dict)
    return facts


def _dump(facts: dict[str, object], **options: object) -> bytes:
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"), **options).encode()  # type: ignore[arg-type]


def test_only_the_canonical_form_is_read(make_entry: Callable[..., Entry]) -> None:
    entry = make_entry(officer="Əli")
    leaf, facts = leaf_bytes(entry), _facts(entry)
    assert read_leaf(leaf) == entry
    assert _dump(facts) == leaf
    for other in (
        leaf + b" ",
        b"\xef\xbb\xbf" + leaf,
        leaf.decode().encode("utf-16"),
        json.dumps(facts, separators=(",", ":")).encode(),  # escaped where it need not be
        json.dumps(facts, ensure_ascii=False).encode(),  # with spaces
        _dump(dict(reversed(facts.items()))),
        leaf.replace(b'"v":1}', b'"v":1,"v":1}'),
        leaf.replace(b'"v":1}', b'"v":1.0}'),
        leaf.replace(b'"v":1}', b'"v":true}'),
        leaf.replace(b'"duration_us":950', b'"duration_us":9.5e2'),
    ):
        with pytest.raises(LeafInvalid):
            read_leaf(other)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": None},
        {"at": None},
        {"at": "1"},
        {"at": True},
        {"kind": "rumour"},
        {"kind": 1},
        {"rule": ""},
        {"grant": None},
        {"extra": "x"},
        {"peer": 5},
        {"record": "0-q"},
    ],
)
def test_facts_of_the_wrong_kind_are_refused(make_entry: Callable[..., Entry], change: dict[str, object]) -> None:
    with pytest.raises(LeafInvalid):
        read_leaf(_dump(_facts(make_entry()) | change, sort_keys=True))


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b"1", b"\xff", b"[" * 100_000, b'{"v":' + b"9" * 5000 + b"}"])
def test_junk_is_refused(junk: bytes) -> None:
    with pytest.raises(LeafInvalid):
        read_leaf(junk)


def test_the_error_does_not_repeat_what_was_recorded(make_entry: Callable[..., Entry]) -> None:
    with pytest.raises(LeafInvalid) as caught:
        leaf_bytes(replace(make_entry(), officer="secret\ud800"))
    assert "secret" not in str(caught.value)
