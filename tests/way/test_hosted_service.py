"""Typed services that the bus hosts: asked through the whole bus like any other, and refused like any other."""

import io
import time
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests
import zeep
from lxml import etree
from support.client import Reply, post, verify_with_xmlsec
from support.place import Place, make_place
from support.provider import Provider
from zeep.transports import Transport

from esb.admin.hosted import hosted_contract
from esb.admin.services import register_service
from esb.audit.entry import Kind
from esb.kernel.directory import SignatureMode
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.services import Terms
from esb.registry.sunsets import set_sunset

META = "urn:shluz:meta:1"
METADATA = ServiceId.parse("DIN/BUS/Metadata/v1")
PENSION = ServiceId.parse("DIN/PENSION/Calculator/v1")
LIST_SERVICES = f'<m:listServices xmlns:m="{META}"/>'.encode()
ESTIMATE = (
    b'<p:estimatePension xmlns:p="urn:shluz:demo:pension:1"><p:insured><p:born>1955-05-12</p:born><p:months>400'
    b"</p:months><p:earnings>1200.00</p:earnings><p:day>2024-01-01</p:day></p:insured></p:estimatePension>"
)


def host(place: Place, service: ServiceId, name: str) -> None:
    terms = Terms(endpoint=name, adapter="hosted", signature=SignatureMode.NONE, timeout=10.0)
    register_service(
        place.engine,
        service,
        hosted_contract(name),
        terms,
        author="operator",
        now=time.time(),
        told=lambda _: None,
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    provider = Provider()
    place = make_place(tmp_path_factory.mktemp("hosted") / "home", provider)
    place.member("STRANGER")
    host(place, METADATA, "metadata")
    host(place, PENSION, "pension")
    place.grant("EESMN", METADATA)
    place.grant("EESMN", PENSION)
    with place.acting() as act:
        set_sunset(act, PENSION, time.time() + 90 * 86_400, METADATA)
    with place.serve():
        yield place
    provider.close()


@pytest.fixture(params=[SoapVersion.V11, SoapVersion.V12], ids=["soap 1.1", "soap 1.2"])
def version(request: pytest.FixtureRequest) -> SoapVersion:
    found: SoapVersion = request.param
    return found


def bus_certificate(place: Place) -> Any:
    from cryptography import x509

    return x509.load_pem_x509_certificates(place.settings.keys.certificate.read_bytes())[0]


def ask(place: Place, service: ServiceId, body: bytes, version: SoapVersion, consumer: str = "EESMN") -> Reply:
    signed = place.consumers[consumer].sign(body, version=version)
    return post(place.port, service.path, signed, f"{version.media_type}; charset=utf-8")


def test_metadata_is_answered_signed_and_on_record(place: Place, version: SoapVersion) -> None:
    reply = ask(place, METADATA, LIST_SERVICES, version)
    assert reply.status == 200
    assert reply.root.tag == f"{{{version.value}}}Envelope"
    assert "Body" in verify_with_xmlsec(reply, bus_certificate(place))
    names = [each.text for each in reply.payload.iter(f"{{{META}}}name")]
    assert names == [METADATA.text, "DIN/IAMAS/PersonQuery/v1", PENSION.text]
    assert [record.entry.kind for record in place.records(reply.exchange)] == [Kind.REQUEST, Kind.ANSWER]


def test_the_pension_calculator_answers(place: Place, version: SoapVersion) -> None:
    reply = ask(place, PENSION, ESTIMATE, version)
    assert reply.status == 200
    assert "Body" in verify_with_xmlsec(reply, bus_certificate(place))
    assert reply.payload.findtext(".//{urn:shluz:demo:pension:1}monthly") == "833.33"


@pytest.mark.parametrize(("service", "body"), [(METADATA, LIST_SERVICES), (PENSION, ESTIMATE)])
def test_without_a_grant_the_answer_is_no(place: Place, version: SoapVersion, service: ServiceId, body: bytes) -> None:
    reply = ask(place, service, body, version, "STRANGER")
    assert (reply.code, reply.rule) == ("AccessDenied", "ACC-02")
    assert "Body" in verify_with_xmlsec(reply, bus_certificate(place))


def test_what_a_caller_may_ask(place: Place) -> None:
    place.grant("STRANGER", METADATA, operations=frozenset({"allowedMethods"}))
    place.settle()
    allowed = f'<m:allowedMethods xmlns:m="{META}"/>'.encode()
    own = ask(place, METADATA, allowed, SoapVersion.V11, "STRANGER")
    assert [each.text for each in own.payload.iter(f"{{{META}}}service", f"{{{META}}}method")] == [
        METADATA.text,
        "allowedMethods",
    ]
    others = ask(place, METADATA, allowed, SoapVersion.V11)
    assert len(others.payload) == 3


def test_a_services_own_fault_goes_over_in_the_callers_version(place: Place, version: SoapVersion) -> None:
    body = f'<m:listMethods xmlns:m="{META}"><m:service>&lt;x/&gt;</m:service></m:listMethods>'.encode()
    reply = ask(place, METADATA, body, version)
    assert reply.code == ""
    assert reply.payload.tag == f"{{{version.value}}}Fault"
    assert b"No service of this name" in reply.body
    assert [record.entry.outcome for record in place.records(reply.exchange)] == ["accepted", "provider-fault"]


def test_a_body_against_the_types_never_reaches_the_service(place: Place, version: SoapVersion) -> None:
    reply = ask(place, PENSION, ESTIMATE.replace(b">400<", b">-1<"), version)
    assert (reply.code, reply.rule) == ("SchemaViolation", "SCH-01")


class Signing(Transport):
    """zeep's transport with a consumer that signs what zeep would send."""

    def __init__(self, place: Place) -> None:
        super().__init__(session=requests.Session())
        self.place = place

    def _load_remote_data(self, url: str) -> bytes:
        return requests.get(url.replace("http://bus.test", f"http://127.0.0.1:{self.place.port}"), timeout=10).content

    def post_xml(self, address: str, envelope: Any, headers: Any) -> Any:
        version = next(each for each in SoapVersion if envelope.tag.startswith(f"{{{each.value}}}"))
        payload = etree.tostring(envelope.find(f"{{{version.value}}}Body")[0])
        path = address.removeprefix("http://bus.test")
        reply = ask(self.place, ServiceId.parse(path.removeprefix("/services/")), payload, version)
        verify_with_xmlsec(reply, bus_certificate(self.place))
        response = requests.Response()
        response.status_code, response._content = reply.status, reply.body
        response.headers["Content-Type"] = reply.headers["content-type"]
        return response


@pytest.mark.parametrize("query", ["?wsdl", "?wsdl&soap=1.2"])
def test_zeep_calls_by_the_published_wsdl(place: Place, query: str) -> None:
    metadata = zeep.Client(f"http://bus.test{METADATA.path}{query}", transport=Signing(place)).service
    services = metadata.listServices()
    assert services[1].owner.az == "DIN Nazirliyi"
    assert services[1].address == "http://bus.test/services/DIN/IAMAS/PersonQuery/v1"
    [ending] = metadata.listEndings()
    assert (ending.service, ending.successor) == (PENSION.text, METADATA.text)
    assert ending.decided < ending.sunset
    assert [each.name for each in metadata.listMethods(PENSION.text)] == ["estimatePension"]
    assert {each.purpose for each in metadata.allowedMethods()} == {"test"}
    with zipfile.ZipFile(io.BytesIO(metadata.getContract(PENSION.text))) as bundle:
        assert "service-soap12.wsdl" in bundle.namelist()
    pension = zeep.Client(f"http://bus.test{PENSION.path}{query}", transport=Signing(place)).service
    person = {"born": date(1955, 5, 12), "months": 400, "earnings": Decimal("1200.00"), "day": date(2024, 1, 1)}
    estimate = pension.estimatePension(person)
    assert (estimate.entitled, estimate.monthly) == (True, Decimal("833.33"))
    with pytest.raises(zeep.exceptions.Fault, match="day of birth"):
        pension.estimatePension({**person, "day": date(1950, 1, 1)})


def test_a_provider_was_never_needed(place: Place) -> None:
    assert place.provider.journal == []
