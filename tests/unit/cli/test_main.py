"""The command as a whole: options for all, and how errors are told."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from esb import __version__
from esb.cli.lazy import Subject
from esb.cli.main import _Root
from esb.conf.problems import DEFAULT, ConfigError, Problem
from esb.kernel.faults import EsbError

Run = Callable[..., Result]


def test_version(run: Run) -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"esb {__version__}\n")


def test_the_home_comes_from_the_option_then_the_environment_then_the_working_folder(run: Run, tmp_path: Path) -> None:
    assert f"There is no home at {tmp_path}/shluz-home" in run("config", "check").stderr
    assert f"There is no home at {tmp_path}/b" in run("config", "check", SHLUZ_HOME="b").stderr
    assert f"There is no home at {tmp_path}/a" in run("--home", "a", "config", "check", SHLUZ_HOME="b").stderr


boom: click.Command


def failing(error: Exception, *arguments: str) -> Result:
    global boom  # noqa: PLW0603

    @click.command()
    def boom() -> None:
        raise error

    root = _Root(
        "esb",
        subjects={"boom": Subject(__name__, "boom", "Boom.")},
        params=[click.Option(["--debug"], is_flag=True)],
        callback=lambda debug: None,
    )
    # Given directly: this module is not importable by its name.
    root.get_command = lambda ctx, name: boom  # type: ignore[method-assign]
    return CliRunner().invoke(root, [*arguments, "boom"], catch_exceptions=False)


def test_an_error_on_purpose_is_one_text_and_code_1() -> None:
    result = failing(EsbError("The grant is not there.\nSee \x1b[2J it."))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: The grant is not there.\nSee \\x1b[2J it.\n"


def test_wrong_settings_are_code_2() -> None:
    result = failing(ConfigError([Problem("door.port", DEFAULT, "is odd", "Give another.")]))
    assert result.exit_code == 2
    assert "door.port (from default): is odd. Give another." in result.stderr


def test_a_file_that_the_system_refuses_is_no_fault_of_the_program() -> None:
    result = failing(PermissionError(13, "Permission denied", "/srv/x"))
    assert (result.exit_code, result.stderr) == (1, "error: /srv/x: Permission denied.\n")


@pytest.mark.parametrize("error", [KeyError("geheim"), OSError("geheim")])
def test_anything_else_is_a_fault_of_the_program_told_without_its_text(error: Exception) -> None:
    result = failing(error)
    assert result.exit_code == 70
    assert "This is a fault of the program" in result.stderr
    assert f"{type(error).__name__} in {__file__} line " in result.stderr
    assert "esb --debug" in result.stderr
    assert "Traceback" not in result.stderr
    assert "geheim" not in result.stderr


def test_debug_shows_the_whole_fault() -> None:
    result = failing(KeyError("geheim"), "--debug")
    assert result.exit_code == 70
    assert "Traceback" in result.stderr
    assert "KeyError: 'geheim'" in result.stderr


def test_a_reader_of_a_pipe_that_has_gone_is_no_error() -> None:
    result = failing(BrokenPipeError(32, "Broken pipe"))
    assert result.exit_code == 1
    assert result.stderr == ""


def test_a_mistake_of_the_command_line_is_told_by_click() -> None:
    result = failing(click.UsageError("odd"))
    assert result.exit_code == 2
    assert "odd" in result.stderr
