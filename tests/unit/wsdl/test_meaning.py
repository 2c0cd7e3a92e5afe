"""Types followed through bases, groups, references and substitutes."""

from collections.abc import Callable

import pytest

from esb.kernel.contract import Contract
from esb.wsdl.components import index
from esb.wsdl.meaning import Meaning, Unclear, accepts_empty
from esb.wsdl.values import atomic

SCHEMA = """<xs:schema targetNamespace="urn:t" elementFormDefault="qualified">
  <xs:element name="ask" type="t:Far"/><xs:element name="answer" type="xs:string"/>
  <xs:element name="wrong" type="xs:string"/>
  <xs:element name="head" type="t:Near"/><xs:element name="own" substitutionGroup="t:head"/>
  <xs:group name="G"><xs:sequence><xs:element name="g" type="xs:int"/></xs:sequence></xs:group>
  <xs:attributeGroup name="A"><xs:attribute name="x" type="xs:int" use="required"/></xs:attributeGroup>
  <xs:complexType name="Near"><xs:sequence><xs:element name="n" type="xs:int"/></xs:sequence>
    <xs:attributeGroup ref="t:A"/><xs:attribute name="y" type="xs:int"/></xs:complexType>
  <xs:complexType name="Far"><xs:complexContent><xs:extension base="t:Near">
    <xs:sequence><xs:group ref="t:G" minOccurs="0"/><xs:element ref="t:head"/></xs:sequence>
  </xs:extension></xs:complexContent></xs:complexType>
  <xs:complexType name="Less"><xs:complexContent><xs:restriction base="t:Near">
    <xs:sequence><xs:element name="n" type="xs:int"/></xs:sequence><xs:attribute name="y" use="prohibited"/>
  </xs:restriction></xs:complexContent></xs:complexType>
  <xs:complexType name="Circle"><xs:complexContent><xs:extension base="t:Circle"/></xs:complexContent></xs:complexType>
</xs:schema>"""


@pytest.fixture
def meaning(wsdl: Callable[..., str], read: Callable[..., Contract]) -> Meaning:
    return Meaning(index(read(wsdl(types=SCHEMA))))


def test_an_extension_holds_its_base_first(meaning: Meaning) -> None:
    content = meaning.content(meaning.type("{urn:t}Far"))
    assert content.model is not None
    names = [sorted(leaf.declared) for leaf in content.model.leaves()]
    assert names == [["{urn:t}n"], ["{urn:t}g"], ["{urn:t}head", "{urn:t}own"]]
    assert {name: each.required for name, each in content.attributes.items()} == {"x": True, "y": False}


def test_a_restriction_keeps_attributes_but_those_it_prohibits(meaning: Meaning) -> None:
    assert set(meaning.content(meaning.type("{urn:t}Less")).attributes) == {"x"}


def test_a_substitute_without_a_type_has_its_heads(meaning: Meaning) -> None:
    assert meaning.type_name(meaning.type_of(meaning.named("element", "{urn:t}own"))) == "{urn:t}Near"


def test_derived_types_are_found(meaning: Meaning) -> None:
    assert set(meaning.derived(meaning.type("{urn:t}Near"))) == {"{urn:t}Far", "{urn:t}Less"}


def test_what_leads_nowhere_or_back_is_unclear(meaning: Meaning) -> None:
    with pytest.raises(Unclear, match="not declared"):
        meaning.type("{urn:t}Missing")
    with pytest.raises(Unclear, match="itself"):
        meaning.content(meaning.type("{urn:t}Circle"))


def test_only_free_texts_surely_may_be_empty() -> None:
    assert accepts_empty(atomic("string"))
    assert not accepts_empty(atomic("int"))
