"""Contracts are kept with an application whether or not the bus could serve them."""

from dataclasses import replace
from pathlib import Path

from support.applicant import persons, wrong
from support.descriptions import GOOD
from support.entries import information_resource

from esb.admin.applications import Attached, alike, apply_for_connection, contract_of, subject_of
from esb.admin.checks.model import Subject
from esb.admin.services import register_service
from esb.kernel.names import ServiceId
from esb.registry.acts import acting
from esb.registry.applications import get_application, list_documents_of
from esb.registry.contracts import get_contract
from esb.registry.database import reading
from esb.registry.particulars import Particulars
from esb.registry.procedure import Kind, Limits
from esb.registry.resource_reading import read_entry
from esb.registry.resources import register_resource
from esb.registry.services import Terms
from esb.wsdl.read import complete

from .conftest import NOW, Office

GIVEN = Particulars("why", "IT", service="DIN/Tax/Debts/v1")


def test_a_contract_that_is_served_is_among_the_registered(office: Office, tmp_path: Path) -> None:
    contract = wrong(tmp_path / "c", GOOD)
    paper = Attached(b"%PDF", "decree.pdf", "application/pdf", "Decree")
    number = apply_for_connection(
        office.engine,
        "DIN",
        Kind.NEW,
        GIVEN,
        contract=contract,
        documents=[paper],
        limits=Limits(),
        author="a",
        now=NOW,
    )
    with reading(office.engine) as session:
        row = get_application(session, number)
        assert get_contract(session, row.contract or "").summary["operations"] == ["GetDebt", "CountDebts"]
        subject = subject_of(session, row)
        assert [one.title for one in list_documents_of(session, number)] == ["Decree"]
    assert subject.terms.endpoint == "http://127.0.0.1:1/tax"  # as the WSDL says
    assert subject.name == GIVEN.service


def test_one_that_is_not_served_is_kept_all_the_same(office: Office, tmp_path: Path) -> None:
    contract = wrong(tmp_path / "c", GOOD.replace('style="document"', 'style="rpc"'))
    given = Particulars("why", "IT", service="DIN/Tax/Debts/v1", endpoint="https://provider.example/")
    number = apply_for_connection(
        office.engine, "DIN", Kind.NEW, given, contract=contract, limits=Limits(), author="a", now=NOW
    )
    with acting(office.engine, "b", NOW) as act:
        row = get_application(act.session, number)
        kept = contract_of(act.session, row.contract or "")
    assert kept.documents == contract.documents
    assert kept.operations == ()


def test_what_is_like_it_is_found_and_not_what_it_was_itself(office: Office) -> None:
    contract = complete(persons())
    old, other = (ServiceId.parse(name) for name in ("DIN/IAMAS/PersonQuery/v1", "DIN/IAMAS/Citizens/v1"))
    for service in (old, other):
        register_service(office.engine, service, contract, Terms(endpoint=""), author="a", now=NOW, told=lambda _: None)
    with acting(office.engine, "a", NOW) as act:
        first = register_resource(act, read_entry(information_resource()), "first")
        register_resource(act, read_entry(information_resource(code="DIN/BASQA")), "second")
    moved = Subject(ServiceId.parse("DIN/REYESTR/PersonQuery/v1"), contract, Terms(endpoint=""), before=old)
    assert [each.key for each in alike(office.engine, moved, contract)] == [other.text]
    both = {each.key for each in alike(office.engine, replace(moved, before=None), contract)}
    assert both == {old.text, other.text}
    entry = Subject(None, None, Terms(endpoint=""), resource="DIN/BASQA")
    assert [each.key for each in alike(office.engine, entry, None)] == [first.code]
