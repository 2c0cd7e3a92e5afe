"""Merging: one schema a namespace, meaning what its documents meant."""

from collections.abc import Callable

from esb.kernel.contract import Contract
from esb.wsdl.inline import merge
from esb.wsdl.render import as_text

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
OWN = '<xs:element name="ask"/><xs:element name="answer"/><xs:element name="wrong"/>'


def test_one_schema_a_namespace_and_what_is_imported_first(family: Contract) -> None:
    merged = merge(family)
    namespaces = [found.namespace for found in merged]
    assert len(set(namespaces)) == len(namespaces)
    for position, found in enumerate(merged):
        assert set(found.imports) <= set(namespaces[:position])


def test_a_chameleon_stands_in_each_namespace(family: Contract) -> None:
    named = {found.namespace: [c.get("name") for c in found.components] for found in merge(family)}
    assert "Letters" in named["urn:example:person"]
    assert "Letters" in named["urn:example:common"]


def test_defaults_that_differ_are_written_out(read: Callable[..., Contract], wsdl: Callable[..., str]) -> None:
    inner = """<xs:complexType name="C" block="extension"><xs:sequence>
      <xs:element name="e"/><xs:element ref="t:ask"/></xs:sequence><xs:attribute name="a"/></xs:complexType>
      <xs:element name="g"/><xs:attribute name="b"/>"""
    files = {
        "d.xsd": f'<xs:schema {XS} xmlns:t="urn:t" targetNamespace="urn:t" elementFormDefault="qualified" '
        f'attributeFormDefault="qualified" blockDefault="restriction" finalDefault="#all">{inner}</xs:schema>'
    }
    types = f'<xs:schema targetNamespace="urn:t"><xs:include schemaLocation="d.xsd"/>{OWN}</xs:schema>'
    (merged,) = merge(read(wsdl(types=types), files))
    text = as_text(merged, {})
    assert '<xs:complexType name="C" block="extension" final="#all">' in text
    assert '<xs:element name="e" form="qualified" block="restriction"/>' in text
    assert '<xs:element ref="tns:ask"/>' in text
    assert '<xs:attribute name="a" form="qualified"/>' in text
    assert '<xs:element name="g" block="restriction" final="#all"/>' in text
    assert '<xs:attribute name="b"/>' in text
    assert '<xs:element name="ask"/>' in text
    assert "FormDefault" not in text


def test_defaults_that_agree_stay_where_they_were(read: Callable[..., Contract], wsdl: Callable[..., str]) -> None:
    (merged,) = merge(read(wsdl()))
    assert merged.defaults == {"elementFormDefault": "qualified"}
