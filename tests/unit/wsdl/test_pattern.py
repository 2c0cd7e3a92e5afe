"""Strings made for patterns, judged by libxml2."""

import pytest
from lxml import etree

from esb.wsdl.pattern import NoSample, match_for

PATTERNS = [
    "[0-9A-HJ-NP-Z]{7}", r"\d{4}-\d{2}-\d{2}", "[A-Z]+", "(a|b)c*d?", r"\+994\d{9}", "[^a-z]{3}", r"[a-z-[aeiou]]{2,5}",
    r"\i\c*", r"[\w\-.]+@[\w.]+", "", "a{0}", r"\p{L}{2}", r"\S+\s\D", r"[+\-]?[0-9]+",
    "(([0-9]{1,3})(\\.[0-9]{1,3}){3})", "x|", r"[\-a]", r"\n\t", ".{3}",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_made_matches(pattern: str) -> None:
    xs = "http://www.w3.org/2001/XMLSchema"
    root = etree.Element(f"{{{xs}}}schema", nsmap={"xs": xs})
    element = etree.SubElement(root, f"{{{xs}}}element", name="e")
    simple = etree.SubElement(element, f"{{{xs}}}simpleType")
    restriction = etree.SubElement(simple, f"{{{xs}}}restriction", base="xs:string")
    etree.SubElement(restriction, f"{{{xs}}}pattern", value=pattern)
    made = etree.Element("e")
    made.text = match_for(pattern)
    assert etree.XMLSchema(root).validate(made), made.text


def test_lengths() -> None:
    assert match_for("[A-Z]*", 3) == "AAA"
    assert match_for("a+b?", 0, 1) == "a"
    with pytest.raises(NoSample):
        match_for("a{2}", 0, 1)


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "a)",
        "[",
        "[a",
        "a{",
        "a{x}",
        "\\",
        "[a-[a]]",
        "(" * 10_000,
        "a{999999999}",
        "((((a{200}){200}){200}){200})",
    ],
)
def test_what_cannot_be_made(pattern: str) -> None:
    with pytest.raises(NoSample):
        match_for(pattern)
