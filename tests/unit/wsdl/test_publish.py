"""The WSDL that consumers get: one file, one port, and readable by tools that are not ours."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
import xmlschema
import zeep
from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.wsdl.publish import ncname, publish_wsdl, published_documents
from esb.wsdl.read import read_contract

ADDRESS = "https://bus.example/services/DIN/IAMAS/PersonQuery/v1"
ZeepClient = Callable[[bytes, str, Mapping[str, bytes]], zeep.Client]

PUBLIC = [
    ("onvif.zip", "devicemgmt.wsdl", "", 82),
    ("onvif.zip", "media.wsdl", "", 79),
    ("onvif.zip", "events.wsdl", "PullPointSubscription", 3),
    ("onvif.zip", "actionengine.wsdl", "", 10),
    ("cmis.zip", "wsdl/cmis11/CMISWS-Service.wsdl", "ObjectServicePort", 20),
    ("cmis.zip", "wsdl/cmis11/CMISWS-Service.wsdl", "RepositoryServicePort", 8),
    ("gml.zip", "service.wsdl", "", 1),
]


@pytest.mark.parametrize("version", list(SoapVersion))
@pytest.mark.parametrize("policy", [False, True])
def test_zeep_reads_our_own(
    family: Contract, service: ServiceId, zeep_client: ZeepClient, version: SoapVersion, policy: bool
) -> None:
    published = publish_wsdl(family, service, ADDRESS, version, policy)
    client = zeep_client(published, ADDRESS, published_documents(family))
    (wsdl_service,) = client.wsdl.services.values()
    (port,) = wsdl_service.ports.values()
    assert (wsdl_service.name, port.binding_options["address"]) == ("FamilyRegister", ADDRESS)
    assert set(port.binding.all()) == {"Find", "Tell", "Ping"}
    message = client.create_message(client.service, "Find", fin="1111111", _soapheaders={"session": "token"})
    assert message.find(".//{urn:example:messages}fin").text == "1111111"
    assert b"provider.example" not in published


@pytest.mark.parametrize(("bundle", "main", "port_type", "operations"), PUBLIC)
def test_public_families(
    contracts: Path,
    service: ServiceId,
    zeep_client: ZeepClient,
    compiled: Callable[..., Path],
    bundle: str,
    main: str,
    port_type: str,
    operations: int,
) -> None:
    contract = read_contract(contracts / "public" / bundle, main=main, port_type=port_type)
    assert len(contract.operations) == operations
    published = publish_wsdl(contract, service, ADDRESS)
    client = zeep_client(published, ADDRESS, published_documents(contract))
    (port,) = [port for found in client.wsdl.services.values() for port in found.ports.values()]
    assert len(port.binding.all()) == operations
    driver = compiled(published, published_documents(contract))
    schema = etree.XMLSchema(etree.parse(driver))
    assert schema is not None
    second = xmlschema.XMLSchema(driver)
    for operation in contract.operations:
        assert operation.input in second.maps.elements


def test_the_published_wsdl_is_itself_a_contract_and_says_the_same(
    family: Contract, service: ServiceId, tmp_path: Path
) -> None:
    for name, data in published_documents(family).items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "s.wsdl").write_bytes(publish_wsdl(family, service, ADDRESS, apart=""))
    again = read_contract(tmp_path / "s.wsdl")
    assert [(o.name, o.input, o.output, o.soap_action, o.output_action) for o in again.operations] == [
        (o.name, o.input, o.output, o.soap_action, o.output_action) for o in family.operations
    ]
    assert again.faults == family.faults
    assert all(new.actions <= old.actions for new, old in zip(again.operations, family.operations, strict=True))


def test_the_same_bytes_each_time(family: Contract, service: ServiceId) -> None:
    assert publish_wsdl(family, service, ADDRESS) == publish_wsdl(family, service, ADDRESS)


def test_an_address_and_texts_stay_texts(
    read: Callable[..., Contract], wsdl: Callable[..., str], service: ServiceId
) -> None:
    abstract = "<wsdl:documentation>&lt;script&gt;</wsdl:documentation>"
    contract = read(wsdl().replace('<wsdl:portType name="T">', f'<wsdl:portType name="T">{abstract}'))
    published = publish_wsdl(contract, service, 'https://bus.example/?a="&b=<')
    assert b"<script>" not in published
    assert etree.fromstring(published).find(".//{*}address").get("location") == 'https://bus.example/?a="&b=<'


def test_messages_of_one_name_and_other_parts(
    read: Callable[..., Contract], wsdl: Callable[..., str], service: ServiceId, parts: SimpleNamespace
) -> None:
    other = """<?xml version="1.0"?><wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t"
      targetNamespace="urn:o"><wsdl:message name="Ask"><wsdl:part name="body" element="t:wrong"/></wsdl:message>
      </wsdl:definitions>"""
    fault = '<wsdl:output message="t:Answer"/><wsdl:fault name="f" xmlns:o="urn:o" message="o:Ask"/>'
    text = wsdl(
        head='<wsdl:import namespace="urn:o" location="o.wsdl"/>',
        abstract=parts.abstract.replace('<wsdl:output message="t:Answer"/>', fault),
    )
    root = etree.fromstring(publish_wsdl(read(text, {"o.wsdl": other}), service, ADDRESS))
    messages = {m.get("name"): m[0].get("element").partition(":")[2] for m in root.findall("{*}message")}
    assert messages == {"Ask": "ask", "Answer": "answer", "Ask-2": "wrong"}


def test_documents_refer_to_one_another_by_query(family: Contract) -> None:
    documents = published_documents(family)
    assert not any(name.endswith(".wsdl") for name in documents)
    assert b'schemaLocation="?xsd=codes.xsd"' in documents["types.xsd"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("PersonQuery/v1", "PersonQuery_v1"), ("1st", "_1st"), ("", "_"), (".a", "_.a"), ("Şlüz", "Şlüz")],
)
def test_names_for_wsdls(text: str, expected: str) -> None:
    assert ncname(text) == expected
