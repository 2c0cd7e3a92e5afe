"""JSON in the one form of RFC 8785, held against that document's own examples."""

import json
import random
import struct
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.kernel.canonical import NotCanonical, canonical_json, number_text

# RFC 8785 appendix B: IEEE 754 octets and what is written for them.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize(("octets", "text"), NUMBERS.items())
def test_numbers_are_written_as_the_document_says(octets: str, text: str) -> None:
    assert number_text(struct.unpack(">d", bytes.fromhex(octets))[0]) == text


def test_the_documents_own_example() -> None:
    """RFC 8785 section 3.2.2 and what section 3.2.4 says that it becomes."""
    given_text = r"""{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }"""
    assert canonical_json(json.loads(given_text)).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_stand_in_the_order_of_utf_16() -> None:
    """RFC 8785 section 3.2.3."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\u00f6"]
    assert list(json.loads(canonical_json(dict.fromkeys(keys)))) == [
        "\r", "1", "\x80", "\u00f6", "\u20ac", "\U0001f600", "\ufb33",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (float("nan"), "not finite"),
        ([float("inf")], "not finite"),
        (2**53 + 1, "beyond"),
        ("\ud800", "surrogate"),
        ({1: 2}, "no text"),
        (b"x", "bytes"),
        ({"a": {1, 2}}, "set"),
    ],
)
def test_what_has_no_form_is_refused(value: object, why: str) -> None:
    with pytest.raises(NotCanonical, match=why):
        canonical_json(value)


_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-(2.0**53), 2.0**53)  # a larger one, being whole, would read back as an integer that is refused
    | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(_JSON)
def test_it_reads_back_as_the_same_value_and_is_written_the_same_again(value: Any) -> None:
    written = canonical_json(value)
    read = json.loads(written)
    assert read == value
    assert canonical_json(read) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_so_that_it_reads_back(number: float) -> None:
    assert float(number_text(number)) == number


@pytest.mark.interop
def test_numbers_and_texts_are_written_as_ecmascript_writes_them() -> None:
    dice = random.Random(1)
    values: list[object] = [0.0, -0.0, 1e21, 1e20, 123456789012345680000.0, 1e-6, 1e-7, 5e-324]
    while len(values) < 3_000:
        value = struct.unpack("d", dice.randbytes(8))[0]
        if value == value and abs(value) != float("inf"):
            values.append(value)
    values += [chr(code) for code in range(0x20)] + ["\x7f", "\u2028", "Şlüz", "\U0001f600", '"\\/']
    code = 'process.stdout.write(JSON.stringify(JSON.parse(require("fs").readFileSync(0,"utf8"))))'
    node = subprocess.run(["node", "-e", code], input=json.dumps(values).encode(), capture_output=True, check=True)
    assert canonical_json(values) == node.stdout
