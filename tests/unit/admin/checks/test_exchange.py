"""Check ``exchange``: what the bus refuses on the whole way, it refuses here, by the same rule."""

import pytest
from lxml import etree
from support.applicant import Applicant
from support.client import NS
from support.provider import PERSON, Given, Provider, envelope11

from esb.admin.checks.exchange import check
from esb.admin.checks.model import Outcome, Result
from esb.kernel.directory import SignatureMode


def tried(applicant: Applicant) -> Result:
    made: list[object] = []
    try:
        return check(applicant.context(made))  # type: ignore[arg-type]
    finally:
        for bus in made:
            bus.close()  # type: ignore[attr-defined]


def test_what_reaches_the_provider_is_signed_by_the_bus(applicant: Applicant, provider: Provider) -> None:
    result = tried(applicant)
    assert result.outcome is Outcome.PASS, result.findings
    assert result.facts["records"] == ["request", "answer"]
    (delivered,) = provider.journal
    assert len(etree.fromstring(delivered.body).findall(".//ds:Signature", NS)) == 1


def test_without_signatures_where_the_terms_say_so(applicant: Applicant, provider: Provider) -> None:
    applicant.terms = {"signature": SignatureMode.NONE}
    assert tried(applicant).outcome is Outcome.PASS
    assert b"Signature" not in provider.journal[0].body


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (Given(b"<html/>", media="text/html"), "PRV-03"),
        (Given(b"", raw=b""), "PRV-06"),
        (Given(envelope11(PERSON.replace(b"surname", b"surnome"))), "SCH-02"),
        (Given(envelope11(b"<a>" + b"x" * 200_000 + b"</a>")), "PRV-07"),
    ],
)
def test_an_answer_that_does_not_pass(given: Given, rule: str, applicant: Applicant, provider: Provider) -> None:
    provider.answer = lambda _: given
    (finding,) = tried(applicant).findings
    assert finding.rule == rule, finding


def test_a_fault_of_the_provider_is_told(applicant: Applicant, provider: Provider) -> None:
    fault = b"<S:Fault><faultcode>S:Client</faultcode><faultstring>unknown FIN</faultstring></S:Fault>"
    provider.answer = lambda _: Given(envelope11(fault), 500)
    (finding,) = tried(applicant).findings
    assert finding.rule == "answer-fault"
    assert "unknown FIN" in finding.text


def test_a_trial_request_that_the_schema_refuses(applicant: Applicant, provider: Provider) -> None:
    applicant.request = '<p:GetPerson xmlns:p="urn:example:person"><p:fin>nobody</p:fin></p:GetPerson>'
    (finding,) = tried(applicant).findings
    assert finding.rule == "SCH-01"
    assert provider.journal == []


@pytest.mark.parametrize(
    ("content", "rule"), [("<broken", "trial-request"), ("no element", "MSG-11"), ("<a/><b/>", "MSG-11")]
)
def test_a_trial_request_that_is_no_element(content: str, rule: str, applicant: Applicant) -> None:
    applicant.request = content
    assert [one.rule for one in tried(applicant).findings] == [rule]


def test_a_request_made_from_the_schema(applicant: Applicant) -> None:
    applicant.request = None
    assert tried(applicant).outcome is Outcome.PASS


def test_an_operation_that_is_none(applicant: Applicant) -> None:
    applicant.operation = "DropPersons"
    assert tried(applicant).outcome is Outcome.NOT_APPLICABLE
