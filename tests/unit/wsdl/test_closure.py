"""Collecting documents: circles, chains, and references that lead to nothing or to something else."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from esb.kernel.contract import Contract
from esb.wsdl.limits import ReadLimits
from esb.wsdl.read import read_contract
from esb.wsdl.refuse import ContractRefused

Read = Callable[..., Contract]
Wsdl = Callable[..., str]

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'


def schema(namespace: str, content: str = "", declared: str = "") -> str:
    target = f'targetNamespace="{namespace}"' if namespace else ""
    return f"<xs:schema {XS} {declared} {target}>{content}</xs:schema>"


def types(content: str) -> str:
    own = '<xs:element name="ask" type="xs:string"/><xs:element name="answer" type="xs:string"/>'
    return schema("urn:t", content + own + '<xs:element name="wrong" type="xs:string"/>')


def test_circles_of_imports_and_includes_end(read: Read, wsdl: Wsdl) -> None:
    files = {
        "a.xsd": schema(
            "urn:a", '<xs:include schemaLocation="a.xsd"/><xs:import namespace="urn:b" schemaLocation="b.xsd"/>'
        ),
        "b.xsd": schema("urn:b", '<xs:import namespace="urn:a" schemaLocation="a.xsd"/>'),
        "again.wsdl": wsdl(namespace="urn:again", port="").replace(
            "<wsdl:types>", '<wsdl:import namespace="urn:t" location="service.wsdl"/><wsdl:types>'
        ),
    }
    contract = read(
        wsdl(
            types=types('<xs:import namespace="urn:a" schemaLocation="a.xsd"/>'),
            head='<wsdl:import namespace="urn:again" location="again.wsdl"/>',
        ),
        files,
    )
    assert {"a.xsd", "b.xsd", "again.wsdl"} < set(contract.documents)


def test_imports_without_location_are_found_inside_the_set(read: Read, wsdl: Wsdl) -> None:
    inline = types('<xs:import namespace="urn:other"/>') + schema("urn:other", '<xs:element name="e"/>')
    assert len(read(wsdl(types=inline)).schemas) == 2
    with pytest.raises(ContractRefused, match="xs:import of namespace 'urn:gone' cannot be resolved"):
        read(wsdl(types=types('<xs:import namespace="urn:gone"/>')))


def test_namespaces_known_to_everyone_need_no_document(read: Read, wsdl: Wsdl) -> None:
    imports = """<xs:import namespace="http://www.w3.org/2001/XMLSchema"/>
      <xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="http://www.w3.org/2001/xml.xsd"/>
      <xs:import namespace="http://schemas.xmlsoap.org/soap/encoding/"/>"""
    contract = read(wsdl(types=types(imports)))
    assert {"xml.xsd", "soap-encoding.xsd"} < set(contract.documents)


def test_a_web_reference_in_a_file_is_never_fetched(read: Read, wsdl: Wsdl) -> None:
    with pytest.raises(ContractRefused, match="nothing is fetched for a contract given as a file"):
        read(wsdl(types=types('<xs:import namespace="urn:a" schemaLocation="http://127.0.0.1:1/a.xsd"/>')))


def test_a_mirrored_site_stands_for_the_web(read: Read, wsdl: Wsdl) -> None:
    text = wsdl(types=types('<xs:import namespace="urn:a" schemaLocation="http://Schemas.example/x/a.xsd"/>'))
    assert "a.xsd" in read(text, {"schemas.example/x/a.xsd": schema("urn:a")}).documents


@pytest.mark.parametrize(
    ("reference", "document", "reason"),
    [
        ('<xs:import namespace="urn:a" schemaLocation="d.xsd"/>', schema("urn:b"), "d.xsd has 'urn:b'"),
        ('<xs:import namespace="urn:t" schemaLocation="d.xsd"/>', schema("urn:t"), "imports its own namespace"),
        ('<xs:include schemaLocation="d.xsd"/>', schema("urn:b"), "another namespace"),
        ("<xs:include/>", "", "no schemaLocation"),
        ('<xs:import namespace="urn:a" schemaLocation="service.wsdl"/>', "", "is a WSDL, not a schema"),
        ('<xs:include schemaLocation="d.xsd"/>', "<!DOCTYPE s []><s/>", "document type declaration"),
        ('<xs:include schemaLocation="d.xsd"/>', "<html/>", "neither a WSDL"),
    ],
)
def test_a_reference_must_lead_to_what_it_says(
    read: Read, wsdl: Wsdl, reference: str, document: str, reason: str
) -> None:
    with pytest.raises(ContractRefused, match=reason):
        read(wsdl(types=types(reference)), {"d.xsd": document})


def test_limits_on_number_size_and_depth(folder: Callable[..., object], wsdl: Wsdl) -> None:
    chain = {
        f"d{number}.xsd": schema("urn:t", f'<xs:include schemaLocation="d{number + 1}.xsd"/>') for number in range(1, 9)
    }
    root = folder(
        {"s.wsdl": wsdl(types=types('<xs:include schemaLocation="d1.xsd"/>')), **chain, "d9.xsd": schema("urn:t")}
    )
    path = root / "s.wsdl"  # type: ignore[operator]
    limits = ReadLimits()
    assert len(read_contract(path).documents) == 11
    with pytest.raises(ContractRefused, match="more than 5 documents"):
        read_contract(path, limits=replace(limits, documents=5))
    with pytest.raises(ContractRefused, match="longer than 3"):
        read_contract(path, limits=replace(limits, depth=3))
    with pytest.raises(ContractRefused, match="larger than 2500 bytes"):
        read_contract(path, limits=replace(limits, total_bytes=2500))
    with pytest.raises(ContractRefused, match="larger than 100 bytes"):
        read_contract(path, limits=replace(limits, document_bytes=100))
