"""Upgrading a service's contract: what fits is taken, what breaks is refused with all that breaks."""

from pathlib import Path

import pytest
from sqlalchemy import select
from support.place import CONTRACTS

from esb.admin.contract_versions import ContractBreaks, compare_registered, next_version, upgrade_service
from esb.admin.services import register_service
from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.registry.acts import acting
from esb.registry.database import reading
from esb.registry.grants import Leave, add_grant
from esb.registry.members import add_member
from esb.registry.models import MemberKind
from esb.registry.notice_models import NoticeRow
from esb.registry.revisions import list_revisions
from esb.registry.services import Terms
from esb.wsdl.changes import Verdict
from esb.wsdl.read import read_contract

SERVICE = ServiceId.parse("DIN/IAMAS/PersonQuery/v1")
NOW = 1_790_000_000.0
REMARK = '<xs:element name="remark" type="xs:string" minOccurs="0"/>'


def bent(folder: Path, old: str, new: str) -> Contract:
    """The person register's contract with one piece of its schema replaced."""
    schema = (CONTRACTS / "person.xsd").read_text()
    assert old in schema
    (folder / "person.xsd").write_text(schema.replace(old, new))
    (folder / "person.wsdl").write_text((CONTRACTS / "person.wsdl").read_text())
    return read_contract(folder / "person.wsdl")


@pytest.fixture
def registered(office):  # type: ignore[no-untyped-def]
    with acting(office.engine, "operator", NOW) as act:
        for code in ("MAS", "DSMF"):
            add_member(act, code, code, code, MemberKind.STATE)
    register_service(
        office.engine,
        SERVICE,
        read_contract(CONTRACTS / "person.wsdl"),
        Terms(endpoint=""),
        author="operator",
        now=NOW,
        told=lambda _: None,
    )
    with acting(office.engine, "operator", NOW) as act:
        add_grant(act, "MAS", SERVICE, Leave("test", "Law 1", NOW))
    return office.engine


def upgrade(engine, contract: Contract):  # type: ignore[no-untyped-def]
    return upgrade_service(engine, SERVICE, contract, author="operator.new", now=NOW + 5, told=lambda _: None)


def test_a_compatible_contract_is_taken_and_consumers_are_told(registered, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    wider = bent(tmp_path, REMARK, f'{REMARK}<xs:element name="district" type="xs:string" minOccurs="0"/>')
    done = upgrade(registered, wider)
    assert (done.revision, done.report.verdict, done.told) == (2, Verdict.COMPATIBLE, ("MAS",))
    with reading(registered) as session:
        last = list_revisions(session, SERVICE)[-1]
        assert (last.contract, last.author) == (done.contract, "operator.new")
        assert last.report == done.report.plain
        notice = session.scalars(select(NoticeRow)).one()
        assert "district was added, optional" in notice.facts["changes"][0]
    assert upgrade(registered, wider).revision is None


def test_a_breaking_contract_is_refused_and_nothing_is_changed(registered, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    narrower = bent(tmp_path, REMARK, REMARK.replace('minOccurs="0"', ""))
    with pytest.raises(ContractBreaks, match="PersonQuery/v2") as caught:
        upgrade(registered, narrower)
    assert "/GetPerson/remark" in str(caught.value)
    assert "esb service add DIN/IAMAS/PersonQuery/v2" in str(caught.value)
    with reading(registered) as session:
        assert len(list_revisions(session, SERVICE)) == 1
        assert session.scalars(select(NoticeRow)).all() == []


def test_new_words_alone_are_a_revision_of_which_nobody_is_told(registered, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    said = REMARK.replace(
        "/>", "><xs:annotation><xs:documentation>Said.</xs:documentation></xs:annotation></xs:element>"
    )
    done = upgrade(registered, bent(tmp_path, REMARK, said))
    assert (done.revision, done.report.verdict, done.told) == (2, Verdict.IDENTICAL, ())


def test_comparing_changes_nothing(registered, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    report = compare_registered(registered, SERVICE, bent(tmp_path, REMARK, ""))
    assert report.verdict is Verdict.BREAKING
    with reading(registered) as session:
        assert len(list_revisions(session, SERVICE)) == 1


def test_the_next_version_is_one_that_is_free(registered) -> None:  # type: ignore[no-untyped-def]
    assert next_version(registered, SERVICE).text == "DIN/IAMAS/PersonQuery/v2"
    register_service(
        registered,
        ServiceId.parse("DIN/IAMAS/PersonQuery/v7"),
        read_contract(CONTRACTS / "person.wsdl"),
        Terms(endpoint=""),
        author="operator",
        now=NOW,
        told=lambda _: None,
    )
    assert next_version(registered, SERVICE).text == "DIN/IAMAS/PersonQuery/v8"
