"""How commands tell how far long work is."""

import sys
from collections.abc import Callable

import click


def progress(what: str) -> Callable[[int, int], None]:
    """Tells how much is done, and of how much, where a person watches; ``what`` is counted."""
    if not sys.stderr.isatty():
        return lambda _done, _of: None

    def told(done: int, of: int) -> None:
        click.echo(f"\r{done:,} of {of:,} {what}", err=True, nl=done >= of)

    return told
