"""Journals: what a party swears to have seen, one JSON object a line, on the disk before the party goes on.

A line is one ``write`` on a file opened for appending, so that a SIGKILL leaves either all of it or nothing.
"""

import json
import os
from pathlib import Path
from typing import Any

Fact = dict[str, Any]


class Journal:
    """Appends facts to a file.

    Args:
        path: made where it is missing; what stands in it stays.
        sync: whether each fact is synced before :meth:`note` returns.  A party that is never killed needs no sync.
    """

    def __init__(self, path: Path, sync: bool = True) -> None:
        self.path = path
        self._sync = sync
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, **fact: Any) -> None:
        """Put one fact on record."""
        os.write(self._file, json.dumps(fact, separators=(",", ":")).encode() + b"\n")
        if self._sync:
            os.fdatasync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def read_journal(path: Path) -> list[Fact]:
    """The facts of a journal in order; none where there is no file.

    Raises:
        ValueError: a line is not a fact.  Nothing may be lost between two lines, so a torn one is not passed over.
    """
    if not path.exists():
        return []
    facts = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            facts.append(json.loads(line))
        except ValueError as error:
            raise ValueError(f"{path.name}, line {number}, is torn") from error
    return facts
