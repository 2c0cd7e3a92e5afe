"""Reading XSD patterns: classes are right where it matters, on whether two atoms can match one character."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.schemas.regex import Atom, Choice, PatternInvalid, Repeat, Sequence, parse_pattern


def _overlap(one: str, other: str) -> bool:
    parts = parse_pattern(one + other)
    assert isinstance(parts, Sequence)
    first, second = parts.parts
    assert isinstance(first, Atom)
    assert isinstance(second, Atom)
    return bool(first.mask & second.mask)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("[a-f]", "[e-z]", True),
        ("[a-f]", "[g-z]", False),
        ("[^a]", "a", False),
        ("[^a]", "b", True),
        ("[a-z-[aeiou]]", "e", False),
        ("[a-z-[aeiou]]", "b", True),
        (r"\d", "[a-z]", False),
        (r"\d", r"\w", True),
        (r"\D", r"\d", False),
        (r"\w", r"\+", True),
        (r"\w", r"\.", False),
        (r"\s", " ", True),
        (r"[\s\S]", "x", True),
        (r"\i", "[0-9]", False),
        (r"\c", "[0-9]", True),
        (r"\p{Lu}", "[a-z]", False),
        (r"\p{L}", "[a-z]", True),
        (r"\P{L}", "[a-z]", False),
        (r"\p{IsCyrillic}", "[a-z]", True),
        (".", r"\n", False),
        (".", "x", True),
        (r"[\-x]", "-", True),
        (r"[+\-*]", ",", False),
        (r"[a\]b]", r"\]", True),
        ("[-a]", "-", True),
        ("[a-]", "-", True),
        (r"[\n-\r]", r"\n", True),
    ],
)
def test_overlap(one, other, together):
    assert _overlap(one, other) is together


def test_structure():
    match parse_pattern("(a|b{2,3})*c?d{4,}e{5}"):
        case Sequence((Repeat(Choice((_, Sequence((Repeat(_, 2, 3),)))), 0, None), Repeat(_, 0, 1), *rest)):
            assert [(part.least, part.most) for part in rest] == [(4, None), (5, 5)]
        case other:
            pytest.fail(f"read as {other}")


@pytest.mark.parametrize(
    "pattern", ["(", ")", "a)", "[a", "*", "a{", "a{x}", "\\", r"\p", r"\p{L", "[a-[b]c]", "(" * 5_000]
)
def test_broken_patterns_are_told_not_raised_otherwise(pattern):
    with pytest.raises(PatternInvalid):
        parse_pattern(pattern)


@given(st.text("ab.\\[](){}|*+?^-pdw,0123", max_size=30))
def test_any_text_is_a_pattern_or_is_told(pattern):
    with contextlib.suppress(PatternInvalid):
        parse_pattern(pattern)
