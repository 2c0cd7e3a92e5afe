"""Labour's employment contracts, through Spyne."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from lxml import etree

from esb.demo.people import make_population
from esb.demo.providers.employment import NAMESPACE, build
from esb.demo.providers.frame import Desk
from esb.kernel.namespaces import SOAP11
from esb.wsdl.read import read_contract

CONTRACTS = make_population().contracts
FIN = next(each.fin for each, after in pairwise(CONTRACTS) if each.fin == after.fin)


def ask(call: Callable[..., Any], desk: Desk, fin: str, more: str = "") -> tuple[int, Any]:
    question = (
        f'<S:Envelope xmlns:S="{SOAP11}"><S:Body><GetContracts xmlns="{NAMESPACE}"><fin>{fin}</fin>{more}'
        "</GetContracts></S:Body></S:Envelope>"
    )
    status, _, body = call(build(desk), "POST", "/emas", question.encode())
    return status, etree.fromstring(body)


def numbers(root: Any) -> list[str]:
    return [each.text for each in root.iter(f"{{{NAMESPACE}}}number")]


def test_spyne_writes_a_contract_that_the_bus_reads(desk: Desk, call: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "spyne.wsdl"
    file.write_bytes(call(build(desk), "GET", "/emas", query="wsdl")[2])
    contract = read_contract(file)
    assert [each.input for each in contract.operations] == [f"{{{NAMESPACE}}}GetContracts"]


def test_it_gives_a_persons_contracts_in_order(desk: Desk, call: Callable[..., Any]) -> None:
    status, root = ask(call, desk, FIN)
    assert status == 200
    assert numbers(root) == [each.number for each in CONTRACTS if each.fin == FIN]
    assert len(desk.journal.lines()) == 1


def test_it_can_give_the_running_one_alone(desk: Desk, call: Callable[..., Any]) -> None:
    _, root = ask(call, desk, FIN, "<only_running>true</only_running>")
    assert numbers(root) == [each.number for each in CONTRACTS if each.fin == FIN and each.ended is None]


def test_it_judges_by_its_own_schema_too(desk: Desk, call: Callable[..., Any]) -> None:
    status, root = ask(call, desk, "5IO-12")
    assert (status, root.find(f".//{{{SOAP11}}}Fault") is not None) == (500, True)
    assert desk.journal.lines() == []
