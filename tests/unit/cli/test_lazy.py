"""Commands are imported when they run, and not before."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from esb.cli.lazy import LazyGroup, Subject
from esb.cli.main import SUBJECTS, main


def test_help_imports_no_command_and_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from esb.cli.main import main\n"
        "result = CliRunner().invoke(main, ['--help'])\n"
        "assert result.exit_code == 0, result.output\n"
        "print(*sys.modules)\n"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"lxml", "twisted", "sqlalchemy", "structlog", "cryptography", "spyne", "zeep", "alembic", "esb.cli.config"}
    assert not heavy & set(loaded)


@pytest.mark.parametrize("name", SUBJECTS)
def test_each_subject_is_there_and_its_line_is_the_beginning_of_its_help(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name
    assert (command.help or "").startswith(SUBJECTS[name].summary.removesuffix("."))


@pytest.mark.parametrize("name", SUBJECTS)
def test_each_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    command = main.get_command(click.Context(main), name)
    if isinstance(command, click.Group):
        for inner in command.list_commands(click.Context(command)):
            assert CliRunner().invoke(main, [name, inner, "--help"]).exit_code == 0


def test_an_unknown_command_is_a_mistake_of_the_command_line() -> None:
    result = CliRunner().invoke(main, ["cofnig"])
    assert result.exit_code == 2
    assert "No such command" in result.stderr


def test_a_subject_that_is_no_command_is_a_fault() -> None:
    group = LazyGroup("x", subjects={"a": Subject("esb.kernel.names", "SERVICES_ROOT", "A.")})
    with pytest.raises(TypeError, match=r"esb\.kernel\.names\.SERVICES_ROOT is not a command"):
        group.get_command(click.Context(group), "a")
