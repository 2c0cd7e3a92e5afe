"""Telling the patterns that take exponential time, without refusing those that people write."""

import pytest

from esb.schemas.arrange import arrange
from esb.schemas.patterns import Catastrophic, Effort, effort, pattern_problems
from esb.schemas.regex import PatternInvalid


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "[A-Z0-9]{7}",
        "[A-Z]{2}[0-9]{1,20}",
        r"\d{4}-\d{2}-\d{2}",
        r"(\d{1,3}\.){3}\d{1,3}",
        r"\+?[0-9 ()\-]{7,20}",
        "([0-9a-fA-F]{2})*",
        "([0-9]{4} ?){4}",
        ".*",
        r"[\s\S]*",
        "(a+)+",
        r"[^@]+@[^\.]+\..+",
        r"[\p{L}\p{Nd}\-]{1,35}",
        r"[A-Z]{6,6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3,3}){0,1}",
        "a{1,1000}b",
        "(a(b(c)?)?)?",
        "a{0}b",
    ],
)
def test_one_way_only(pattern):
    assert effort(pattern) == Effort(0, 1)


@pytest.mark.parametrize(
    ("pattern", "degree"),
    [
        ("(ab|ac)*", 0),
        (r"(\d{1,3}){1,5}", 0),
        (".+@.+", 1),
        (r"[a-z0-9.]+\.[a-z]{2,4}", 1),
        (r"https?://([\w.-]+/)*[\w.-]*", 1),
        (".*.*.*a", 3),
    ],
)
def test_a_few_ways(pattern, degree):
    assert effort(pattern).degree == degree


@pytest.mark.parametrize(
    "pattern",
    [
        "(a|a)*",
        "(a|aa)+",
        "(x+x+)+y",
        r"(\s*\S\s*)*",
        "prefix(a|aa)+",
        "(abc|abcabc)+d",
        "(a{1,50}){1,50}",
        "([a-z]+ ?){1,50}",
        "(a?){30}a{30}",
        # In XSD \w holds symbols, "+" among them: the address pattern that .NET made popular takes libxml2 seconds.
        r"\w+([-+.']\w+)*@\w+([-.]\w+)*\.\w+([-.]\w+)*",
        "((a{1,100}){1,100}){1,100}",
        "(a|b|ab){50}",
        "[a-z]" * 700,
    ],
)
def test_exponential_and_boundless_ones_are_told(pattern):
    with pytest.raises(Catastrophic):
        effort(pattern)


def test_steps_bound_what_a_value_costs():
    assert Effort(0, 1).steps(1_000) == 1_000
    assert Effort(1, 2).steps(1_000) == 2_000_000
    assert Effort(2, 1).steps(0) == 1


def test_problems_name_document_and_line(contract, schema):
    text = schema(
        '<xs:element name="q">\n<xs:simpleType><xs:restriction base="xs:string">\n<xs:pattern value="(a|aa)+"/>'
        '<xs:pattern value="(b"/><xs:pattern value="[a-z]+"/></xs:restriction></xs:simpleType></xs:element>'
    )
    (problem,) = pattern_problems(arrange(contract({"a.xsd": text})).parts)
    assert problem.startswith("a.xsd, line 4: the pattern ends in the middle")


def test_a_pattern_has_a_length():
    with pytest.raises(PatternInvalid, match="longer than 4000"):
        effort("a" * 4_001)
