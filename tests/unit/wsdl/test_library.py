"""The shared types and the classifiers, and a contract that uses the types, end to end."""

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.schemas.check import check_contract
from esb.schemas.compile import compile_judge
from esb.wsdl.bundle import bundle_zip
from esb.wsdl.library import TYPES, ClassifierUnknown, classifier, classifiers, published, types_document
from esb.wsdl.publish import publish_wsdl, published_documents

XS = "{http://www.w3.org/2001/XMLSchema}"
ADDRESS = "http://bus.test/services/DIN/IAMAS/PersonQuery/v1"


def using(location: str) -> str:
    return f"""<xs:schema targetNamespace="urn:t" xmlns:s="{TYPES}" elementFormDefault="qualified">
      <xs:import namespace="{TYPES}"{location}/>
      <xs:element name="ask" type="s:Fin"/><xs:element name="answer" type="s:Person"/>
      <xs:element name="wrong" type="xs:string"/>
    </xs:schema>"""


@pytest.fixture
def contract(wsdl: Callable[..., str], read: Callable[..., Contract]) -> Contract:
    return read(wsdl(types=using("")))


@pytest.mark.parametrize(
    "location", ["", ' schemaLocation="http://bus.example/schemas/types-1.xsd"', ' schemaLocation="../../etc/passwd"']
)
def test_an_import_means_the_buss_own_document_wherever_it_points(
    wsdl: Callable[..., str], read: Callable[..., Contract], location: str
) -> None:
    contract = read(wsdl(types=using(location)))
    assert check_contract(contract).problems == ()
    judge = compile_judge(contract)
    for fin, valid in (("5ABC123", True), ("5ABI123", False), ("5ABC12", False), ("5abc123", False)):
        assert (judge.judge(etree.fromstring(f'<ask xmlns="urn:t">{fin}</ask>')) == ()) is valid, fin


def test_a_providers_own_edition_of_the_namespace_is_not_taken(
    wsdl: Callable[..., str], read: Callable[..., Contract]
) -> None:
    forged = types_document().replace(b"[0-9A-HJ-NP-Z]{7}", b".*")
    contract = read(wsdl(types=using(' schemaLocation="types-1.xsd"')), {"types-1.xsd": forged})
    assert all(b'value=".*"' not in document for document in contract.documents.values())


def test_the_published_wsdl_holds_the_types_and_zeep_reads_it(
    contract: Contract, service: ServiceId, zeep_client: Callable[..., Any]
) -> None:
    whole = publish_wsdl(contract, service, ADDRESS)
    assert TYPES.encode() in whole
    assert b"schemaLocation" not in whole
    documents: Mapping[str, bytes] = published_documents(contract)
    client = zeep_client(whole, ADDRESS, documents)
    made = client.get_type(f"{{{TYPES}}}Person")(fin="5ABC123", surname="Əliyev", name="Əli")
    assert made.fin == "5ABC123"


def test_the_bundle_is_closed(contract: Contract, service: ServiceId) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle_zip(contract, service, ADDRESS))) as bundle:
        names = set(bundle.namelist())
        assert "shluz-types-1.xsd" in names
        for name in names - {"README.txt"}:
            located = re.findall(rb'schemaLocation="([^"]+)"', bundle.read(name))
            assert {each.decode() for each in located} <= names


def test_every_type_is_documented_in_both_languages() -> None:
    root = etree.fromstring(types_document())
    for kind in root.iterchildren(f"{XS}simpleType", f"{XS}complexType"):
        languages = [each.get("{http://www.w3.org/XML/1998/namespace}lang") for each in kind.iter(f"{XS}documentation")]
        assert languages == ["az", "en"], kind.get("name")
    etree.XMLSchema(root)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("Voen", "1400040231", "140004023"),
        ("IdentityNumber", "AZE12345678", "AZE1234567"),
        ("IdentityNumber", "AA1234567", "AB1234567"),
        ("Phone", "+994125550000", "0125550000"),
        ("MoneyAzn", "12.50", "12.505"),
        ("PostalCode", "AZ1000", "1000"),
        ("Gender", "F", "f"),
        ("Code", "AZ-BA", "-"),
    ],
)
def test_values(kind: str, good: str, bad: str) -> None:
    root = etree.fromstring(types_document())
    root.append(etree.fromstring(f'<xs:element xmlns:xs="{XS[1:-1]}" xmlns:t="{TYPES}" name="it" type="t:{kind}"/>'))
    schema = etree.XMLSchema(root)
    for text, valid in ((good, True), (bad, False)):
        assert schema.validate(etree.fromstring(f'<it xmlns="{TYPES}">{text}</it>')) is valid


def test_classifiers_are_whole() -> None:
    assert {"region", "document-kind", "member-kind", "gender", "data-category"} <= set(classifiers())
    for code, each in classifiers().items():
        assert (each.code, each.version >= 1) == (code, True)
        assert all((each.az, each.en, each.source))
        codes = [entry.code for entry in each.entries]
        assert len(set(codes)) == len(codes) > 0
        assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", one) for one in codes)
        assert all(entry.az and entry.en for entry in each.entries)
    with pytest.raises(ClassifierUnknown, match="region"):
        classifier("nothing")


def test_what_is_published_is_named_plainly() -> None:
    assert "types-1.xsd" in published()
    assert "classifiers/region.json" in published()
