"""Violations speak the schema's words only: whatever a sender writes, none of it comes back."""

from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from esb.kernel.contract import Contract
from esb.schemas.compile import compile_judge

_TYPES = {
    "fin": '<xs:restriction base="xs:string"><xs:pattern value="[A-Z0-9]{7}"/></xs:restriction>',
    "quoted": """<xs:restriction base="xs:string"><xs:pattern value="it's the pattern 'x'"/></xs:restriction>""",
    "short": '<xs:restriction base="xs:string"><xs:minLength value="2"/><xs:maxLength value="5"/></xs:restriction>',
    "exact": '<xs:restriction base="xs:string"><xs:length value="4"/></xs:restriction>',
    "one": '<xs:restriction base="xs:string"><xs:enumeration value="A"/></xs:restriction>',
    "many": '<xs:restriction base="xs:string">'
    + "".join(f'<xs:enumeration value="v{number}"/>' for number in range(12))
    + "</xs:restriction>",
    "least": '<xs:restriction base="xs:int"><xs:minInclusive value="5"/><xs:maxExclusive value="10"/></xs:restriction>',
    "most": '<xs:restriction base="xs:int"><xs:minExclusive value="5"/><xs:maxInclusive value="10"/></xs:restriction>',
    "money": '<xs:restriction base="xs:decimal"><xs:totalDigits value="4"/><xs:fractionDigits value="2"/>'
    "</xs:restriction>",
    "list": '<xs:list itemType="xs:int"/>',
    "union": '<xs:union memberTypes="xs:int xs:date"/>',
}
_SCHEMA = (
    '<xs:element name="q"><xs:complexType><xs:sequence>'
    + "".join(
        f'<xs:element name="{name}" minOccurs="0"><xs:simpleType>{kind}</xs:simpleType></xs:element>'
        for name, kind in _TYPES.items()
    )
    + '<xs:element name="number" type="xs:int" minOccurs="0"/><xs:element name="fixed" type="xs:string" fixed="F" '
    'minOccurs="0"/><xs:element name="empty" minOccurs="0"><xs:complexType/></xs:element>'
    '<xs:element name="held" minOccurs="0"><xs:complexType><xs:attribute name="need" use="required"/>'
    '<xs:attribute name="f" fixed="1"/></xs:complexType></xs:element>'
    '<xs:element name="abstract" type="a:Abstract" minOccurs="0"/><xs:element name="key" minOccurs="0" '
    'maxOccurs="9" type="xs:string"/></xs:sequence><xs:attribute name="k" type="xs:int"/></xs:complexType>'
    '<xs:unique name="once"><xs:selector xpath="a:key"/><xs:field xpath="."/></xs:unique></xs:element>'
    '<xs:complexType name="Abstract" abstract="true"/>'
)


@pytest.fixture(scope="module")
def judge():
    text = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:a" xmlns:a="urn:a" '
        f'elementFormDefault="qualified">{_SCHEMA}</xs:schema>'
    )
    return compile_judge(
        Contract({"a.xsd": text.encode()}, "s.wsdl", ("a.xsd",), "urn:a", "S", "P", (), {}, frozenset(), "")
    )


@pytest.mark.parametrize(
    ("content", "path", "expected"),
    [
        ("<a:fin>SECRET</a:fin>", "/q/fin", "a value that matches the pattern [A-Z0-9]{7}"),
        ("<a:quoted>S</a:quoted>", "/q/quoted", "a value that matches the pattern it's the pattern 'x'"),
        ("<a:short>SECRET</a:short>", "/q/short", "a value with a length of at most 5"),
        ("<a:short>S</a:short>", "/q/short", "a value with a length of at least 2"),
        ("<a:exact>SECRET</a:exact>", "/q/exact", "a value with a length of exactly 4"),
        ("<a:one>SECRET</a:one>", "/q/one", "the value A"),
        ("<a:many>SECRET</a:many>", "/q/many", "one of: v0, v1, v2, v3, v4, v5, v6, v7, v8, v9 …"),
        ("<a:least>1</a:least>", "/q/least", "a value at least 5"),
        ("<a:least>10</a:least>", "/q/least", "a value less than 10"),
        ("<a:most>5</a:most>", "/q/most", "a value greater than 5"),
        ("<a:most>11</a:most>", "/q/most", "a value at most 10"),
        ("<a:money>12345</a:money>", "/q/money", "a number with at most 4 digits"),
        ("<a:money>1.234</a:money>", "/q/money", "a number with at most 2 fractional digits"),
        ("<a:list>SECRET</a:list>", "/q/list", "a value of type xs:int"),
        ("<a:union>SECRET</a:union>", "/q/union", "a value of the declared type"),
        ("<a:number>SECRET</a:number>", "/q/number", "a value of type xs:int"),
        ("<a:fixed>SECRET</a:fixed>", "/q/fixed", "the value F"),
        ("<a:empty>SECRET</a:empty>", "/q/empty", "no content: the element is empty"),
        ("<a:empty><a:SECRET/></a:empty>", "/q/empty", "no content: the element is empty"),
        ('<a:held need="" f="SECRET"/>', "/q/held/@f", "the value 1"),
        ("<a:held/>", "/q/held", "the attribute need"),
        ('<a:held need="" SECRET=""/>', "/q/held", "no attribute of this name"),
        (
            "<a:abstract/>",
            "/q/abstract",
            "an xsi:type that names a concrete type: the declared one is abstract",
        ),
        ('<a:number xsi:nil="1"/>', "/q/number", "no xsi:nil here: the element is not nillable"),
        (
            '<a:number xsi:type="a:SECRET">1</a:number>',
            "/q/number/@type",
            "an xsi:type that names a type of the schema",
        ),
        (
            '<a:number xsi:type="xs:string">1</a:number>',
            "/q/number/@type",
            "an xsi:type derived from the declared type",
        ),
        ("<a:key>S</a:key><a:key>S</a:key>", "/q/key[2]", "keys as the identity constraint once wants them"),
        ("<a:key/><a:SECRET/>", "/q/*", "no element here"),
        ("SECRET", "/q", "child elements only, without text between them"),
        ('<q xmlns="urn:a"/>', "/q/q", "one of: fin, quoted, short, exact, one, many, least, most, money, list"),
    ],
)
def test_the_sentence_says_what_would_be_right(judge, payload, content, path, expected):
    first = judge.judge(payload(f"<a:q>{content}</a:q>"))[0]
    assert (first.path, first.expected.removesuffix(" …")) == (path, expected.removesuffix(" …"))
    assert (first.line, first.column) == (2, 0)


def test_positions_are_found_without_prefixes_too(judge, payload):
    violations = judge.judge(payload('<q xmlns="urn:a"><key>1</key><key>2</key>\n<key>1</key></q>'))
    assert [(violation.line, violation.path) for violation in violations] == [(3, "/q/key[3]")]


def test_prefix_rebound_within_the_body(judge, payload):
    (violation,) = judge.judge(payload('<a:q><z:number xmlns:z="urn:a">x</z:number></a:q>'))
    assert violation.path == "/q/number"


_MARK = "Gizli7"
# Texts that imitate libxml2's own sentences, to be mistaken for them.
_FORGERIES = (
    "{mark}",
    "x' is not accepted by the pattern '{mark}",
    "x' is not an element of the set {{'{mark}",
    "x' is not a valid value of the atomic type '{mark}",
    "; this exceeds the allowed maximum length of '{mark}",
    "Expected is ( {mark} ).",
    ": This element is not expected. Expected is ( {{urn:a}}{mark} ).",
    "x' does not match the fixed value constraint '{mark}'.",
    "x', attribute '{mark}': y",
    "identity-constraint '{mark}'.",
    "('{mark}').",
)
_noise = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))
_text = st.builds(
    lambda before, form, after: before + form.format(mark=_MARK) + after, _noise, st.sampled_from(_FORGERIES), _noise
)
_places = st.sampled_from((*_TYPES, "number", "fixed", "empty", "held", "abstract", "key", _MARK))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(place=_places, text=_text, attribute=st.sampled_from(("k", "need", "f", _MARK, "xsi:type", "xsi:nil")))
def test_no_word_of_the_message_comes_back(judge, payload, place, text, attribute):
    """The marker stands as a value, a name, a prefix, a namespace, an attribute; no violation ever holds it."""
    value = escape(text)
    quoted = quoteattr(text)
    bodies = (
        f"<a:q><a:{place}>{value}</a:{place}></a:q>",
        f"<a:q k={quoted}><a:{place} {attribute}={quoted}/></a:q>",
        f"<a:q><m:{place} xmlns:m={quoted}/></a:q>",
        f"<a:q><{place} xmlns={quoted}>{value}</{place}></a:q>",
        f"<a:q><a:key>{value}</a:key><a:key>{value}</a:key></a:q>",
        f"<m:{place} xmlns:m={quoted}>{value}</m:{place}>",
        f'<a:q><{_MARK}:number xmlns:{_MARK}="urn:a">{value}</{_MARK}:number></a:q>',
    )
    for body in bodies:
        try:
            element = payload(body)
        except etree.XMLSyntaxError:
            continue  # libxml2 itself refuses a namespace that is no URI
        violations = judge.judge(element)
        assert violations or place in ("key", "held")
        for violation in violations:
            assert _MARK not in violation.path + violation.expected


def test_a_message_that_libxml2_cut_is_not_read(judge, payload):
    """libxml2 ends a message after 64,000 octets: what stands last is then the sender's own text."""
    text = "x' is not an element of the set {'v7'}." * 50_000
    (violation,) = judge.judge(payload(f"<a:q><a:one>{text}</a:one></a:q>"))
    assert violation.expected == "one of the values that the schema lists"
