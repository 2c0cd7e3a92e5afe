"""Check ``duplicates``: what is like it is a warning with its score, never a failure."""

from pathlib import Path

from support.applicant import Applicant, wrong
from support.descriptions import GOOD

from esb.admin.checks.alike import check
from esb.admin.checks.model import Finding, Outcome
from esb.admin.likeness import Likeness

LIKE = Likeness("DIN/REYESTR/Citizens/v1", 97, ("the same names", "born is asked for by both"))


def test_a_likely_duplicate_is_a_warning_with_its_score_as_evidence() -> None:
    result = check(Applicant("", alike=[LIKE]).context([]))
    assert result.outcome is Outcome.PASS
    assert result.facts == {"alike": [LIKE.plain]}
    [finding] = result.findings
    assert isinstance(finding, Finding)
    assert (finding.rule, finding.grave) == ("duplicate-likely", False)
    assert "97 of 100: the same names; born is asked for by both" in finding.text


def test_without_likeness_nothing_is_found() -> None:
    result = check(Applicant("").context([]))
    assert (result.outcome, result.findings, result.facts) == (Outcome.PASS, (), {"alike": []})


def test_a_contract_that_is_not_served_has_no_data_to_compare(tmp_path: Path) -> None:
    rpc = wrong(tmp_path, GOOD.replace('style="document"', 'style="rpc"'))
    assert check(Applicant("", contract=rpc, alike=[LIKE]).context([])).outcome is Outcome.NOT_APPLICABLE
    entry = Applicant("", contract=rpc, alike=[LIKE]).context([])
    entry.subject = type(entry.subject)(None, None, entry.subject.terms, resource="DIN/PERSONS")
    assert [one.rule for one in check(entry).findings] == ["duplicate-likely"]
