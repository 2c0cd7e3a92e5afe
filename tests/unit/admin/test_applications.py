"""Contracts are kept with an application whether or not the bus could serve them."""

from pathlib import Path

from support.applicant import wrong
from support.descriptions import GOOD

from esb.admin.applications import Attached, apply_for_connection, contract_of, subject_of
from esb.registry.acts import acting
from esb.registry.applications import get_application, list_documents_of
from esb.registry.contracts import get_contract
from esb.registry.database import reading
from esb.registry.particulars import Particulars
from esb.registry.procedure import Kind, Limits

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
