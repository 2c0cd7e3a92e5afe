"""A group of commands whose modules are imported only when one of them runs: `esb --help` must not wait for Twisted."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class Subject:
    """Where a command is, and its line in the list of commands (the first sentence of its own help)."""

    module: str
    attribute: str
    summary: str


class LazyGroup(click.Group):
    """A click group over subjects: by command name, in the order in which they are listed."""

    def __init__(self, *args: Any, subjects: Mapping[str, Subject], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subjects = subjects

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order given."""
        return list(self.subjects)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or None when there is none of that name."""
        subject = self.subjects.get(cmd_name)
        if subject is None:
            return None
        command = getattr(import_module(subject.module), subject.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{subject.module}.{subject.attribute} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, subject.summary) for name, subject in self.subjects.items()])
