"""Check ``answer``: the provider's own words against its own contract."""

import pytest
from support.applicant import Applicant
from support.provider import PERSON, envelope11

from esb.admin.checks.answer import check
from esb.admin.checks.model import Exchanged, Outcome, Result


def judged(applicant: Applicant, answer: bytes) -> Result:
    context = applicant.context([])
    context.tried.append(Exchanged("", (), answer, 0.1, {}))
    return check(context)


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (envelope11(PERSON.replace(b"1990-05-12", b"yesterday")), "answer-schema"),
        (envelope11(b'<p:CountPersonsResponse xmlns:p="urn:example:person"/>'), "answer-element"),
        (envelope11(b""), "answer-element"),
        (b"<html/>", "answer-envelope"),
        (envelope11(b"<S:Fault><faultcode>S:Server</faultcode><faultstring>x</faultstring></S:Fault>"), "answer-fault"),
    ],
)
def test_an_answer_that_breaks_the_contract(answer: bytes, rule: str, applicant: Applicant) -> None:
    assert {one.rule for one in judged(applicant, answer).findings} == {rule}


def test_a_good_answer(applicant: Applicant) -> None:
    assert judged(applicant, envelope11(PERSON)).outcome is Outcome.PASS


def test_no_answer(applicant: Applicant) -> None:
    assert check(applicant.context([])).outcome is Outcome.NOT_APPLICABLE
