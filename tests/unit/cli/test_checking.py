"""The settings reach the checks."""

from pathlib import Path

from support.homes import fresh_home

from esb.admin.checks.model import Finding, Outcome, Result
from esb.cli.checking import check_settings, result_lines
from esb.cli.desk import Desk
from esb.conf.load import load


def desk(folder: Path, **environ: str) -> Desk:
    home = fresh_home(folder)
    return Desk(home, load(home.path, environ).settings, None, "officer")  # type: ignore[arg-type]


def test_bounds_as_they_are_set(tmp_path: Path) -> None:
    here = desk(tmp_path, SHLUZ_CHECKS_CALLS="7", SHLUZ_CHECKS_ALLOW_PRIVATE="yes")
    settings = check_settings(here, False)
    assert settings.bounds.calls == 7
    assert settings.rules.allow_private


def test_a_finding_says_what_to_do() -> None:
    failed = Result("tls", Outcome.FAIL, (Finding("tls-name", "another name", "show one"),), {})
    lines = result_lines(failed)
    assert "fail" in lines[0]
    assert lines[1].strip() == "tls-name: another name"
    assert lines[2].strip() == "→ show one"
