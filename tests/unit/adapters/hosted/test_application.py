"""One hosted service asked: values there and back, faults without internals, nothing of Spyne's own parsing."""

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from esb.adapters.hosted.application import Application, hosted_wsdl
from esb.adapters.hosted.typed import Asked, HostedService
from esb.kernel.faults import Refusal
from esb.kernel.soap import open_envelope
from esb.kernel.xml import XmlLimits, parse_message

NS = "{urn:test:sample:1}"
Ask = Callable[[str], Any]
XML_TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"))


@pytest.fixture
def failures() -> list[tuple[str, BaseException]]:
    return []


@pytest.fixture
def application(sample: HostedService, failures: list[tuple[str, BaseException]]) -> Application:
    return Application(sample, lambda exchange, error: failures.append((exchange, error)))


@pytest.fixture
def ask(application: Application, asked: Asked, enveloped: Callable[[str], bytes]) -> Ask:
    """Ask with a Body's content; gives the answer's payload."""

    def call(content: str) -> Any:
        answer = application.answer(enveloped(content), asked)
        return open_envelope(parse_message(answer, XmlLimits())).payload

    return call


def echo(ask: Ask, inside: str) -> Any:
    return ask(f"<s:echo><s:values>{inside}</s:values></s:echo>")[0]


def fault(payload: Any) -> tuple[str, str]:
    assert payload.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Fault"
    return payload.findtext("faultcode"), payload.findtext("faultstring")


@pytest.mark.parametrize(
    "value",
    [
        "</s:text><s:flag>true</s:flag>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
        "&e; %s {0} ${jndi:x} ]]> <![CDATA[",
        "' OR 1=1 --",
        "Əliyeva\tÇingiz",
        "",
    ],
)
def test_markup_in_a_value_stays_a_value(ask: Ask, value: str) -> None:
    answer = echo(ask, f"<s:text>{escape(value)}</s:text>")
    assert [(child.tag, child.text or "") for child in answer] == [(f"{NS}text", value)]


def test_any_text_comes_back(sample: HostedService, asked: Asked, enveloped: Callable[[str], bytes]) -> None:
    application = Application(sample, lambda _, __: None)

    @given(XML_TEXT)
    def comes_back(value: str) -> None:
        content = f"<s:echo><s:values><s:text>{escape(value)}</s:text></s:values></s:echo>"
        answer = etree.fromstring(application.answer(enveloped(content), asked))
        assert answer.findtext(f".//{NS}text") == value

    comes_back()


def test_values_are_read_and_written_by_their_types(ask: Ask) -> None:
    answer = echo(ask, "<s:flag> 1 </s:flag><s:day>2020-02-29</s:day><s:amount>1200.50</s:amount>")
    assert [child.text for child in answer] == ["true", "2020-02-29", "1200.50"]


def test_references_inside_a_body_are_not_followed(ask: Ask) -> None:
    answer = echo(ask, '<s:text href="#a"/><s:day id="a">2020-02-29</s:day>')
    assert [child.text or "" for child in answer] == ["", "2020-02-29"]


def test_the_operation_knows_who_asks(ask: Ask) -> None:
    assert ask("<s:who/>")[0].text == "x-1 EESMN EESMN/HR DIN/IAMAS/Sample/v1 echo the bus"


def test_a_services_fault_is_told(ask: Ask, failures: list[Any]) -> None:
    assert fault(ask("<s:refuse><s:reason>not &lt;today&gt;</s:reason></s:refuse>")) == (
        "soap11env:Client.NotToday",
        "not <today>",
    )
    assert failures == []


def test_an_exception_is_a_server_fault_without_its_text(
    application: Application, asked: Asked, enveloped: Callable[[str], bytes], failures: list[Any]
) -> None:
    answer = application.answer(enveloped("<s:fail/>"), asked)
    assert b"secret" not in answer
    assert b"RuntimeError" not in answer
    assert fault(open_envelope(parse_message(answer, XmlLimits())).payload)[0] == "soap11env:Server"
    assert [(exchange, type(error)) for exchange, error in failures] == [("x-1", RuntimeError)]


def test_a_result_that_cannot_be_written_is_a_server_fault(ask: Ask, failures: list[Any]) -> None:
    assert fault(ask("<s:misfit/>"))[0] == "soap11env:Server"
    assert [exchange for exchange, _ in failures] == ["x-1"]


@pytest.mark.parametrize(
    "content",
    [
        "<s:echo><s:values><s:day>5ABC123</s:day></s:values></s:echo>",
        "<s:echo><s:values><s:amount>5ABC123</s:amount></s:values></s:echo>",
        "<s:unheard/>",
        '<soap:Fault xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"/>',
        "",
    ],
)
def test_what_does_not_fit_is_a_client_fault_that_quotes_nothing(ask: Ask, content: str) -> None:
    """Where the bus judges, it never comes so far; a resource's judgement can be off."""
    code, text = fault(ask(content))
    assert code == "soap11env:Client"
    assert "5ABC123" not in text


@pytest.mark.parametrize(
    "envelope",
    [
        b"",
        b"<x/>",
        b'<!DOCTYPE x><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>',
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/><e:Body/></e:Envelope>',
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><a/><b/></e:Body></e:Envelope>',
    ],
)
def test_what_is_no_envelope_of_the_bus_never_reaches_the_service(
    application: Application, asked: Asked, envelope: bytes
) -> None:
    with pytest.raises(Refusal):
        application.answer(envelope, asked)


def test_the_same_types_make_the_same_wsdl(sample: HostedService) -> None:
    assert hosted_wsdl(sample) == hosted_wsdl(sample)
    assert b"noconn" not in hosted_wsdl(sample)
