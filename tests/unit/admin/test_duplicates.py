"""Likely duplicates of services and resources, out of the registry."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.entries import information_resource
from support.place import CONTRACTS

from esb.admin.duplicates import Duplicates, likely_duplicates
from esb.admin.services import register_service
from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.registry.acts import acting
from esb.registry.errors import NotFound
from esb.registry.resource_reading import read_entry
from esb.registry.resources import register_resource
from esb.registry.services import Terms
from esb.wsdl.read import read_contract

FIRST, NEXT = (ServiceId.parse(f"DIN/IAMAS/PersonQuery/{version}") for version in ("v1", "v2"))
NOW = 1_790_000_000.0


@pytest.fixture
def contract() -> Contract:
    return read_contract(CONTRACTS / "person.wsdl")


@pytest.fixture
def registered(office, contract: Contract) -> Engine:  # type: ignore[no-untyped-def]
    for service in (FIRST, NEXT):
        register_service(
            office.engine, service, contract, Terms(endpoint=""), author="operator", now=NOW, told=lambda _: None
        )
    engine: Engine = office.engine
    return engine


def test_a_contract_finds_the_services_with_its_data(registered: Engine, contract: Contract) -> None:
    found = Duplicates(registered).of_contract(contract, ["Şəxs haqqında məlumat"])
    assert {each.key for each in found} == {FIRST.text, NEXT.text}
    assert found[0].score >= 60
    assert any("born" in reason for reason in found[0].reasons)


def test_other_versions_of_a_service_are_no_duplicates(registered: Engine, contract: Contract) -> None:
    picture = Duplicates(registered)
    assert picture.of_service(FIRST.text) == []
    assert picture.of_contract(contract, service=ServiceId.parse("DIN/IAMAS/PersonQuery/v3")) == []
    assert picture.of_contract(contract, service=ServiceId.parse("DIN/REYESTR/Citizens/v1"))
    with pytest.raises(NotFound):
        picture.of_service("DIN/IAMAS/Nothing/v1")


def test_another_contract_is_not_alike(registered: Engine, tmp_path: Path) -> None:
    other = (CONTRACTS / "twins.wsdl").read_text()
    assert other
    assert Duplicates(registered).of_contract(read_contract(CONTRACTS / "twins.wsdl"), ["Hava proqnozu"]) == []


def test_a_resource_finds_one_of_its_name(registered: Engine) -> None:
    with acting(registered, "operator", NOW) as act:
        first = register_resource(act, read_entry(information_resource()), "first entry")
    entry = read_entry(information_resource(code="DIN/BASQA"))
    found = likely_duplicates(registered, entry=entry)
    assert [each.key for each in found] == [first.code]
    assert found[0].score >= 90
    with acting(registered, "operator", NOW) as act:
        register_resource(act, entry, "second entry")
    assert [each.key for each in Duplicates(registered).of_resource("DIN/BASQA")] == [first.code]
    with pytest.raises(NotFound):
        Duplicates(registered).of_resource("DIN/NOTHING")
