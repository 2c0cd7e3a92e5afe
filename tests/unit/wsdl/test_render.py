"""Prefixes: declared once, and every reference still meaning what it meant."""

from collections.abc import Callable

from lxml import etree

from esb.kernel.contract import Contract
from esb.wsdl.inline import merge
from esb.wsdl.render import as_text

OWN = '<xs:element name="ask"/><xs:element name="answer"/><xs:element name="wrong"/>'


def test_no_prefix_is_declared_below_the_root(family: Contract) -> None:
    for merged in merge(family):
        assert as_text(merged, {}).count("xmlns") == as_text(merged, {}).partition(">")[0].count("xmlns")


def test_what_is_apart_is_imported_from_where_it_is(family: Contract) -> None:
    xml = "http://www.w3.org/XML/1998/namespace"
    (text,) = [as_text(found, {xml: "http://bus/x?xsd=xml.xsd"}) for found in merge(family) if xml in found.imports]
    assert f'<xs:import namespace="{xml}" schemaLocation="http://bus/x?xsd=xml.xsd"/>' in text


def test_paths_unions_and_names_in_values(read: Callable[..., Contract], wsdl: Callable[..., str]) -> None:
    types = f"""<schema xmlns="http://www.w3.org/2001/XMLSchema" xmlns:tns="urn:other" xmlns:q="urn:q"
      targetNamespace="urn:t">
      <import namespace="urn:other"/>
      <simpleType name="U"><union memberTypes="tns:O t:N"/></simpleType>
      <simpleType name="N"><restriction base="QName"><enumeration value="q:x"/></restriction></simpleType>
      <element name="k"><complexType><sequence/></complexType>
        <unique name="u"><selector xpath="./tns:a/t:b|child::tns:c"/><field xpath="@id"/></unique></element>
      {OWN.replace("xs:", "")}</schema>
      <xs:schema targetNamespace="urn:other">
        <xs:simpleType name="O"><xs:restriction base="xs:string"/></xs:simpleType></xs:schema>"""
    contract = read(wsdl(types=types))
    (merged,) = [found for found in merge(contract) if found.namespace == "urn:t"]
    root = etree.fromstring(as_text(merged, {}))
    assert root.nsmap["tns"] == "urn:t"
    assert root.nsmap["q"] == "urn:q"
    other = next(prefix for prefix, uri in root.nsmap.items() if uri == "urn:other")
    assert root.find(".//{*}union").get("memberTypes") == f"{other}:O tns:N"
    assert root.find(".//{*}selector").get("xpath") == f"./{other}:a/tns:b|child::{other}:c"


def test_names_without_a_namespace_stay_without(read: Callable[..., Contract], wsdl: Callable[..., str]) -> None:
    types = f"""<xs:schema targetNamespace="urn:t"><xs:import/><xs:element name="e" type="T"/>{OWN}</xs:schema>
      <xs:schema><xs:simpleType name="T"><xs:restriction base="xs:string"/></xs:simpleType></xs:schema>"""
    texts = [as_text(found, {}) for found in merge(read(wsdl(types=types)))]
    assert '<xs:element name="e" type="T"/>' in texts[1]
    assert "targetNamespace" not in texts[0]
