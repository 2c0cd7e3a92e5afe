"""Small contracts that a test bends in one place, and the readers of others that published WSDLs are tried with."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
import zeep
import zeep.transports
from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.wsdl.read import read_contract

CONTRACTS = Path(__file__).parents[2] / "contracts"
XSD = "http://www.w3.org/2001/XMLSchema"

SCHEMA = """<xs:schema targetNamespace="urn:t" elementFormDefault="qualified">
      <xs:element name="ask" type="xs:string"/>
      <xs:element name="answer" type="xs:string"/>
      <xs:element name="wrong" type="xs:string"/>
    </xs:schema>"""
MESSAGES = """<wsdl:message name="Ask"><wsdl:part name="body" element="t:ask"/></wsdl:message>
  <wsdl:message name="Answer"><wsdl:part name="body" element="t:answer"/></wsdl:message>
  <wsdl:message name="Wrong"><wsdl:part name="detail" element="t:wrong"/></wsdl:message>
  <wsdl:message name="Nothing"/>"""
ABSTRACT = """<wsdl:operation name="Do">
      <wsdl:input message="t:Ask"/><wsdl:output message="t:Answer"/>
    </wsdl:operation>"""
BOUND = """<wsdl:operation name="Do">
      <soap:operation soapAction="urn:t#Do"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>"""
PORT = '<wsdl:port name="P" binding="t:B"><soap:address location="http://provider.example/t"/></wsdl:port>'


def _wsdl(
    *,
    head: str = "",
    types: str = SCHEMA,
    messages: str = MESSAGES,
    abstract: str = ABSTRACT,
    bound: str = BOUND,
    binding: str = '<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>',
    port: str = PORT,
    more: str = "",
    namespace: str = "urn:t",
) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions targetNamespace="{namespace}" xmlns:t="urn:t" xmlns:xs="http://www.w3.org/2001/XMLSchema"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:wsam="http://www.w3.org/2007/05/addressing/metadata"
    xmlns:wsaw="http://www.w3.org/2006/05/addressing/wsdl" xmlns:http="http://schemas.xmlsoap.org/wsdl/http/"
    xmlns:mime="http://schemas.xmlsoap.org/wsdl/mime/">
  {head}
  <wsdl:types>{types}</wsdl:types>
  {messages}
  <wsdl:portType name="T">{abstract}</wsdl:portType>
  <wsdl:binding name="B" type="t:T">{binding}{bound}</wsdl:binding>
  {more}
  <wsdl:service name="S">{port}</wsdl:service>
</wsdl:definitions>"""


@pytest.fixture
def wsdl() -> Callable[..., str]:
    """Writes a good WSDL, with any part of it replaced."""
    return _wsdl


@pytest.fixture
def parts() -> SimpleNamespace:
    """The parts that ``wsdl`` puts together by default, for a test to bend."""
    return SimpleNamespace(schema=SCHEMA, messages=MESSAGES, abstract=ABSTRACT, bound=BOUND, port=PORT)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], Path]:
    """Writes files below a folder and gives the folder."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        for name, data in files.items():
            path = tmp_path / "bundle" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return tmp_path / "bundle"

    return write


@pytest.fixture
def read(folder: Callable[[Mapping[str, str | bytes]], Path]) -> Callable[..., Contract]:
    """Reads a contract from the text of its WSDL, with further files beside it."""

    def reading(text: str | bytes, files: Mapping[str, str | bytes] | None = None, **options: str) -> Contract:
        return read_contract(folder({"service.wsdl": text, **(files or {})}) / "service.wsdl", **options)  # type: ignore[arg-type]

    return reading


@pytest.fixture(scope="session")
def family() -> Contract:
    """Our own contract that has every way of spreading over files in it."""
    return read_contract(CONTRACTS / "own" / "family", main="wsdl/service.wsdl")


@pytest.fixture
def contracts() -> Path:
    """The folder of test contracts."""
    return CONTRACTS


@pytest.fixture
def service() -> ServiceId:
    """A resource's name."""
    return ServiceId.parse("DIN/IAMAS/PersonQuery/v1")


class _Transport(zeep.transports.Transport):  # type: ignore[misc]
    """Serves a published WSDL and its documents, and nothing else."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        super().__init__()
        self._documents = documents

    def load(self, url: str) -> bytes:
        return self._documents[url]


@pytest.fixture
def zeep_client() -> Callable[..., zeep.Client]:
    """Imports a published WSDL with zeep, strictly."""

    def make(published: bytes, address: str, documents: Mapping[str, bytes]) -> zeep.Client:
        served = {f"{address}?xsd={name}": data for name, data in documents.items()} | {f"{address}?wsdl": published}
        return zeep.Client(f"{address}?wsdl", transport=_Transport(served), settings=zeep.Settings(strict=True))

    return make


def _namespace(namespace: str | None) -> str:
    return f"namespace='{namespace}'" if namespace else ""


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[[bytes, Mapping[str, bytes]], Path]:
    """Sets a published WSDL's inline schemas out as files; gives one that imports them all."""

    def lay_out(published: bytes, documents: Mapping[str, bytes]) -> Path:
        schemas = etree.fromstring(published).findall(f".//{{{XSD}}}schema")
        names = {schema.get("targetNamespace"): f"inline{number}.xsd" for number, schema in enumerate(schemas)}
        assert len(names) == len(schemas), "one schema a namespace"
        for schema in schemas:
            for element in schema.findall(f"{{{XSD}}}import"):
                if element.get("schemaLocation") is None:
                    element.set("schemaLocation", names[element.get("namespace")])
                else:
                    element.set("schemaLocation", str(element.get("schemaLocation")).rpartition("=")[2])
            (tmp_path / names[schema.get("targetNamespace")]).write_bytes(etree.tostring(schema))
        for name, data in documents.items():
            (tmp_path / name).write_bytes(data)
        imports = "".join(
            f"<xs:import {_namespace(namespace)} schemaLocation='{name}'/>" for namespace, name in names.items()
        )
        driver = tmp_path / "driver.xsd"
        driver.write_text(f"<xs:schema xmlns:xs='{XSD}' targetNamespace='urn:driver'>{imports}</xs:schema>")
        return driver

    return lay_out
