"""A streamed judgement says what one in place says: the same verdict, sentences, lines and paths."""

from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.xml import compile_schema
from esb.schemas import stream as streaming
from esb.schemas.compile import compile_judge

_SCHEMA = """
<xs:element name="q" type="a:Node"/>
<xs:complexType name="Node"><xs:choice minOccurs="0" maxOccurs="unbounded">
<xs:element name="n" type="xs:int" nillable="true"/>
<xs:element name="s" type="xs:string"/>
<xs:element name="p"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="[a-z]*"/></xs:restriction>
</xs:simpleType></xs:element>
<xs:element name="f" type="xs:string" fixed="F"/>
<xs:element name="l"><xs:simpleType><xs:list itemType="xs:date"/></xs:simpleType></xs:element>
<xs:element name="u"><xs:simpleType><xs:union memberTypes="xs:int a:Code"/></xs:simpleType></xs:element>
<xs:element name="empty"><xs:complexType/></xs:element>
<xs:element name="mixed"><xs:complexType mixed="true"><xs:sequence><xs:element name="n" minOccurs="0"/></xs:sequence>
</xs:complexType></xs:element>
<xs:element name="held"><xs:complexType><xs:simpleContent><xs:extension base="xs:int">
<xs:attribute name="k" type="xs:int" use="required"/><xs:attribute name="c" type="a:Code" fixed="A"/>
</xs:extension></xs:simpleContent></xs:complexType></xs:element>
<xs:element name="node" type="a:Node" nillable="true"><xs:unique name="once"><xs:selector xpath="a:s"/>
<xs:field xpath="."/></xs:unique></xs:element>
<xs:element name="pair"><xs:complexType><xs:sequence><xs:element name="n" type="xs:int"/><xs:element name="s"/>
</xs:sequence></xs:complexType></xs:element>
<xs:element name="lax"><xs:complexType><xs:sequence><xs:any processContents="lax" maxOccurs="3"/></xs:sequence>
</xs:complexType></xs:element>
<xs:element name="base" type="a:Base"/>
</xs:choice><xs:attribute name="k" type="xs:int"/></xs:complexType>
<xs:simpleType name="Code"><xs:restriction base="xs:string"><xs:enumeration value="A"/><xs:enumeration value="B"/>
</xs:restriction></xs:simpleType>
<xs:complexType name="Base" abstract="true"><xs:sequence><xs:element name="n" type="xs:int"/></xs:sequence>
</xs:complexType>
<xs:complexType name="More"><xs:complexContent><xs:extension base="a:Base"><xs:sequence>
<xs:element name="s" minOccurs="0"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
"""
_NAMES = ["n", "s", "p", "f", "l", "u", "empty", "mixed", "held", "node", "pair", "lax", "base", "q", "strange"]
_TEXTS = (
    "",
    "1",
    "x",
    "F",
    "A",
    "2020-01-01 2020-01-02",
    " \n",
    "\n1\n",
    "a>b",
    "a<b&c",
    "]]>",
    "şə" * 200,
    "r\rs",
    "\t",
)
_ATTRIBUTES = (
    ("k", "1"), ("k", "x\ny"), ("c", "A"), ("c", ">\"/>"), ("xsi:nil", "true"), ("xsi:type", "a:More"),
    ("xsi:type", "z:More"), ("xsi:type", "xs:int"), ("xsi:type", "More"), ("strange", "<"), ("b:k", "1"),
)  # fmt: skip


def _element(name, prefix, attributes, break_, content):
    tag = prefix + name
    written = "".join(
        f"{break_}{key}={quoteattr(value, {chr(10): '&#10;'})}" for key, value in dict(attributes).items()
    )
    inside = "".join(part if part.startswith("<") else escape(part, {"\r": "&#13;"}) for part in content)
    return f"<{tag}{written}>{inside}</{tag}{break_}>" if inside or break_ == "\n" else f"<{tag}{written}/>"


def _elements(content):
    return st.builds(
        _element,
        st.sampled_from(_NAMES),
        st.sampled_from(("a:", "a:", "a:", "", "b:", "same:")),
        st.lists(st.sampled_from(_ATTRIBUTES), max_size=2),
        st.sampled_from((" ", "\n")),
        content,
    )


_text = st.sampled_from(_TEXTS)
_tree = st.recursive(
    _elements(st.lists(_text, max_size=1)),
    lambda inner: _elements(st.lists(st.one_of(inner, _text), max_size=6)),
    max_leaves=8,
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


def _payload(inside: str, payload):
    # The prefix "same" is declared here alone, "a" on the Envelope too.
    return payload(f'<a:q xmlns:same="urn:a"\n>{inside}</a:q>')


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=150)
@given(children=st.lists(_tree, max_size=4), piece=st.sampled_from((1, 40, 4_096)))
def test_streamed_and_in_place_agree(judge, payload, children, piece):
    element = _payload("\n".join(children), payload)
    before = etree.tostring(element.getroottree())
    whole, streaming._PIECE = streaming._PIECE, piece
    try:
        streamed = judge._streamed(element)
    finally:
        streaming._PIECE = whole
    assert streamed == judge._in_place(element)
    assert etree.tostring(element.getroottree()) == before


def _schema_of(content):
    text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{content}</xs:schema>'
    return compile_schema(text.encode(), "x.xsd", lambda _: None)


def test_a_text_in_parts_is_one_error():
    schema = _schema_of('<xs:element name="q"><xs:complexType/></xs:element>')
    (finding,) = streaming.stream(schema, etree.fromstring("<q>a&lt;b&lt;c</q>"), 20)
    assert finding.element.tag == "q"


def test_giving_up_is_no_verdict():
    """A pattern that was never checked takes libxml2 its ten million attempts."""
    schema = _schema_of(
        '<xs:element name="q"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="(a|aa)+"/>'
        "</xs:restriction></xs:simpleType></xs:element>"
    )
    with pytest.raises(streaming.Unjudged):
        streaming.stream(schema, etree.fromstring(f"<q>{'a' * 40}!</q>"), 20)


def test_values_that_grow_beyond_libxml2s_limits_are_given_up():
    """An attribute of quotes is six times as long when it is written out, which is more than libxml2 reads."""
    schema = _schema_of('<xs:element name="q"><xs:complexType><xs:attribute name="k"/></xs:complexType></xs:element>')
    element = etree.Element("q", k='"' * 4_000_000)
    with pytest.raises(streaming.Unjudged):
        streaming.stream(schema, element, 20)
