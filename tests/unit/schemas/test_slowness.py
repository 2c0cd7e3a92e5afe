"""Values are measured before a slow pattern meets them, however the pattern came to its element."""

import pytest

from esb.schemas.compile import compile_judge

_SLOW = '<xs:restriction base="xs:string"><xs:pattern value=".+@.+"/></xs:restriction>'
_NAMED = f'<xs:simpleType name="Address">{_SLOW}</xs:simpleType>'
_WAYS = {
    "inline": f'<xs:element name="q"><xs:simpleType>{_SLOW}</xs:simpleType></xs:element>',
    "named": f'{_NAMED}<xs:element name="q" type="a:Address"/>',
    "derived": f'<xs:element name="q" type="a:Work"/><xs:simpleType name="Work"><xs:restriction base="a:Address">'
    f'<xs:maxLength value="9999999"/></xs:restriction></xs:simpleType>{_NAMED}',
    "union": f'{_NAMED}<xs:element name="q"><xs:simpleType><xs:union memberTypes="xs:int a:Address"/></xs:simpleType>'
    "</xs:element>",
    "simple content": f'{_NAMED}<xs:element name="q" type="a:C"/><xs:complexType name="C"><xs:simpleContent>'
    '<xs:extension base="a:Address"/></xs:simpleContent></xs:complexType>',
    "substitution": f'{_NAMED}<xs:element name="head" type="a:Address"/>'
    '<xs:element name="q" substitutionGroup="a:head"/>',
}
_ATTRIBUTE = (
    f'{_NAMED}<xs:element name="q"><xs:complexType><xs:attribute name="k" type="a:Address"/>'
    "</xs:complexType></xs:element>"
)
_LONG = "@" * 100_000


@pytest.mark.parametrize("way", _WAYS)
def test_too_long_a_value_is_refused_unmatched(contract, schema, payload, way):
    judge = compile_judge(contract({"a.xsd": schema(_WAYS[way])}))
    assert judge.judge(payload("<a:q>a@b</a:q>")) == ()
    (violation,) = judge.judge(payload(f"<a:q>{_LONG}</a:q>"))
    assert "shorter values" in violation.expected


def test_attributes_and_xsi_type(contract, schema, payload):
    judge = compile_judge(contract({"a.xsd": schema(_ATTRIBUTE)}))
    assert judge.judge(payload('<a:q k="a@b"/>')) == ()
    assert "shorter" in judge.judge(payload(f'<a:q k="{_LONG}"/>'))[0].expected
    judge = compile_judge(contract({"a.xsd": schema(f'{_NAMED}<xs:element name="q" type="xs:string"/>')}))
    assert judge.judge(payload(f"<a:q>{_LONG}</a:q>")) == ()
    assert "shorter" in judge.judge(payload(f'<a:q xsi:type="a:Address">{_LONG}</a:q>'))[0].expected


def test_long_values_of_other_elements_do_not_count(contract, schema, payload):
    judge = compile_judge(
        contract(
            {
                "a.xsd": schema(
                    f'{_NAMED}<xs:element name="q"><xs:complexType><xs:sequence>'
                    f'<xs:element name="mail" type="a:Address"/>'
                    '<xs:element name="document" type="xs:base64Binary"/></xs:sequence></xs:complexType></xs:element>'
                )
            }
        )
    )
    assert judge.judge(payload(f"<a:q><a:mail>a@b</a:mail><a:document>{'QUJD' * 100_000}</a:document></a:q>")) == ()


def test_many_ordinary_values_are_judged(contract, schema, payload):
    """Their worst cases add up to minutes, but only one value in a million is the worst."""
    slow = '<xs:restriction base="xs:string"><xs:pattern value=".+@.+\\..+"/></xs:restriction>'
    content = (
        '<xs:element name="q"><xs:complexType><xs:sequence><xs:element name="mail" maxOccurs="unbounded">'
        f"<xs:simpleType>{slow}</xs:simpleType></xs:element></xs:sequence></xs:complexType></xs:element>"
    )
    judge = compile_judge(contract({"a.xsd": schema(content)}))
    rows = ["<a:mail>someone.or.other@agency.gov.az</a:mail>"] * 20_000
    assert judge.judge(payload(f"<a:q>{''.join(rows)}</a:q>")) == ()
    rows[15_000] = "<a:mail>nobody</a:mail>"
    (violation,) = judge.judge(payload(f"<a:q>{''.join(rows)}</a:q>"))
    assert violation.path == "/q/mail[15001]"


def test_the_worst_values_and_contents_meet_a_limit_of_time(contract, schema, payload):
    """Here a repeated group repeats what is in it, which cannot be written otherwise for one who only refers to it."""
    content = (
        '<xs:group name="g"><xs:choice><xs:element name="y"/><xs:element name="x" maxOccurs="unbounded"/></xs:choice>'
        '</xs:group><xs:element name="q"><xs:complexType><xs:sequence><xs:element name="row" maxOccurs="unbounded">'
        '<xs:complexType><xs:choice maxOccurs="unbounded"><xs:group ref="a:g"/><xs:element name="w"/></xs:choice>'
        "</xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>"
    )
    judge = compile_judge(contract({"a.xsd": schema(content)}))
    assert judge.judge(payload(f"<a:q>{'<a:row><a:x/><a:x/></a:row>' * 1_000}</a:q>")) == ()
    worst = f"<a:row>{'<a:x/>' * 60}<a:z/></a:row>"
    found = judge.judge(payload(f"<a:q>{worst * 100}</a:q>"))
    assert 1 <= len(found) < 100
