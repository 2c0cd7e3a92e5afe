"""The fixed walk: nothing hides beside, inside or behind what is read."""

import pytest
from lxml import etree

from esb.certs.walk import check_attributes, children, from_base64, name_of, text_of
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.xml import XmlLimits, parse_message

RULE, LIMIT = rules.SIG_STRUCTURE, rules.SIG_LIMITS


def element(text):
    return parse_message(text.encode(), XmlLimits())


def rule_of(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value.rule


def test_children_stand_among_white_space_only():
    assert [child.tag for child in children(element("<a>\n <b/>\t<c>text</c>\r\n</a>"), RULE)] == ["b", "c"]
    assert children(element("<a/>"), RULE) == []
    for text in ("<a>x</a>", "<a>x<b/></a>", "<a><b/>x</a>", "<a><b/><c/>x</a>", "<a>\u00a0<b/></a>"):
        assert rule_of(children, element(text), RULE) is RULE


def test_attributes_are_those_listed():
    check_attributes(element('<a x="1" xmlns:n="urn:n" n:y="2"/>'), frozenset({"x", "{urn:n}y", "z"}), RULE)
    for text in ('<a y="2"/>', '<a xmlns:m="urn:m" m:x="2"/>', '<a xml:id="x"/>'):
        assert rule_of(check_attributes, element(text), frozenset({"x"}), RULE) is RULE


def test_text_is_the_whole_text():
    assert (
        text_of(element("<a>be<!-- split -->fore<![CDATA[ and ]]>af&#x74;er</a>"), 30, RULE, LIMIT)
        == "before and after"
    )
    assert text_of(element("<a/>"), 0, RULE, LIMIT) == ""
    assert rule_of(text_of, element("<a>x<b/>y</a>"), 10, RULE, LIMIT) is RULE
    assert rule_of(text_of, element("<a>xxx</a>"), 2, RULE, LIMIT) is LIMIT


@pytest.mark.parametrize(
    ("text", "octets"), [("", b""), ("AAE=", b"\0\1"), (" A\nA\r\tE = ", b"\0\1"), ("AAEC", b"\0\1\2")]
)
def test_base64(text, octets):
    assert from_base64(text, element("<a/>"), RULE) == octets


@pytest.mark.parametrize(
    "text", ["A", "AA", "AAE", "AA=E", "AAE==", "AAE=AAE=", "=AAE", "A-_E", "AAE=x", "\u00c4AE=", "AA\u00a0E="]
)
def test_what_is_not_base64(text):
    assert rule_of(from_base64, text, element("<a/>"), RULE) is RULE


def test_names_told_are_short():
    assert name_of(etree.Element("{urn:x}" + "n" * 500)) == "n" * 64
