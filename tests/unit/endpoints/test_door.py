"""Which door a request goes to."""

import json
from dataclasses import replace

import pytest
from support.rig import CONTRACT, PERSONS, Rig, done

from esb.endpoints.contract import ContractDoor
from esb.endpoints.door import FrontDoor
from esb.endpoints.exchange import ExchangeDoor
from esb.kernel.http import HttpRequest, HttpResponse, Peer
from esb.wsdl.read import read_contract


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def front(rig: Rig) -> FrontDoor:
    async def run(work):  # type: ignore[no-untyped-def]
        return work()

    contracts = ContractDoor(rig.way.service_at, lambda digest: read_contract(CONTRACT), run, "http://bus.test")
    return FrontDoor(ExchangeDoor(rig.bus, rig.clock, lambda at: "x-1"), contracts, {})


def ask(front: FrontDoor, method: str, path: str, query: str = "") -> HttpResponse:
    return done(front.handle(HttpRequest(method, path, query, {}, b"", Peer("192.0.2.7"))))


def test_messages_go_along_the_way(rig: Rig, front: FrontDoor) -> None:
    assert done(front.handle(rig.request(rig.signed()))).status == 200
    assert len(rig.provider.journal) == 1


def test_a_message_to_nowhere_is_told_in_soap(rig: Rig, front: FrontDoor) -> None:
    for path in ("/", "/healthz", "/services/DIN/IAMAS/Other/v1"):
        answer = done(front.handle(replace(rig.request(rig.signed()), path=path)))
        assert (answer.status, b"RTE-01" in answer.body) == (500, True)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_contracts_and_health_are_read(front: FrontDoor, method: str) -> None:
    assert ask(front, method, PERSONS.path, "wsdl").content_type.startswith("text/xml")
    assert ask(front, method, "/healthz").status == 200
    assert ask(front, method, "/readyz").status == 200
    assert ask(front, method, "/").status == 404
    assert ask(front, method, "/healthz/").status == 404


def test_a_missing_part_makes_it_unready(front: FrontDoor) -> None:
    front.checks["evidence"] = lambda: "gone"
    answer = ask(front, "GET", "/readyz")
    assert (answer.status, json.loads(answer.body)["checks"]) == (503, {"evidence": "gone"})


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "post"])
def test_other_methods_are_not_allowed(front: FrontDoor, method: str) -> None:
    answer = ask(front, method, PERSONS.path)
    assert (answer.status, answer.headers) == (405, (("Allow", "GET, HEAD, POST"),))
