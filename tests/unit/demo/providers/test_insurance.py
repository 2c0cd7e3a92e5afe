"""The Social Protection Fund's insured persons."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lxml import etree

from esb.demo.people import make_population
from esb.demo.providers.frame import Desk
from esb.demo.providers.insurance import NAMESPACE, WSDL, build
from esb.demo.signing import Identity, check_signature, security_headers
from esb.kernel.namespaces import SOAP12
from esb.kernel.soap import SoapVersion
from esb.wsdl.read import read_contract

INSURED = make_population().insured[3]


def ask(call: Callable[..., Any], desk: Desk, identity: Identity, fin: str) -> Any:
    (desk.keys / "DSMF.key").write_bytes(identity.key)
    (desk.keys / "DSMF.pem").write_bytes(identity.certificate)
    question = (
        f'<S:Envelope xmlns:S="{SOAP12}"><S:Body><i:GetInsuredPerson xmlns:i="{NAMESPACE}"><i:fin>{fin}</i:fin>'
        "</i:GetInsuredPerson></S:Body></S:Envelope>"
    )
    status, headers, body = call(build(desk), "POST", "/", question.encode())
    assert (status, headers["Content-Type"]) == (200, "application/soap+xml; charset=utf-8")
    return etree.fromstring(body)


def test_its_contract_is_one_file_for_soap_12_alone(desk: Desk, call: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "one.wsdl"
    file.write_bytes(call(build(desk), "GET", WSDL)[2])
    contract = read_contract(file)
    assert contract.provider_versions == {SoapVersion.V12}
    assert [each.name for each in contract.operations] == ["GetInsuredPerson"]


def test_it_signs_what_it_answers(desk: Desk, call: Callable[..., Any], elliptic: Identity) -> None:
    root = ask(call, desk, elliptic, INSURED.fin)
    (security,) = security_headers(root)
    assert any(part is root.find(f"{{{SOAP12}}}Body") for part in check_signature(security, elliptic.certificate))
    assert root.findtext(f".//{{{NAMESPACE}}}contributionsPaid") == str(INSURED.paid)
    assert len(desk.journal.lines()) == 1


def test_somebody_who_is_not_insured_is_an_empty_answer(
    desk: Desk, call: Callable[..., Any], elliptic: Identity
) -> None:
    root = ask(call, desk, elliptic, "0000000")
    assert len(next(root.iter(f"{{{NAMESPACE}}}GetInsuredPersonResponse"))) == 0
