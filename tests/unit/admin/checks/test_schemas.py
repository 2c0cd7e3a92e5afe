"""Check ``schemas``: what a schema says and values are not judged by is told, and fails nothing."""

from pathlib import Path

from support.applicant import Applicant, wrong
from support.descriptions import GOOD

from esb.admin.checks.model import Outcome
from esb.admin.checks.schemas import check


def test_what_is_not_judged_is_a_warning(tmp_path: Path) -> None:
    slow = GOOD.replace("[0-9A-HJ-NP-Z]{7}", "([0-9A-HJ-NP-Z]|[0-9A-HJ-NP-Z]{2})+")
    result = check(Applicant("", contract=wrong(tmp_path, slow)).context([]))
    assert result.outcome is Outcome.PASS
    assert [(one.rule, one.grave) for one in result.findings] == [("schema-not-judged", False)]
    assert "the pattern" in result.findings[0].text
