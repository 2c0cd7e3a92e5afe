"""Samples, judged by the schema itself."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.kernel.soap import open_envelope
from esb.wsdl.pattern import NoSample
from esb.wsdl.publish import publish_wsdl, published_documents
from esb.wsdl.read import read_contract
from esb.wsdl.sample import sample_request

Read = Callable[..., Contract]
Compiled = Callable[[bytes, Mapping[str, bytes]], Path]
OWN = '<xs:element name="answer"/><xs:element name="wrong"/>'


@pytest.fixture
def judged(compiled: Compiled, service: ServiceId) -> Callable[[Contract], list[etree._Element | None]]:
    def judge(contract: Contract) -> list[etree._Element | None]:
        published = publish_wsdl(contract, service, "https://bus.example/x")
        schema = etree.XMLSchema(etree.parse(compiled(published, published_documents(contract))))
        made = []
        for operation in contract.operations:
            payload = open_envelope(etree.fromstring(sample_request(contract, operation))).payload
            made.append(payload)
            if payload is not None:
                schema.assertValid(etree.fromstring(etree.tostring(payload)))
        return made

    return judge


Judged = Callable[[Contract], list[etree._Element]]


def test_our_own(family: Contract, judged: Judged) -> None:
    find, tell, ping = judged(family)
    assert find.findtext("{urn:example:messages}fin") == "1111111"
    assert tell.find("{urn:example:person}registered/code") is not None
    assert ping is None


@pytest.mark.parametrize(
    ("bundle", "main", "port_type"),
    [
        ("onvif.zip", "devicemgmt.wsdl", ""),
        ("cmis.zip", "wsdl/cmis11/CMISWS-Service.wsdl", "ObjectServicePort"),
        ("gml.zip", "service.wsdl", ""),
    ],
)
def test_public_families(contracts: Path, judged: Judged, bundle: str, main: str, port_type: str) -> None:
    assert judged(read_contract(contracts / "public" / bundle, main=main, port_type=port_type))


def test_abstract_types_heads_recursion_and_choices(
    read: Callable[..., Contract], wsdl: Callable[..., str], judged: Judged
) -> None:
    types = f"""<xs:schema targetNamespace="urn:t" elementFormDefault="qualified">{OWN}
      <xs:element name="ask"><xs:complexType><xs:sequence>
        <xs:element name="shape" type="t:Shape"/><xs:element ref="t:head" minOccurs="2" maxOccurs="3"/>
        <xs:element name="tree" type="t:Tree"/>
        <xs:any minOccurs="0" processContents="lax" namespace="##other"/>
        <xs:element name="amount"><xs:complexType><xs:simpleContent>
          <xs:extension base="xs:decimal">
            <xs:attribute name="currency" type="t:Currency" use="required"/></xs:extension>
        </xs:simpleContent></xs:complexType></xs:element>
        <xs:element name="words"><xs:simpleType><xs:list itemType="xs:token"/></xs:simpleType></xs:element>
        <xs:element name="either"><xs:simpleType>
          <xs:union memberTypes="xs:date t:Currency"/></xs:simpleType></xs:element>
      </xs:sequence><xs:attribute name="id" type="xs:ID" use="required"/></xs:complexType></xs:element>
      <xs:complexType name="Shape" abstract="true"><xs:sequence>
        <xs:element name="n" type="xs:int"/></xs:sequence></xs:complexType>
      <xs:complexType name="Circle"><xs:complexContent><xs:extension base="t:Shape">
        <xs:sequence><xs:element name="r" type="xs:double"/></xs:sequence>
        </xs:extension></xs:complexContent></xs:complexType>
      <xs:element name="head" type="xs:string" abstract="true"/>
      <xs:element name="member" substitutionGroup="t:head"/>
      <xs:complexType name="Tree"><xs:choice>
        <xs:element name="node" type="t:Tree"/><xs:element name="leaf" fixed="x"/></xs:choice></xs:complexType>
      <xs:simpleType name="Currency"><xs:restriction base="xs:string">
        <xs:enumeration value="AZN"/></xs:restriction></xs:simpleType>
    </xs:schema>"""
    (ask,) = judged(read(wsdl(types=types)))
    (shape,) = ask.findall("{urn:t}shape")
    assert shape.get("{http://www.w3.org/2001/XMLSchema-instance}type").endswith(":Circle")
    assert len(ask.findall("{urn:t}member")) == 2
    assert ask.findtext("{urn:t}tree/{urn:t}leaf") == "x"


def test_what_can_never_end(read: Callable[..., Contract], wsdl: Callable[..., str]) -> None:
    types = f"""<xs:schema targetNamespace="urn:t">{OWN}<xs:element name="ask" type="t:T"/>
      <xs:complexType name="T"><xs:sequence>
        <xs:element name="a" type="t:T"/><xs:element name="b" type="t:T"/></xs:sequence></xs:complexType>
    </xs:schema>"""
    contract = read(wsdl(types=types))
    with pytest.raises(NoSample):
        sample_request(contract, contract.operations[0])


def test_a_choice_that_branches_for_ever_costs_no_more_than_the_limit(
    read: Callable[..., Contract], wsdl: Callable[..., str]
) -> None:
    branches = "".join(f'<xs:element name="e{n}" type="t:T"/>' for n in range(8))
    types = f"""<xs:schema targetNamespace="urn:t">{OWN}<xs:element name="ask" type="t:T"/>
      <xs:complexType name="T"><xs:choice>{branches}</xs:choice></xs:complexType></xs:schema>"""
    contract = read(wsdl(types=types))
    with pytest.raises(NoSample):
        sample_request(contract, contract.operations[0])
