"""Sealing: what comes out is what went in, in its own place alone; and another's AES-GCM opens it."""

import json
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esb.audit.seal import MESSAGE, OVERHEAD, SENT, BodyUnreadable, Seal

KEY = bytes(range(32))
FACTS = ("2026-11-30", 1_700_000_000_000_000, 7)
_NAMES = st.text(max_size=60).filter(lambda text: text.isprintable())


@settings(max_examples=40)
@given(_NAMES, st.sampled_from([MESSAGE, SENT]), st.binary(max_size=300))
def test_what_was_sealed_opens_in_its_place(record: str, column: bytes, octets: bytes) -> None:
    sealed = Seal(KEY, FACTS).close(record, column, octets)
    assert len(sealed) == (len(octets) + OVERHEAD if octets else 0)
    assert Seal(KEY, FACTS).open(record, column, sealed) == octets


@settings(max_examples=40)
@given(_NAMES, _NAMES, st.binary(min_size=1, max_size=40), st.integers(0, 10_000))
def test_it_opens_nowhere_else_and_not_altered(record: str, other: str, octets: bytes, at: int) -> None:
    seal = Seal(KEY, FACTS)
    sealed = seal.close(record, MESSAGE, octets)
    places = [(other, MESSAGE), (record, SENT)] if other != record else [(record, SENT)]
    for name, column in places:
        with pytest.raises(BodyUnreadable):
            seal.open(name, column, sealed)
    bit = at % (len(sealed) * 8)
    altered = bytearray(sealed)
    altered[bit // 8] ^= 1 << bit % 8
    for wrong in (bytes(altered), sealed[:-1], sealed[1:], sealed[:5], sealed + b"x"):
        with pytest.raises(BodyUnreadable):
            seal.open(record, MESSAGE, wrong)
    for facts in (("2026-12-01", *FACTS[1:]), (FACTS[0], 1, FACTS[2]), (*FACTS[:2], 8)):
        with pytest.raises(BodyUnreadable):
            Seal(KEY, facts).open(record, MESSAGE, sealed)


def test_two_seals_of_one_message_share_nothing() -> None:
    seal = Seal(KEY, FACTS)
    first, second = seal.close("x-q", MESSAGE, b"the same"), seal.close("x-q", MESSAGE, b"the same")
    assert first[:12] != second[:12]
    assert first[12:] != second[12:]


_NODE = """
const {createDecipheriv} = require('crypto');
const {key, facts, record, column, sealed} = JSON.parse(process.argv[1]);
const octets = Buffer.from(sealed, 'hex');
const aad = Buffer.concat([
  Buffer.from('shluz-body-1\\0' + facts.join('\\0') + '\\0'), Buffer.from(column + '\\0'), Buffer.from(record)]);
const open = createDecipheriv('aes-256-gcm', Buffer.from(key, 'hex'), octets.subarray(0, 12));
open.setAAD(aad);
open.setAuthTag(octets.subarray(octets.length - 16));
process.stdout.write(Buffer.concat([open.update(octets.subarray(12, octets.length - 16)), open.final()]));
"""


def test_another_implementation_opens_it_as_it_is_documented() -> None:
    record, octets = "01a0c450-Ə-q", "<şəxs/>\0".encode()
    told = {
        "key": KEY.hex(),
        "facts": [str(fact) for fact in FACTS],
        "record": record,
        "column": "message",
        "sealed": Seal(KEY, FACTS).close(record, MESSAGE, octets).hex(),
    }
    opened = subprocess.run(["node", "-e", _NODE, json.dumps(told)], check=True, capture_output=True)
    assert opened.stdout == octets
