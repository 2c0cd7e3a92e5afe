"""What every adapter promises (``esb.stages.way.Adapter``): the SOAP adapter over a real network, the hosted one with
real threads, and the loopback, which stands for them in tests."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import pytest
from support.provider import Delivered, Given, Provider, envelope11
from support.reactor import on_reactor, reactor
from twisted.internet.defer import DeferredList, ensureDeferred

from esb.adapters.hosted.adapter import HostedAdapter
from esb.adapters.hosted.find import HostedUnknown
from esb.adapters.hosted.typed import Fault, HostedService, ServiceBase, Unicode, operation
from esb.adapters.loopback import LoopbackAdapter
from esb.adapters.soap import SoapAdapter
from esb.kernel import rules
from esb.kernel.clock import SystemClock
from esb.kernel.directory import AnswerSignature, Judgement, Operation, Service, ServiceStatus, SignatureMode
from esb.kernel.faults import Refusal
from esb.kernel.message import Outgoing, ProviderAnswer
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion, open_envelope
from esb.kernel.xml import XmlLimits, parse_message
from esb.stages.way import Adapter
from esb.transport.client import ClientPool
from esb.transport.limits import ClientLimits

NS = "urn:test:greet:1"
OPERATION = Operation("Greet", f"{{{NS}}}Greet", f"{{{NS}}}GreetResponse", "Greet")


@dataclass
class Case:
    """An adapter in front of a provider that greets by name, refuses the name "nobody", and never answers "later".

    ``journal`` holds the names that reached the provider.
    """

    adapter: Adapter
    endpoint: str
    nowhere: str
    journal: list[str]


def outgoing(name: str, endpoint: str, timeout: float = 10.0) -> Outgoing:
    service = Service(
        id=ServiceId.parse("DIN/IAMAS/Greet/v1"),
        status=ServiceStatus.ACTIVE,
        endpoint=endpoint,
        provider_version=SoapVersion.V11,
        adapter="any",
        signature=SignatureMode.NONE,
        answer_signature=AnswerSignature.IGNORED,
        judge_request=Judgement.ENFORCE,
        judge_answer=Judgement.ENFORCE,
        timeout=timeout,
        contract="00",
        operations={OPERATION.input: OPERATION},
    )
    envelope = envelope11(f'<g:Greet xmlns:g="{NS}"><g:name>{escape(name)}</g:name></g:Greet>'.encode())
    return Outgoing("x-1", "EESMN", "EESMN", service, OPERATION, SoapVersion.V11, envelope)


def named(envelope: bytes) -> str:
    payload = open_envelope(parse_message(envelope, XmlLimits())).payload
    assert payload is not None
    return payload[0].text or ""


def greeting(name: str) -> bytes:
    text = escape(f"Salam, {name}")
    return envelope11(f'<g:GreetResponse xmlns:g="{NS}"><g:greeting>{text}</g:greeting></g:GreetResponse>'.encode())


FAULT = envelope11(
    b'<f:Fault xmlns:f="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>f:Client.Nobody</faultcode>'
    b"<faultstring>There is nobody.</faultstring></f:Fault>"
)


@pytest.fixture
def ending() -> Iterator[threading.Event]:
    """Set at the end, so that nothing that was never to answer outlives its test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def loopback() -> Case:
    journal: list[str] = []

    def answer(request: Outgoing) -> ProviderAnswer:
        if request.service.endpoint == "nowhere":
            raise Refusal(rules.PRV_CONNECT, "nowhere")
        name = named(request.envelope)
        journal.append(name)
        if name == "later":
            raise Refusal(rules.PRV_TIMEOUT, "later")
        return ProviderAnswer(SoapVersion.V11, FAULT if name == "nobody" else greeting(name), "utf-8")

    return Case(LoopbackAdapter(answer), "here", "nowhere", journal)


@pytest.fixture
def soap(ending: threading.Event) -> Iterator[Case]:
    provider = Provider()
    journal: list[str] = []

    def answer(request: Delivered) -> Given:
        name = named(request.body)
        journal.append(name)
        if name == "later":
            ending.wait(20)
        return Given(FAULT, 500) if name == "nobody" else Given(greeting(name))

    provider.answer = answer
    closed = Provider()
    closed.close()
    pool = on_reactor(lambda: ClientPool(reactor, SystemClock(), None, ClientLimits()))
    yield Case(SoapAdapter(pool, 1 << 20), provider.url, closed.url, journal)
    on_reactor(pool.close)
    ending.set()
    provider.close()


@pytest.fixture
def hosted(ending: threading.Event) -> Case:
    journal: list[str] = []

    def answer(ctx: Any, name: str) -> str:
        journal.append(name)
        if name == "later":
            ending.wait(20)
        if name == "nobody":
            raise Fault("Client.Nobody", "There is nobody.")
        return f"Salam, {name}"

    class Greeter(ServiceBase):  # type: ignore[misc]
        greet = operation("Greet", Unicode, returns=Unicode, answer="greeting")(answer)

    def find(name: str) -> HostedService:
        if name != "greeter":
            raise HostedUnknown("nowhere")
        return HostedService(Greeter, NS, "Greeter")

    return Case(HostedAdapter(reactor, None, lambda _, __: None, find), "greeter", "nowhere", journal)


@pytest.fixture(params=["loopback", "soap", "hosted"])
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.getfixturevalue(request.param)
    return found


def ask(case: Case, name: str, **more: Any) -> ProviderAnswer:
    request = outgoing(name, **{"endpoint": case.endpoint, **more})
    return on_reactor(lambda: case.adapter.ask(request))


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.rule.id


@pytest.mark.parametrize("name", ["Leyla", "<b>&amp;</b>", "]]>", "Çingiz Əliyev", "x" * 20_000])
def test_the_answer_is_the_providers_envelope(case: Case, name: str) -> None:
    answer = ask(case, name)
    assert answer.version is SoapVersion.V11
    assert (answer.charset or "utf-8") == "utf-8"
    assert named(answer.data) == f"Salam, {name}"


def test_a_providers_fault_is_an_answer(case: Case) -> None:
    payload = open_envelope(parse_message(ask(case, "nobody").data, XmlLimits())).payload
    assert payload is not None
    assert payload.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Fault"
    assert (payload.findtext("faultcode") or "").rpartition(":")[2] == "Client.Nobody"


def test_each_request_is_delivered_once(case: Case) -> None:
    ask(case, "a")
    ask(case, "nobody")
    ask(case, "a")
    assert case.journal == ["a", "nobody", "a"]


def test_many_at_once_get_each_its_own_answer(case: Case) -> None:
    names = [f"n{number}" for number in range(12)]

    def all_at_once() -> Any:
        return DeferredList([ensureDeferred(case.adapter.ask(outgoing(name, case.endpoint))) for name in names])

    answers = on_reactor(all_at_once)
    assert [named(answer.data) for _, answer in answers] == [f"Salam, {name}" for name in names]
    assert sorted(case.journal) == sorted(names)


def test_a_provider_that_does_not_answer_in_time_is_refused_and_not_asked_again(case: Case) -> None:
    assert refused(lambda: ask(case, "later", timeout=0.3)) == "PRV-02"
    assert case.journal == ["later"]


def test_a_provider_that_is_not_there_is_refused(case: Case) -> None:
    assert refused(lambda: ask(case, "Leyla", endpoint=case.nowhere)) == "PRV-01"
    assert case.journal == []


def test_it_goes_on_after_a_failure(case: Case) -> None:
    refused(lambda: ask(case, "Leyla", endpoint=case.nowhere))
    refused(lambda: ask(case, "later", timeout=0.3))
    assert named(ask(case, "Leyla").data) == "Salam, Leyla"
