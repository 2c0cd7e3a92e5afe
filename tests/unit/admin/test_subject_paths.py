"""Naming persons by the contract; what both databases keep of it is in tests/contract/test_subjects.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.place import CONTRACTS

from esb.admin.contract_versions import upgrade_service
from esb.admin.services import register_service
from esb.admin.subject_paths import SubjectLost, check_subjects_stay, name_subjects, proposals, subjects_named
from esb.kernel.names import ServiceId
from esb.registry.acts import acting
from esb.registry.database import open_database, reading
from esb.registry.errors import NotFound
from esb.registry.members import add_member
from esb.registry.models import MemberKind
from esb.registry.services import Terms
from esb.registry.subjects import get_subject_paths
from esb.wsdl.person_paths import PathUnfit
from esb.wsdl.read import read_contract

SERVICE = ServiceId("DIN", "IAMAS", "PersonQuery", "v1")


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    engine = open_database(sqlite_database)
    with acting(engine, "a", 1.0) as act:
        add_member(act, "DIN", "DIN", "DIN", MemberKind.STATE)
    contract = read_contract(CONTRACTS / "person.wsdl")
    register_service(engine, SERVICE, contract, Terms("http://10.0.0.1/"), author="a", now=1.0, told=lambda _: None)
    yield engine
    engine.dispose()


def altered(folder: Path, old: str, new: str) -> Path:
    (folder / "person.wsdl").write_bytes((CONTRACTS / "person.wsdl").read_bytes())
    text = (CONTRACTS / "person.xsd").read_text()
    assert old in text
    (folder / "person.xsd").write_text(text.replace(old, new))
    return folder / "person.wsdl"


def test_paths_stay_over_an_upgrade_that_keeps_the_person(engine: Engine, tmp_path: Path) -> None:
    name_subjects(engine, SERVICE, "NotePerson", ["NotePerson/fin"], (), author="a", now=2.0)
    wsdl = altered(
        tmp_path, '<xs:element name="PersonFault">', '<xs:element name="Extra"/><xs:element name="PersonFault">'
    )
    done = upgrade_service(engine, SERVICE, read_contract(wsdl), author="a", now=3.0, told=lambda _: None)
    assert done.revision == 2
    named = {operation: paths for operation, paths, _ in subjects_named(engine, SERVICE)}
    assert [path.text.rpartition("}")[2] for path in named["NotePerson"].request] == ["fin"]


def test_a_contract_without_the_person_is_not_taken(engine: Engine, tmp_path: Path) -> None:
    name_subjects(engine, SERVICE, "GetPerson", (), ["GetPersonResponse/person/fin"], author="a", now=2.0)
    wsdl = altered(tmp_path, '<xs:element name="person" type="p:Person" minOccurs="0"/>', "")
    with reading(engine) as session:
        named = get_subject_paths(session, SERVICE)
    with pytest.raises(SubjectLost, match="esb service subject"):
        check_subjects_stay(SERVICE, named, read_contract(wsdl))


def test_an_operation_or_message_that_is_not_there(engine: Engine) -> None:
    with pytest.raises(NotFound, match="it has: GetPerson"):
        name_subjects(engine, SERVICE, "Nothing", ["a"], (), author="a", now=2.0)
    with pytest.raises(PathUnfit):
        name_subjects(engine, SERVICE, "NotePerson", (), ["NotePerson/fin"], author="a", now=2.0)


def test_what_a_contract_proposes() -> None:
    assert [name for name, _ in proposals(read_contract(CONTRACTS / "person.wsdl"))] == ["GetPerson", "NotePerson"]
