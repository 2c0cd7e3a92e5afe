"""What is published of a contract, and what a request can not choose."""

import io
import zipfile
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import etree
from support.rig import CONTRACT, PERSONS, Rig, done
from twisted.internet.defer import Deferred, ensureDeferred

from esb.endpoints.contract import ContractDoor
from esb.kernel import namespaces as ns
from esb.kernel.contract import Contract
from esb.kernel.directory import ServiceStatus
from esb.kernel.http import HttpRequest, HttpResponse, Peer
from esb.kernel.names import ServiceId
from esb.wsdl.read import read_contract

ADDRESS = f"http://bus.test{PERSONS.path}"


class Published:
    """A contract door on the person register; counts what it reads."""

    def __init__(self) -> None:
        self.rig = Rig()
        self.reads = 0
        self._contract = read_contract(CONTRACT)
        self.door = ContractDoor(self.rig.way.service_at, self._read, self._run, "http://bus.test")

    def _read(self, digest: str) -> Contract:
        self.reads += 1
        return self._contract

    async def _run(self, work: Any) -> HttpResponse:
        found: HttpResponse = work()
        return found

    def get(self, query: str, path: str = PERSONS.path, **headers: bytes) -> HttpResponse:
        names = {name.encode(): value for name, value in headers.items()}
        return done(self.door.get(HttpRequest("GET", path, query, names, b"", Peer("192.0.2.7"))))


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "wsdl=", "singleWsdl", "wsdl&soap=1.1", "x=y&wsdl"])
def test_the_wsdl_however_it_is_asked_for(published: Published, query: str) -> None:
    answer = published.get(query)
    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    root = etree.fromstring(answer.body)
    found = [each.get("location") for each in root.iter(f"{{{ns.WSDL_SOAP11}}}address")]
    assert found == [ADDRESS]


def test_soap_12_and_policy(published: Published) -> None:
    twelve = etree.fromstring(published.get("wsdl&soap=1.2").body)
    assert [each.get("location") for each in twelve.iter(f"{{{ns.WSDL_SOAP12}}}address")] == [ADDRESS]
    assert list(twelve.iter(f"{{{ns.WSDL_SOAP11}}}address")) == []
    assert ns.WSSP.encode() in published.get("wsdl&policy").body
    assert ns.WSSP.encode() not in published.get("wsdl").body
    assert published.get("wsdl&soap=2").status == 400


def test_the_address_is_never_the_requests(published: Published) -> None:
    answer = published.get("wsdl", host=b"evil.test")
    assert b"evil.test" not in answer.body


def test_schemas_by_the_names_that_the_contract_has(published: Published) -> None:
    assert published.get("xsd=person.xsd").status == 200
    for name in ("", "../person.xsd", "/etc/passwd", "person.xsd%00", "nothing.xsd"):
        assert published.get(f"xsd={name}").status == 404


def test_the_bundle_is_a_closed_zip(published: Published) -> None:
    answer = published.get("bundle")
    assert answer.content_type == "application/zip"
    assert answer.headers == (("Content-Disposition", 'attachment; filename="DIN-PersonQuery-v1.zip"'),)
    assert zipfile.ZipFile(io.BytesIO(answer.body)).testzip() is None


def test_a_sample_of_an_operation(published: Published) -> None:
    assert b"GetPerson" in published.get("sample=GetPerson").body
    assert published.get("sample=Nothing").status == 404


def test_without_a_question_it_says_what_can_be_asked(published: Published) -> None:
    answer = published.get("")
    assert answer.status == 200
    assert f"{ADDRESS}?wsdl" in answer.body.decode()
    assert "?bundle" in published.get("unknown=1").body.decode()


def test_what_is_not_registered_or_retired_is_not_there(published: Published) -> None:
    assert published.get("wsdl", "/services/A/B/C/v1").status == 404
    published.rig.serve(status=ServiceStatus.SUSPENDED)
    assert published.get("wsdl").status == 200
    published.rig.serve(status=ServiceStatus.RETIRED)
    assert published.get("wsdl").status == 404
    assert published.reads <= 2


def test_a_new_contract_is_published_at_once(published: Published) -> None:
    first = published.get("wsdl").body
    assert published.get("wsdl").body is first
    published.rig.serve(contract="1" * 64)
    assert published.get("wsdl").body is not first


def test_contracts_do_not_queue_without_end() -> None:
    waiting: list[Deferred[HttpResponse]] = []

    def run(work: Callable[[], HttpResponse]) -> "Deferred[HttpResponse]":
        waiting.append(Deferred())
        return waiting[-1]

    service = SimpleNamespace(sunset=None, status=ServiceStatus.ACTIVE, id=ServiceId.parse("A/B/C/v1"), contract="x")
    door = ContractDoor(lambda path: service, lambda digest: None, run, "http://bus.test")  # type: ignore[arg-type, return-value]
    request = HttpRequest("GET", "/services/A/B/C/v1", "wsdl", {}, b"", Peer("127.0.0.1"))
    answers = [ensureDeferred(door.get(request)) for _ in range(40)]
    refused = [each.result for each in answers if each.called]
    assert len(waiting) == 32
    assert {(each.status, dict(each.headers)["Retry-After"]) for each in refused} == {(503, "2")}
    for each in waiting:
        each.callback(HttpResponse(200, "text/plain", b""))
    assert all(each.called for each in answers)
    ensureDeferred(door.get(request))
    assert len(waiting) == 33


def test_an_end_is_told_in_headers_and_on_the_help_page(published: Published) -> None:
    assert not {"Sunset", "Deprecation"} & {name for name, _ in published.get("wsdl").headers}
    published.rig.serve(sunset=1_798_675_200.0, deprecated=1_790_000_000.5, successor="DIN/IAMAS/PersonQuery/v2")
    for query in ("wsdl", "bundle", ""):
        headers = dict(published.get(query).headers)
        assert headers["Sunset"] == "Thu, 31 Dec 2026 00:00:00 GMT"
        assert headers["Deprecation"] == "@1790000000"
        assert headers["Link"] == ('<http://bus.test/services/DIN/IAMAS/PersonQuery/v2>; rel="successor-version"')
    page = published.get("").body.decode()
    assert "2026-12-31T00:00:00.000Z" in page
    assert "DIN/IAMAS/PersonQuery/v2" in page
