"""Check ``served``: what a toolkit may speak and the bus does not."""

from pathlib import Path

from support.applicant import Applicant, wrong
from support.descriptions import GOOD

from esb.admin.checks.model import Outcome
from esb.admin.checks.served import check


def test_rpc_is_lawful_by_the_profile_and_not_served(tmp_path: Path) -> None:
    applicant = Applicant("", contract=wrong(tmp_path, GOOD.replace('style="document"', 'style="rpc"')))
    result = check(applicant.context([]))
    assert {one.rule for one in result.findings} == {"not-served"}
    assert "document/literal" in result.findings[0].text + result.findings[0].mend


def test_what_is_served_is_listed(tmp_path: Path) -> None:
    result = check(Applicant("", contract=wrong(tmp_path, GOOD)).context([]))
    assert result.outcome is Outcome.PASS
    assert result.facts["operations"] == ["GetDebt", "CountDebts"]


def test_what_cannot_be_served_is_not_tried(tmp_path: Path) -> None:
    applicant = Applicant("http://127.0.0.1:1/", contract=wrong(tmp_path, GOOD.replace('"document"', '"rpc"')))
    found = applicant.found()
    assert (found["fin"], found["exchange"], found["answer"], found["latency"]) == ("not-applicable",) * 4
