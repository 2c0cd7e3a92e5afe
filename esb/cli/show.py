"""How commands speak: tables, blocks of facts, JSON, complaints and questions.

Whatever is shown passes through :func:`esb.logs.safe`, so that no text which a stranger chose can steer a terminal.
"""

import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO, TypeVar

import click

from esb.kernel.faults import EsbError
from esb.logs import json_text, safe

_LONGEST = 4_000  # characters of one cell or line

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Unconfirmed(EsbError):
    """A dangerous act was not confirmed, so nothing was done."""


def json_option(command: _Command) -> _Command:
    """Give a listing command the option --json; it arrives as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON, for programs.")(command)


def yes_option(command: _Command) -> _Command:
    """Give a dangerous command the option --yes; it arrives as ``yes`` and goes to :func:`confirm`."""
    return click.option("--yes", is_flag=True, help="Do it without asking.")(command)


def confirm(question: str, yes: bool) -> None:
    """Ask ``question`` unless ``yes`` was said.

    Raises:
        Unconfirmed: the answer was no, or there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Unconfirmed(f"{question} Nobody is there to answer: add --yes to do it without asking.")
    if not click.confirm(_lines(question), err=True):
        raise Unconfirmed("Nothing was done.")


def say(text: str) -> None:
    """One text on standard output."""
    click.echo(_lines(text))


def say_json(value: object) -> None:
    """A value as indented JSON on standard output."""
    click.echo(json_text(value, indent=2))


def complain(text: str) -> None:
    """One text on standard error, marked as an error."""
    click.echo(f"{paint('error:', 'red', sys.stderr)} {_lines(text)}", err=True)


def say_aside(text: str) -> None:
    """A remark on standard error, which no program that reads the output takes for a part of it."""
    click.echo(f"{paint('note:', 'yellow', sys.stderr)} {_lines(text)}", err=True)


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """``text`` in a colour where ``stream`` (standard output) is a terminal and NO_COLOR is not set (no-color.org)."""
    stream = sys.stdout if stream is None else stream
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return click.style(text, fg=colour)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under headers, in columns as wide as their widest cell; no line ends in spaces."""
    cells = [[safe(str(cell), _LONGEST) for cell in row] for row in (headers, *rows)]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    return "\n".join(_columns(row, widths) for row in cells)


def block(pairs: Iterable[tuple[str, object]]) -> str:
    """Facts one below the other: the name, then the value, aligned."""
    cells = [(f"{safe(name)}:", safe(str(value), _LONGEST)) for name, value in pairs]
    longest = max((width(name) for name, _ in cells), default=0)
    return "\n".join(_columns(row, (longest, 0)) for row in cells)


def width(text: str) -> int:
    """Columns that a terminal gives to ``text``: none to a combining mark, two to a wide East Asian letter."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(letter) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _columns(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True))
    return "  ".join(padded).rstrip()


def _lines(text: str) -> str:
    return "\n".join(safe(line, _LONGEST) for line in text.split("\n"))
