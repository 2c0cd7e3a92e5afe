"""A registry for each test, and an act in it that is already open."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.registry.acts import Act, acting
from esb.registry.contracts import put_contract
from esb.registry.database import open_database
from esb.registry.members import add_member, add_system
from esb.registry.models import MemberKind
from esb.registry.services import Terms, add_service

SERVICE = ServiceId("DIN", "IAMAS", "PersonQuery", "v1")


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    """An engine on a migrated SQLite registry of the test's own."""
    engine = open_database(sqlite_database)
    yield engine
    engine.dispose()


@pytest.fixture
def act(engine: Engine) -> Iterator[Act]:
    """An act in an empty registry."""
    with acting(engine, "officer", 1_000.0) as act:
        yield act


@pytest.fixture
def contract(act: Act, make_contract: Callable[..., Contract]) -> str:
    """The digest of a registered contract with the operations FindPerson and ListPersons."""
    return put_contract(act, b"packed", make_contract("FindPerson", "ListPersons"))


@pytest.fixture
def service(act: Act, contract: str) -> ServiceId:
    """A registered service of DIN, and DSMF as a member with the system Pension that may want to ask."""
    add_member(act, "DIN", "Daxili İşlər Nazirliyi", "Ministry of Internal Affairs", MemberKind.STATE)
    add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
    add_member(act, "DSMF", "Dövlət Sosial Müdafiə Fondu", "State Social Protection Fund", MemberKind.STATE)
    add_system(act, "DSMF", "Pension", "Pensiya", "Pension")
    add_service(act, SERVICE, contract, Terms("https://provider.example/"))
    return SERVICE
