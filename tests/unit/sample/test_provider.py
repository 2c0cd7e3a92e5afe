"""The sample's provider answers for every service by its contract, and says so where it cannot."""

import asyncio

import pytest

from esb.kernel.faults import Refusal
from esb.kernel.http import HttpRequest, HttpResponse, Peer
from esb.kernel.soap import SoapVersion, open_envelope
from esb.kernel.xml import XmlLimits, parse_message
from esb.sample.bodies import ANSWER_BYTES, request_text
from esb.sample.load import PROVIDER
from esb.sample.mix import Service, national_month
from esb.sample.provider import Agencies, agencies
from esb.sample.reading import read_contracts
from esb.schemas.compile import compile_judge

MONTH = national_month()
ONE_OF_EACH_KIND = list({service.kind: service for service in MONTH.services}.values())


@pytest.fixture(scope="module")
def served() -> Agencies:
    return agencies(PROVIDER)


def ask(served: Agencies, service: Service, body: bytes, method: str = "POST") -> HttpResponse:
    path = f"/{service.agency}/{service.id.system}/{service.id.service}"
    request = HttpRequest(method, path, "", {}, body, Peer("127.0.0.1"))
    return asyncio.run(served.handle(request))  # type: ignore[arg-type]


def envelope(service: Service, reference: str) -> bytes:
    text = request_text(service, 0)
    opening = f'<e:Envelope xmlns:e="{SoapVersion.V11.value}"><e:Body>'.encode()
    return opening + text.before + reference.encode() + text.after + b"</e:Body></e:Envelope>"


@pytest.mark.parametrize("service", ONE_OF_EACH_KIND, ids=lambda service: service.kind.operation)
def test_every_answer_is_valid_and_the_questions_own(served: Agencies, service: Service) -> None:
    ((_, contract),) = read_contracts([service], lambda _: PROVIDER)
    judge = compile_judge(contract)
    for number in range(len(ANSWER_BYTES)):
        answer = ask(served, service, envelope(service, f"EG-{number}"))
        assert answer.status == 200
        payload = open_envelope(parse_message(answer.body, XmlLimits())).payload
        assert payload is not None
        assert list(judge.judge(payload)) == []
        assert payload[0].text == f"EG-{number}"


def test_every_service_is_answered_for(served: Agencies) -> None:
    assert len(served.services) == 277
    for service in MONTH.services:
        assert ask(served, service, envelope(service, "EG-1")).status == 200
    assert set(served.asked) == {service.id.text for service in MONTH.services}


def test_what_is_no_question_of_the_contract_is_a_fault(served: Agencies) -> None:
    service, other = MONTH.services[0], MONTH.services[1]
    answer = ask(served, service, envelope(other, "EG-1"))
    assert (answer.status, b"Fault" in answer.body) == (500, True)
    with pytest.raises(Refusal):  # which the listener answers with a fault too
        ask(served, service, b"<not xml")


def test_a_reference_brings_no_markup_into_the_answer(served: Agencies) -> None:
    answer = ask(served, MONTH.services[0], envelope(MONTH.services[0], "&lt;x/&gt;"))
    assert b"<s:reference>x</s:reference>" in answer.body


def test_the_wsdl_is_there_and_nothing_elsewhere(served: Agencies) -> None:
    assert b"<definitions" in ask(served, MONTH.services[0], b"", "GET").body
    assert asyncio.run(served.handle(HttpRequest("GET", "/x", "", {}, b"", Peer("::1")))).status == 404  # type: ignore[arg-type]
