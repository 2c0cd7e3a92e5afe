"""Check ``fin``: what is a FIN by its name is held to its pattern."""

from pathlib import Path

import pytest
from support.applicant import Applicant, wrong
from support.descriptions import GOOD

from esb.admin.checks.fin import check
from esb.admin.checks.model import Outcome

_PATTERN = "[0-9A-HJ-NP-Z]{7}"


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("[0-9A-Z]{7}", "which is no FIN"),  # I and O
        ("[0-9A-HJ-NP-Za-z]{7}", "which is no FIN"),
        ("[0-9A-HJ-NP-Z]{6,7}", "which is no FIN"),
        ("[0-9A-HJ-NP-Z]{7,8}", "which is no FIN"),
        (".*", "which is no FIN"),
        ("[0-9A-HJ-NP-Y]{7}", "which is a FIN"),
        ("[0-9]{7}", "which is a FIN"),
        ("\\d[0-9A-HJ-NP-Z]{6}", "which is no FIN"),  # digits of other scripts
    ],
)
def test_a_wrong_pattern(pattern: str, says: str, tmp_path: Path) -> None:
    result = check(Applicant("", contract=wrong(tmp_path, GOOD.replace(_PATTERN, pattern))).context([]))
    assert result.outcome is Outcome.FAIL
    assert [one.rule for one in result.findings] == ["fin-pattern"]
    assert says in result.findings[0].text


@pytest.mark.parametrize("pattern", [_PATTERN, "[0-9A-Z-[IO]]{7}", "[A-HJ-NP-Z0-9]{7}"])
def test_a_right_one_however_written(pattern: str, tmp_path: Path) -> None:
    result = check(Applicant("", contract=wrong(tmp_path, GOOD.replace(_PATTERN, pattern))).context([]))
    assert result.outcome is Outcome.PASS


def test_a_person_asked_for_by_name_is_a_warning(tmp_path: Path) -> None:
    text = GOOD.replace('<xs:element name="fin">', '<xs:element name="passport">')
    result = check(Applicant("", contract=wrong(tmp_path, text)).context([]))
    assert result.outcome is Outcome.PASS
    assert [(one.rule, one.grave) for one in result.findings] == [("fin-missing", False)]


def test_a_contract_without_persons(tmp_path: Path) -> None:
    text = GOOD.replace('<xs:element name="fin">', '<xs:element name="year">')
    assert check(Applicant("", contract=wrong(tmp_path, text)).context([])).outcome is Outcome.NOT_APPLICABLE
