"""Check ``contract``: each statement of WS-I Basic Profile that is broken is a reason, cited by its id."""

from pathlib import Path

import pytest
from support.applicant import Applicant, wrong
from support.descriptions import BROKEN, GOOD, edited

from esb.admin.checks.contract import check
from esb.admin.checks.model import Outcome
from esb.wsdl.profile import STATEMENTS


@pytest.mark.parametrize("statement", BROKEN)
def test_each_broken_statement(statement: str, tmp_path: Path) -> None:
    applicant = Applicant("", contract=wrong(tmp_path, edited(BROKEN[statement])))
    result = check(applicant.context([]))
    found = {finding.rule: finding for finding in result.findings}
    assert found[statement].grave is STATEMENTS[statement].must
    assert (result.outcome is Outcome.FAIL) or not any(one.grave for one in result.findings)


def test_a_good_contract(tmp_path: Path) -> None:
    result = check(Applicant("", contract=wrong(tmp_path, GOOD)).context([]))
    assert (result.outcome, result.findings) == (Outcome.PASS, ())
