"""Internal Affairs' identity lookup."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lxml import etree

from esb.demo.people import make_population
from esb.demo.providers.frame import Desk
from esb.demo.providers.identity import NAMESPACE, WSDL, build
from esb.demo.signing import Identity, sign_envelope
from esb.kernel.namespaces import BUS_ACTOR, SOAP11
from esb.wsdl.read import read_contract

PERSON = make_population().people[7]


def envelope(content: str) -> Any:
    return etree.fromstring(
        f'<S:Envelope xmlns:S="{SOAP11}" xmlns:p="{NAMESPACE}"><S:Header/><S:Body>{content}</S:Body></S:Envelope>'
    )


def find(fin: str) -> Any:
    return envelope(f"<p:FindPerson><p:fin>{fin}</p:fin></p:FindPerson>")


def test_its_contract_is_a_bundle_that_is_read_whole(desk: Desk, call: Callable[..., Any], tmp_path: Path) -> None:
    application = build(desk)
    for path in (WSDL, "/iamas/common/fin.xsd", "/iamas/types/names.xsd", "/iamas/types/person.xsd"):
        file = tmp_path / "copy" / path[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(call(application, "GET", path)[2])
    contract = read_contract(tmp_path / "copy" / WSDL[1:])
    assert [each.name for each in contract.operations] == ["FindPerson", "ConfirmIdentity"]
    assert contract.endpoint == "http://127.0.0.1:1/iamas/PersonQuery"
    assert len(contract.documents) >= 4


def test_it_finds_a_person(desk: Desk, call: Callable[..., Any]) -> None:
    status, _, body = call(build(desk), "POST", "/", etree.tostring(find(PERSON.fin)))
    root = etree.fromstring(body)
    found = {etree.QName(each).localname: each.text for each in root.iter(f"{{{NAMESPACE}}}*") if not len(each)}
    assert status == 200
    assert (found["surname"], found["born"]) == (PERSON.surname, PERSON.born.isoformat())
    assert desk.journal.lines()[0].endswith(" FindPerson")


def test_nobody_is_a_declared_fault(desk: Desk, call: Callable[..., Any]) -> None:
    status, _, body = call(build(desk), "POST", "/", etree.tostring(find("0000000")))
    assert status == 500
    assert etree.fromstring(body).findtext(f".//detail/{{{NAMESPACE}}}PersonNotFound/{{{NAMESPACE}}}fin") == "0000000"


def test_it_confirms_an_identity_or_does_not(desk: Desk, call: Callable[..., Any]) -> None:
    application = build(desk)
    for surname, confirmed in ((PERSON.surname, "true"), ("Başqası", "false")):
        question = envelope(
            f"<p:ConfirmIdentity><p:fin>{PERSON.fin}</p:fin><p:fullName><p:surname>{surname}</p:surname>"
            f"<p:name>{PERSON.name}</p:name></p:fullName><p:born>{PERSON.born}</p:born></p:ConfirmIdentity>"
        )
        body = call(application, "POST", "/", etree.tostring(question))[2]
        assert etree.fromstring(body).findtext(f".//{{{NAMESPACE}}}confirmed") == confirmed


def test_its_journal_tells_whose_signatures_hold(
    desk: Desk, call: Callable[..., Any], elliptic: Identity, rsa: Identity
) -> None:
    desk.bus_certificate.write_bytes(rsa.certificate)
    application = build(desk)
    for signer, opinion in ((rsa, "bus-signature=holds"), (elliptic, "bus-signature=broken")):
        question = find(PERSON.fin)
        sign_envelope(question, signer)
        question[0][-1].set(f"{{{SOAP11}}}actor", BUS_ACTOR)
        call(application, "POST", "/", etree.tostring(question))
        assert desk.journal.lines()[-1].endswith(opinion)
    question = find(PERSON.fin)
    sign_envelope(question, elliptic)
    call(application, "POST", "/", etree.tostring(question))
    assert desk.journal.lines()[-1].endswith("consumer-signature=holds")
