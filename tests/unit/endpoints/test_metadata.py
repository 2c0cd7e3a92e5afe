"""The bus's metadata: what is told to whom."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from esb.adapters.hosted.typed import Asked, Fault
from esb.endpoints.bus_view import BusView
from esb.endpoints.metadata import allowed_methods, get_contract, list_endings, list_methods, list_services
from esb.kernel.directory import (
    AnswerSignature,
    CertificateIndex,
    Directory,
    Grant,
    Judgement,
    Member,
    MemberStatus,
    Operation,
    Service,
    ServiceStatus,
    SignatureMode,
)
from esb.kernel.names import ServiceId
from esb.wsdl.read import read_contract

CONTRACTS = Path(__file__).parents[2] / "support" / "contracts"
NOW = 1_700_000_000.0
MEMBERS = {
    "DIN": Member("DIN", "Daxili İşlər", "Internal Affairs", MemberStatus.ACTIVE),
    "EESMN": Member("EESMN", "Əmək", "Labour", MemberStatus.ACTIVE),
    "TAX": Member("TAX", "Vergi", "Taxes", MemberStatus.ACTIVE),
    "OUT": Member("OUT", "Kənar", "Out <b>", MemberStatus.SUSPENDED),
}


def service(name: str, status: ServiceStatus = ServiceStatus.ACTIVE) -> Service:
    operations = (
        Operation("GetPerson", "{urn:x}GetPerson", "{urn:x}GetPersonResponse", "get"),
        Operation("Note", "{urn:x}Note", None, ""),
    )
    return Service(
        id=ServiceId.parse(name),
        status=status,
        endpoint="http://provider.example/secret-path",
        provider_version=None,
        adapter="soap",
        signature=SignatureMode.BUS,
        answer_signature=AnswerSignature.IGNORED,
        judge_request=Judgement.ENFORCE,
        judge_answer=Judgement.ENFORCE,
        timeout=1.0,
        contract="c0ffee",
        operations={each.input: each for each in operations},
    )


SERVICES = (
    service("DIN/IAMAS/Person/v1"),
    service("DIN/IAMAS/Old/v1", ServiceStatus.RETIRED),
    service("DIN/IAMAS/Paused/v1", ServiceStatus.SUSPENDED),
    service("OUT/SYS/Thing/v1"),
    replace(
        service("TAX/Debts/Ended/v1"), sunset=NOW - 1, successor="TAX/Debts/Ended/v2", deprecated=NOW - 90 * 86_400
    ),
    replace(service("TAX/Debts/Ending/v1"), sunset=NOW + 1, deprecated=NOW),
)


def grant(consumer: str, name: str = "DIN/IAMAS/Person/v1", **more: Any) -> Grant:
    return replace(
        Grant(1, consumer, name, None, "p", "Law 1", NOW - 10, None, None, None, frozenset()),
        **more,
    )


@dataclass
class Context:
    """Stands where Spyne's context does."""

    udc: Asked


@pytest.fixture
def context() -> Callable[..., Context]:
    def make(*grants: Grant, consumer: str = "EESMN") -> Context:
        by_key: dict[tuple[str, str], tuple[Grant, ...]] = {}
        for each in grants:
            key = (each.consumer, each.service)
            by_key[key] = (*by_key.get(key, ()), each)
        directory = Directory(1, NOW, MEMBERS, {each.id.path: each for each in SERVICES}, by_key, CertificateIndex())
        contract = read_contract(CONTRACTS / "person.wsdl")
        view = BusView(lambda: directory, lambda: NOW, {"c0ffee": contract}.__getitem__, "https://bus.example")
        return Context(Asked("x-1", consumer, consumer, "SHLUZ/BUS/Metadata/v1", "any", view))

    return make


def test_services_are_listed_with_owner_and_addresses(context: Callable[..., Any]) -> None:
    found = list_services(context())
    assert [(each.name, each.status) for each in found] == [
        ("DIN/IAMAS/Paused/v1", "suspended"),
        ("DIN/IAMAS/Person/v1", "active"),
        ("OUT/SYS/Thing/v1", "suspended"),  # its owner is
        ("TAX/Debts/Ended/v1", "retired"),  # its sunset has passed
        ("TAX/Debts/Ending/v1", "active"),
    ]
    person = found[1]
    assert (person.owner.code, person.owner.az, person.owner.en) == ("DIN", "Daxili İşlər", "Internal Affairs")
    assert person.address == "https://bus.example/services/DIN/IAMAS/Person/v1"
    assert person.wsdl == person.address + "?wsdl"


def test_endings_are_told_with_their_successors(context: Callable[..., Any]) -> None:
    ended, ending = list_endings(context())
    assert (ended.service, ended.successor) == ("TAX/Debts/Ended/v1", "TAX/Debts/Ended/v2")
    assert (ended.sunset.timestamp(), ended.decided.timestamp()) == (NOW - 1, NOW - 90 * 86_400)
    assert (ending.service, ending.successor, ending.sunset.timestamp()) == ("TAX/Debts/Ending/v1", None, NOW + 1)


def test_what_has_ended_is_allowed_to_nobody(context: Callable[..., Any]) -> None:
    given = [grant("EESMN", f"TAX/Debts/{name}/v1", operations=None) for name in ("Ended", "Ending")]
    assert [each.service for each in allowed_methods(context(*given))] == ["TAX/Debts/Ending/v1"]


def test_the_address_behind_the_bus_is_told_to_nobody(context: Callable[..., Any]) -> None:
    told = [vars(each) for each in list_services(context())]
    assert "secret-path" not in str(told)


def test_methods_of_a_service(context: Callable[..., Any]) -> None:
    found = list_methods(context(), " DIN/IAMAS/Person/v1 ")
    assert [(each.name, each.action, each.input, each.output) for each in found] == [
        ("GetPerson", "get", "{urn:x}GetPerson", "{urn:x}GetPersonResponse"),
        ("Note", "", "{urn:x}Note", None),
    ]


@pytest.mark.parametrize("name", ["DIN/IAMAS/Old/v1", "no", "../../etc/passwd", "<x/>", ""])
@pytest.mark.parametrize("ask", [list_methods, get_contract])
def test_what_is_not_offered_is_not_told(context: Callable[..., Any], ask: Callable[..., Any], name: str) -> None:
    with pytest.raises(Fault) as told:
        ask(context(), name)
    assert told.value.faultcode == "Client.NoSuchResource"
    assert "passwd" not in told.value.faultstring


def test_a_contract_is_a_zip(context: Callable[..., Any]) -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(get_contract(context(), "DIN/IAMAS/Person/v1")))) as bundle:
        assert "service.wsdl" in bundle.namelist()
        assert b"https://bus.example/services/DIN/IAMAS/Person/v1" in bundle.read("service.wsdl")


def test_a_caller_sees_its_own_grants_and_its_subsystems(context: Callable[..., Any]) -> None:
    found = allowed_methods(
        context(
            grant(
                "EESMN", operations=frozenset({"Note", "Gone"}), per_second=5, required_fields=frozenset({"officer"})
            ),
            grant("EESMN/HR", valid_until=NOW + 86_400, per_day=10),
            grant("EESMNX"),
            grant("DIN"),
        )
    )
    assert [(each.client, each.method, each.per_second, each.per_day, each.required) for each in found] == [
        ("EESMN", ["Note"], 5, None, ["officer"]),
        ("EESMN/HR", ["GetPerson", "Note"], None, 10, []),
    ]
    assert [each.until and each.until.isoformat() for each in found] == [None, "2023-11-15T22:13:20+00:00"]


@pytest.mark.parametrize(
    "withheld",
    [
        grant("EESMN", valid_from=NOW + 1),
        grant("EESMN", valid_until=NOW),
        grant("EESMN", "DIN/IAMAS/Paused/v1"),
        grant("EESMN", "DIN/IAMAS/Old/v1"),
        grant("EESMN", "OUT/SYS/Thing/v1"),
        grant("EESMN", "DIN/IAMAS/Unknown/v1"),
        grant("EESMN", operations=frozenset({"Gone"})),
    ],
    ids=["not yet", "ended", "paused", "retired", "owner suspended", "unknown", "no operation left"],
)
def test_what_may_not_be_asked_now_is_not_allowed(context: Callable[..., Any], withheld: Grant) -> None:
    assert allowed_methods(context(withheld)) == []
