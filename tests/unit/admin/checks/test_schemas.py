"""Check ``schemas``: schemas that do not compile, or that say what is not judged."""

from pathlib import Path

import pytest
from support.applicant import Applicant, wrong
from support.descriptions import GOOD

from esb.admin.checks.model import Context, Outcome
from esb.admin.checks.schemas import check
from esb.schemas.check import Checked


def test_a_schema_that_does_not_compile(tmp_path: Path) -> None:
    text = GOOD.replace('type="xs:decimal"', 'type="t:Nowhere"')
    result = check(Applicant("", contract=wrong(tmp_path, text)).context([]))
    assert result.outcome is Outcome.FAIL
    assert {one.rule for one in result.findings} == {"schema-unfit"}


def test_what_is_not_judged_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = Applicant("", contract=wrong(tmp_path, GOOD)).context([])
    monkeypatch.setattr(Context, "schemas", Checked((), ("a pattern is not judged by",)))
    result = check(context)
    assert result.outcome is Outcome.PASS
    assert [(one.rule, one.grave) for one in result.findings] == [("schema-not-judged", False)]
