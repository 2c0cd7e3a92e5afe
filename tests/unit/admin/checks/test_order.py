"""All checks together: a good applicant passes each, a bad one fails where it is bad, and every reason has a test."""

from pathlib import Path

from support.applicant import Applicant

from esb.admin.checks.model import Outcome, read_report
from esb.admin.checks.order import CHECKS, TITLES

ROOT = Path(__file__).parents[4]


def test_a_good_applicant_passes_and_is_told_step_by_step(applicant: Applicant) -> None:
    report = applicant.check()
    assert report.passed, report.text
    assert [one.check for one in applicant.told] == [one.name for one in CHECKS]
    not_applicable = {one.check for one in report.results if one.outcome is Outcome.NOT_APPLICABLE}
    assert not_applicable == {"tls"}  # plain HTTP, allowed here
    assert read_report(report.text) == report
    assert set(TITLES) == {one.check for one in report.results}


def test_without_contract_and_endpoint_nothing_applies() -> None:
    report = Applicant("", contract=None).check()
    assert {one.outcome for one in report.results} == {Outcome.NOT_APPLICABLE}
