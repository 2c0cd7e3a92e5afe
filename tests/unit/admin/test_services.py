"""Registering a service: checked first, kept whole, and nothing at all when something is wrong."""

from dataclasses import replace
from typing import Any

import pytest
from support.place import CONTRACTS

from esb.admin.services import ContractUnfit, Registered, register_service, soap_versions
from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.contracts import get_contract, list_operations
from esb.registry.database import reading
from esb.registry.errors import Conflict, NotFound
from esb.registry.members import get_system
from esb.registry.services import Terms, get_service, list_services
from esb.wsdl.pack import unpack
from esb.wsdl.read import read_contract

PERSONS = ServiceId.parse("DIN/IAMAS/PersonQuery/v1")


@pytest.fixture(scope="session")
def contract() -> Contract:
    return read_contract(CONTRACTS / "person.wsdl")


def register(
    office: Any, contract: Contract, service: ServiceId = PERSONS, **terms: Any
) -> tuple[Registered, list[str]]:
    told: list[str] = []
    facts = Terms(**{"endpoint": "http://10.0.0.1/persons", **terms})
    registered = register_service(office.engine, service, contract, facts, author="operator", now=1.0, told=told.append)
    return registered, told


def test_a_service_is_kept_with_its_contract_and_system(office: Any, contract: Contract) -> None:
    registered, told = register(office, contract)
    assert registered.operations == ("GetPerson", "CountPersons", "NotePerson")
    assert len(told) == 2
    with reading(office.engine) as session:
        row = get_service(session, PERSONS)
        assert row.contract == registered.contract
        assert get_system(session, "DIN", "IAMAS").code == "IAMAS"
        assert unpack(get_contract(session, registered.contract).packed) == contract
        assert [each.name for each in list_operations(session, registered.contract)] == list(registered.operations)


def test_the_contract_says_where_and_in_which_version(office: Any, contract: Contract) -> None:
    registered, _ = register(office, contract, endpoint="")
    assert registered.terms.endpoint == contract.endpoint
    assert registered.terms.provider_version is None  # it speaks both
    eleven = replace(contract, provider_versions=frozenset({SoapVersion.V11}))
    registered, _ = register(office, eleven, ServiceId.parse("DIN/IAMAS/PersonQuery/v2"))
    assert registered.terms.provider_version is SoapVersion.V11
    chosen, _ = register(office, eleven, ServiceId.parse("DIN/IAMAS/PersonQuery/v3"), provider_version=SoapVersion.V12)
    assert chosen.terms.provider_version is SoapVersion.V12


def test_what_is_not_judged_by_is_told(office: Any, contract: Contract) -> None:
    text = contract.documents["person.xsd"]
    slow = text.replace(b'value="[0-9A-HJ-NP-Z]{7}"', rb"""value="\w+([-+.']\w+)*@\w+" """)
    assert slow != text
    _, told = register(office, replace(contract, documents={**contract.documents, "person.xsd": slow}))
    (note,) = [line for line in told if line.startswith("note: ")]
    assert "person.xsd, line" in note
    assert "are not judged by it until the provider rewrites it" in note


def test_a_contract_that_cannot_be_judged_by_leaves_nothing_behind(office: Any, contract: Contract) -> None:
    broken = contract.documents["person.xsd"].replace(b'type="p:Fin"', b'type="p:Nothing"')
    unfit = replace(contract, documents={**contract.documents, "person.xsd": broken})
    with pytest.raises(ContractUnfit) as told:
        register(office, unfit)
    assert told.value.problems
    assert all(problem in str(told.value) for problem in told.value.problems)
    with reading(office.engine) as session:
        assert list_services(session) == []
        with pytest.raises(NotFound):
            get_system(session, "DIN", "IAMAS")


def test_a_stranger_registers_nothing(office: Any, contract: Contract) -> None:
    with pytest.raises(NotFound):
        register(office, contract, ServiceId.parse("NOBODY/X/Y/v1"))


def test_the_same_name_is_not_taken_twice(office: Any, contract: Contract) -> None:
    register(office, contract)
    with pytest.raises(Conflict):
        register(office, contract, endpoint="http://10.0.0.2/other")


def test_versions_for_people(contract: Contract) -> None:
    assert set(soap_versions(contract)) == {"1.1", "1.2"}
    assert soap_versions(contract) == ("1.1", "1.2")
    assert soap_versions(replace(contract, provider_versions=frozenset({SoapVersion.V12}))) == ("1.2",)
