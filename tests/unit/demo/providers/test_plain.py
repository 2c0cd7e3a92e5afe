"""SOAP by hand: documents, answers and faults."""

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from esb.demo.providers.plain import Question, SoapFault, contract_files, serve_by_hand
from esb.kernel.namespaces import SOAP11, SOAP12


def answer(question: Question) -> bytes:
    if question.text("fin") == "NOBODY":
        raise SoapFault("Not <here>.", "<d/>")
    return f"<a>{question.operation} {question.text('fin')}</a>".encode()


def ask(
    call: Callable[..., Any], soap: str, content: str, finish: Any = lambda envelope: envelope
) -> tuple[int, dict[str, str], Any]:
    application = serve_by_hand(soap, {"/x.wsdl": b"<w/>"}, answer, finish)
    envelope = f'<S:Envelope xmlns:S="{soap}"><S:Body>{content}</S:Body></S:Envelope>'.encode()
    status, headers, body = call(application, "POST", "/x", envelope)
    return status, headers, etree.fromstring(body)


@pytest.mark.parametrize(("soap", "media"), [(SOAP11, "text/xml"), (SOAP12, "application/soap+xml")])
def test_a_question_is_answered_in_its_soap_version(call: Callable[..., Any], soap: str, media: str) -> None:
    status, headers, root = ask(call, soap, '<q:Find xmlns:q="urn:q"><q:fin>5ABC123</q:fin></q:Find>')
    assert (status, headers["Content-Type"]) == (200, f"{media}; charset=utf-8")
    assert root.findtext(f"{{{soap}}}Body/a") == "Find 5ABC123"


@pytest.mark.parametrize(("soap", "reason"), [(SOAP11, "faultstring"), (SOAP12, f"{{{SOAP12}}}Text")])
def test_a_fault_tells_its_reason_as_text(call: Callable[..., Any], soap: str, reason: str) -> None:
    status, _, root = ask(call, soap, "<Find><fin>NOBODY</fin></Find>")
    assert status == 500
    assert [each.text for each in root.iter(reason)] == ["Not <here>."]
    assert len(list(root.iter("d"))) == 1


def test_an_empty_body_is_a_fault(call: Callable[..., Any]) -> None:
    status, _, root = ask(call, SOAP11, "")
    assert (status, root.findtext(".//faultstring")) == (500, "The Body is empty.")


def test_the_envelope_is_finished_before_it_leaves(call: Callable[..., Any]) -> None:
    _, _, root = ask(call, SOAP11, "<Find/>", lambda envelope: envelope.replace(b"<a>", b"<b/><a>"))
    assert root.find(".//b") is not None


def test_documents_are_given_by_path_and_nothing_else_is(call: Callable[..., Any]) -> None:
    application = serve_by_hand(SOAP11, {"/x.wsdl": b"<w/>"}, answer)
    assert call(application, "GET", "/x.wsdl")[0::2] == (200, b"<w/>")
    assert call(application, "GET", "/../x.wsdl")[0] == 404


def test_contract_files_hold_the_address_and_keep_their_folders() -> None:
    found = contract_files("iamas", "http://127.0.0.1:7/x")
    assert sorted(found) == [
        "/iamas/PersonQuery.wsdl",
        "/iamas/common/fin.xsd",
        "/iamas/types/names.xsd",
        "/iamas/types/person.xsd",
    ]
    assert b'location="http://127.0.0.1:7/x"' in found["/iamas/PersonQuery.wsdl"]
