"""The option --document: a file that is archived along with the act, or the digest of one that is archived already."""

import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from esb.admin.papers import Paper

_Command = TypeVar("_Command", bound=Callable[..., Any])


def document_option(command: _Command) -> _Command:
    """Give a command the option --document; it arrives as ``document`` and goes to :func:`paper_of`."""
    return click.option(
        "--document",
        metavar="FILE",
        help="The paper it stands on, which is archived; or the SHA-256 of one that is archived already.",
    )(command)


def paper_of(document: str | None) -> "Paper | None":
    """What was handed in with --document; None for nothing.

    Raises:
        click.UsageError: there is no such file.
    """
    from esb.admin.papers import Paper

    if document is None:
        return None
    path = Path(document)
    if not path.is_file():
        if re.fullmatch(r"[0-9a-fA-F]{64}", document):
            return Paper(document.lower())
        raise click.UsageError(f"--document: there is no file {document}.")
    return Paper(path.name, path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream")
