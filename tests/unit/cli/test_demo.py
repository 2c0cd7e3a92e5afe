"""`esb demo` on the command line; tests/way/test_demo.py runs it to its end."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from esb.cli.demo import Steps, demo
from esb.cli.main import main


def test_help_says_what_is_shown_and_what_the_exit_code_means() -> None:
    said = CliRunner().invoke(demo, ["--help"]).output
    for word in ("--home-folder", "--keep", "--json", "exit code is 0 only"):
        assert word in said


def test_a_folder_that_is_in_use_is_refused_in_one_sentence_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    done = CliRunner().invoke(main, ["demo", "--json", "--home-folder", str(tmp_path)])
    assert done.exit_code == 1
    assert "is not empty" in done.output
    assert (tmp_path / "mine").exists()


def test_a_second_opinion_that_cannot_be_had_is_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xmlsec", None)
    done = CliRunner().invoke(main, ["demo", "--home-folder", str(tmp_path / "home")])
    assert done.exit_code == 1
    assert "pip install" in done.output
    assert not (tmp_path / "home").exists()


def test_steps_are_told_with_their_time_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with Steps() as steps:
        steps("Making the home")
        steps("")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Making the home … ")
    assert said.err.endswith(" s\n")
