"""The bus's own fault stands in the WSDL that carries the policy, and only there."""

from collections.abc import Callable
from pathlib import Path

import pytest
import xmlschema
from lxml import etree

from esb import schemas
from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.kernel.namespaces import EXCHANGE, WSAM
from esb.kernel.soap import SoapVersion
from esb.wsdl.own_fault import FAULT_SCHEMA
from esb.wsdl.publish import publish_wsdl
from esb.wsdl.read import read_contract

ADDRESS = "https://bus.example/x"
W = {"w": "http://schemas.xmlsoap.org/wsdl/"}


@pytest.mark.parametrize("version", SoapVersion)
def test_every_answering_operation_has_it(family: Contract, service: ServiceId, version: SoapVersion) -> None:
    root = etree.fromstring(publish_wsdl(family, service, ADDRESS, version, policy=True))
    assert root.findall("w:message[@name='ExchangeFault']/w:part[@element='exch:Fault']", W)
    operations = root.findall("w:portType/w:operation", W)
    assert operations
    for operation in operations:
        faults = operation.findall("w:fault[@name='ExchangeFault']", W)
        bound = root.findall(
            f"w:binding/w:operation[@name='{operation.get('name')}']/w:fault[@name='ExchangeFault']", W
        )
        answers = operation.find("w:output", W) is not None
        assert len(faults) == len(bound) == (1 if answers else 0)
        assert all(fault.get(f"{{{WSAM}}}Action", "").endswith("/soap/fault") for fault in faults)
        assert all(len(each.findall("{*}fault[@use='literal']")) == 1 for each in bound)


def test_a_providers_fault_of_the_same_name_stays(wsdl: Callable[..., str], service: ServiceId, tmp_path: Path) -> None:
    fault = '<wsdl:fault name="ExchangeFault" message="t:Wrong"/>'
    abstract = f"""<wsdl:operation name="Do"><wsdl:input message="t:Ask"/><wsdl:output message="t:Answer"/>{fault}
        </wsdl:operation>"""
    bound = """<wsdl:operation name="Do"><soap:operation soapAction="urn:t#Do"/>
        <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
        <wsdl:fault name="ExchangeFault"><soap:fault name="ExchangeFault" use="literal"/></wsdl:fault>
        </wsdl:operation>"""
    path = tmp_path / "t.wsdl"
    path.write_text(wsdl(abstract=abstract, bound=bound))
    root = etree.fromstring(publish_wsdl(read_contract(path), service, ADDRESS, policy=True))
    names = [fault.get("name") for fault in root.findall("w:portType/w:operation/w:fault", W)]
    assert names == ["ExchangeFault", "ExchangeFault_"]


def test_the_plain_wsdl_is_the_providers(family: Contract, service: ServiceId) -> None:
    assert EXCHANGE.encode() not in publish_wsdl(family, service, ADDRESS)


def test_the_schema_is_that_of_the_protocol() -> None:
    """What the protocol's own schema takes, the published one takes."""

    def shape(schema: xmlschema.XMLSchema, name: str) -> list[tuple[str, object, object]]:
        content = schema.types[name].content
        assert isinstance(content, xmlschema.validators.XsdGroup)
        return [
            (str(each.name), each.min_occurs, each.max_occurs)
            for each in content
            if isinstance(each, xmlschema.XsdElement)
        ]

    whole = xmlschema.XMLSchema(str(Path(schemas.__file__).parent / "xsd" / "exchange.xsd"))
    published = xmlschema.XMLSchema(FAULT_SCHEMA)
    for name in ("Fault", "Violation"):
        assert shape(published, name) == shape(whole, name)
        assert shape(whole, name)
    assert list(published.types["Particular"].attributes) == list(whole.types["Particular"].attributes)
