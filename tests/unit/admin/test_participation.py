"""A member's acts in its own name: for itself alone, by a named officer, and nothing half done."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from esb.admin.participation import (
    NotYours,
    OfficerUnnamed,
    acknowledge,
    announce,
    apply_for_connection,
    author_of,
    request_grant,
    withdraw,
)
from esb.admin.services import ContractUnfit
from esb.kernel.faults import EsbError
from esb.registry.acts import acting, find_changes
from esb.registry.database import open_database, reading
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.grants import Leave
from esb.registry.members import add_member, add_system
from esb.registry.models import MemberKind
from esb.registry.particulars import Particulars
from esb.registry.procedure import Kind

CONTRACTS = Path(__file__).parents[2] / "support" / "contracts"
NOW = 1_790_000_000.0
AUTHOR = "EESMN/quliyev"
ASKED = Particulars("why", "it@x.example", service="EESMN/S/P/v1", endpoint="http://10.1.2.3/p")


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    engine = open_database(sqlite_database)
    with acting(engine, "operator", NOW) as act:
        for code in ("EESMN", "DIN"):
            add_member(act, code, "Ad", "Name", MemberKind.STATE)
            add_system(act, code, "S", "Ad", "Name")
    yield engine
    engine.dispose()


def bundle() -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as packed:
        for name in ("person.wsdl", "person.xsd"):
            packed.writestr(name, (CONTRACTS / name).read_bytes())
    return octets.getvalue()


def test_an_author_is_the_member_and_a_person() -> None:
    assert author_of("DIN", "  A. Əliyev ") == "DIN/A. Əliyev"
    with pytest.raises(OfficerUnnamed):
        author_of("DIN", "  ")


def test_an_application_is_filed_with_its_contract_and_taken_back(engine: Engine) -> None:
    number = apply_for_connection(engine, "EESMN", Kind.NEW, ASKED, bundle(), AUTHOR, NOW, main="person.wsdl")
    with reading(engine) as session:
        kinds = {row.kind for row in find_changes(session, author=AUTHOR)}
    assert kinds == {"contract", "application", "notice"}
    with pytest.raises(NotFound):
        withdraw(engine, "DIN", number, "x", "DIN/x", NOW)
    withdraw(engine, "EESMN", number, "later", AUTHOR, NOW)
    with pytest.raises(Conflict):
        withdraw(engine, "EESMN", number, "again", AUTHOR, NOW)


@pytest.mark.parametrize("wsdl", [b"", b"<nonsense/>", b"PK nonsense"])
def test_a_contract_that_cannot_be_read_files_nothing(engine: Engine, wsdl: bytes) -> None:
    with pytest.raises(EsbError):
        apply_for_connection(engine, "EESMN", Kind.NEW, ASKED, wsdl, AUTHOR, NOW)
    with reading(engine) as session:
        assert find_changes(session, author=AUTHOR) == []


def test_a_contract_that_cannot_be_judged_by_files_nothing(engine: Engine) -> None:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as packed:
        packed.writestr("person.wsdl", (CONTRACTS / "person.wsdl").read_bytes())
        schema = (CONTRACTS / "person.xsd").read_bytes()
        packed.writestr("person.xsd", schema.replace(b'"xs:string"', b'"xs:nothing"').replace(b"xsd:string", b"xsd:x"))
    with pytest.raises((ContractUnfit, EsbError)):
        apply_for_connection(engine, "EESMN", Kind.NEW, ASKED, octets.getvalue(), AUTHOR, NOW)
    with reading(engine) as session:
        assert find_changes(session, author=AUTHOR) == []


def test_a_grant_is_asked_for_oneself_alone(engine: Engine) -> None:
    leave = Leave("why", "law", NOW)
    with pytest.raises(NotYours):
        request_grant(engine, "EESMN", "DIN/S", "DIN/S/P/v1", leave, AUTHOR, NOW)
    with pytest.raises(NotFound):
        request_grant(engine, "EESMN", "EESMN/S", "DIN/S/P/v1", leave, AUTHOR, NOW)
    with pytest.raises(Invalid):
        request_grant(engine, "EESMN", "EESMN", "nonsense", leave, AUTHOR, NOW)


def test_maintenance_and_mailbox(engine: Engine) -> None:
    assert announce(engine, "EESMN", None, (NOW + 60, NOW + 120), "Disk", AUTHOR, NOW).late
    with pytest.raises(NotFound):
        acknowledge(engine, "EESMN", [77], AUTHOR, NOW)
