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


def test_a_catastrophic_pattern_that_was_never_checked_is_still_held(contract, schema, payload):
    text = schema(_WAYS["inline"].replace(".+@.+", "(a|aa)+"))
    judge = compile_judge(contract({"a.xsd": text}))
    assert "shorter" in judge.judge(payload(f"<a:q>{'a' * 40}!</a:q>"))[0].expected
