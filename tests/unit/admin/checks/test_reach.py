"""Check ``reach``: endpoints that do not speak SOAP, each in its own way."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from support.applicant import LOOPBACK, Applicant
from support.provider import Delivered, Given, Provider, envelope11

from esb.admin.checks.model import Outcome
from esb.admin.checks.reach import check, soap_headers
from esb.kernel.soap import SoapVersion


def slowly(_: Delivered) -> Given:
    time.sleep(1.0)
    return Given(envelope11(b""))


REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (lambda _: Given(b"<html/>", media="text/html"), "not-soap"),
        (lambda _: Given(b"<html/>"), "not-soap"),
        (lambda _: Given(b"<broken"), "not-soap"),
        (lambda _: Given(b"", 404), "not-soap"),
        (lambda _: Given(b"", raw=REDIRECT), "redirect"),
        (lambda _: Given(envelope11(b"<a>" + b"x" * 200_000 + b"</a>")), "too-large"),
        (lambda _: Given(b"", raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), "not-reached"),
        (lambda _: Given(b"", raw=b""), "not-reached"),
        (slowly, "timeout"),
    ],
)
def test_an_answer_that_is_none(
    answer: Callable[[Delivered], Given], rule: str, applicant: Applicant, provider: Provider
) -> None:
    provider.answer = answer
    applicant.seconds = 0.4
    result = check(applicant.context([]))
    assert {one.rule for one in result.findings} == {rule}


def test_an_address_that_is_not_allowed(applicant: Applicant, provider: Provider) -> None:
    applicant.rules = replace(LOOPBACK, networks=())
    assert {one.rule for one in check(applicant.context([])).findings} == {"address-forbidden"}
    assert provider.journal == []


def test_a_fault_is_soap_too(applicant: Applicant, provider: Provider) -> None:
    fault = b"<S:Fault><faultcode>S:Client</faultcode><faultstring>no</faultstring></S:Fault>"
    provider.answer = lambda _: Given(envelope11(fault), 500)
    result = check(applicant.context([]))
    assert result.outcome is Outcome.PASS
    assert result.facts["fault"] is True


def test_soapaction_is_quoted_on_the_wire(applicant: Applicant, provider: Provider) -> None:
    check(applicant.context([]))
    action = provider.journal[0].headers["soapaction"]
    assert action.startswith('"')
    assert action.endswith('"')
    assert 'action="urn:x"' in soap_headers(SoapVersion.V12, "urn:x")["Content-Type"]
