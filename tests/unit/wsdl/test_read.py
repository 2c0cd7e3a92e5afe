"""Contracts as providers really write them: what is taken, and what is refused with which words."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from esb.kernel.contract import Contract
from esb.kernel.soap import SoapVersion
from esb.wsdl.read import interface_of, open_documents, read_contract
from esb.wsdl.refuse import ContractRefused

Read = Callable[..., Contract]
Wsdl = Callable[..., str]


def test_a_plain_contract(read: Read, wsdl: Wsdl) -> None:
    contract = read(wsdl())
    (operation,) = contract.operations
    assert (contract.main, contract.namespace, contract.service_name, contract.port_type) == (
        "service.wsdl",
        "urn:t",
        "S",
        "T",
    )
    assert (operation.name, operation.input, operation.output) == ("Do", "{urn:t}ask", "{urn:t}answer")
    assert operation.soap_action == "urn:t#Do"
    assert operation.actions == {"urn:t#Do", "urn:t:T:DoRequest"}
    assert operation.output_action == "urn:t:T:DoResponse"
    assert contract.provider_versions == {SoapVersion.V11}
    assert contract.endpoint == "http://provider.example/t"
    assert contract.schemas == ("service-types-1.xsd",)


def test_spread_over_folders_with_everything_that_providers_do(family: Contract) -> None:
    assert family.main == "service.wsdl"
    assert set(family.documents) == {
        "service.wsdl", "port.wsdl", "person.xsd", "types.xsd", "codes.xsd", "base-types.xsd", "more.xsd", "xml.xsd",
        "port-types-1.xsd", "port-types-2.xsd",
    }  # fmt: skip
    # The third schema of the WSDL only imports, so what it imports stands in its place.
    assert family.schemas == ("port-types-1.xsd", "port-types-2.xsd", "person.xsd")
    assert family.provider_versions == {SoapVersion.V11, SoapVersion.V12}
    assert family.faults == {"Find": ("{urn:example:messages}missing",)}
    find, tell, ping = family.operations
    assert find.input == "{urn:example:messages}find"
    assert find.actions == {"urn:example:family:find", "urn:example:family#Find", "urn:example:family#Find12"}
    assert find.soap_action == "urn:example:family#Find"  # the SOAP 1.1 binding's, which is the one published
    assert (tell.output, tell.soap_action) == (None, "")
    assert (ping.input, ping.output) == ("", "")


def test_references_are_flat_names_or_absent(family: Contract) -> None:
    for name, root in open_documents(family).items():
        for element in root.iter():
            for attribute in ("location", "schemaLocation"):
                value = element.get(attribute)
                if value is not None and "address" not in str(element.tag):
                    assert value in family.documents, (name, value)


def test_inline_schemas_bring_the_prefixes_they_inherited(family: Contract) -> None:
    root = open_documents(family)["port-types-1.xsd"]
    assert root.nsmap["p"] == "urn:example:person"


def test_the_interface_of_a_stored_contract_is_the_one_that_was_read(family: Contract) -> None:
    interface = interface_of(family)
    assert tuple(model.operation for model in interface.operations) == family.operations
    assert interface.operations[0].input.headers[0].part.element == "{urn:example:session}session"
    assert interface.documentation == "Who is whose, by FIN."


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1"])
def test_other_encodings_become_utf8(read: Read, wsdl: Wsdl, encoding: str) -> None:
    declared = {"utf-8-sig": "UTF-8"}.get(encoding, encoding)
    text = wsdl(head="<wsdl:documentation>Café</wsdl:documentation>").replace(
        'encoding="UTF-8"', f'encoding="{declared}"'
    )
    contract = read(text.encode(encoding))
    assert "Café".encode() in contract.documents["service.wsdl"]
    assert contract.documents["service.wsdl"].startswith(b"<?xml version='1.0' encoding='UTF-8'?>")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"binding": '<soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>'}, "style 'rpc'"),
        ({"binding": '<soap:binding transport="http://example.com/smtp"/>'}, "is not HTTP"),
        ({"binding": '<http:binding verb="GET"/>'}, "no SOAP binding"),
        ({"types": ""}, "declared in no schema"),
        ({"head": '<wsdl:import namespace="urn:x" location="other.wsdl"/>'}, "not in the bundle"),
        ({"port": '<wsdl:port name="P" binding="t:Other"/>'}, "names no binding"),
        ({"abstract": '<wsdl:operation name="Do"><wsdl:input message="t:None"/></wsdl:operation>'}, "names no message"),
    ],
)
def test_refused_with_the_reason(read: Read, wsdl: Wsdl, change: dict[str, str], reason: str) -> None:
    with pytest.raises(ContractRefused, match=reason) as caught:
        read(wsdl(**change))
    assert all(problem.startswith("service.wsdl") for problem in caught.value.problems)


def test_every_reason_is_told_at_once(read: Read, wsdl: Wsdl) -> None:
    types = '<xs:schema><xs:include schemaLocation="a.xsd"/><xs:include schemaLocation="b.xsd"/></xs:schema>'
    with pytest.raises(ContractRefused) as caught:
        read(wsdl(types=types))
    assert len(caught.value.problems) == 2
    assert "a.xsd" in caught.value.problems[0]


def test_wsdl_2_and_other_documents(read: Read, folder: Callable[..., object]) -> None:
    with pytest.raises(ContractRefused, match=r"WSDL 2\.0"):
        read('<description xmlns="http://www.w3.org/ns/wsdl"/>')
    with pytest.raises(ContractRefused, match="neither a WSDL"):
        read("<html><body>Not found</body></html>")
    with pytest.raises(ContractRefused, match="is a schema"):
        read('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>')
    with pytest.raises(ContractRefused, match="not well-formed"):
        read("<wsdl:definitions")


def test_a_port_type_is_named_where_there_are_several(read: Read, wsdl: Wsdl, parts: SimpleNamespace) -> None:
    more = f"""<wsdl:portType name="U">{parts.abstract}</wsdl:portType>
      <wsdl:binding name="C" type="t:U"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>{parts.bound}</wsdl:binding>"""
    port = (
        parts.port
        + '<wsdl:port name="Q" binding="t:C"><soap:address location="http://provider.example/u"/></wsdl:port>'
    )
    with pytest.raises(ContractRefused, match=r"several port types \(T, U\)"):
        read(wsdl(more=more, port=port))
    assert read(wsdl(more=more, port=port), port_type="U").endpoint == "http://provider.example/u"
    with pytest.raises(ContractRefused, match="for the port type 'V'"):
        read(wsdl(more=more, port=port), port_type="V")


def test_there_must_be_something_to_read(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ContractRefused, match="no such file"):
        read_contract(tmp_path / "nothing.wsdl")
