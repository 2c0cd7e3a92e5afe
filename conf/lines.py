"""On which line of a TOML file a key stands: `tomllib` tells values without their places."""

import re
from typing import Final

_TABLE: Final = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?")
_KEY: Final = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART: Final = re.compile(r"""[A-Za-z0-9_-]+|"([^"]*)"|'([^']*)'""")


def key_lines(text: str) -> dict[str, int]:
    """Line numbers, from 1, by the key's path (``door.port``); a table's own path is that of its header.

    Meant for a document that `tomllib` has accepted.  It knows tables, dotted and quoted keys and strings over
    several lines; a key inside an inline table has no line of its own.
    """
    lines: dict[str, int] = {}
    table: tuple[str, ...] = ()
    closing: str | None = None  # the quotes that end a string over several lines, while in one
    for number, line in enumerate(text.splitlines(), 1):
        if closing is not None:
            if closing in line:
                closing = None
            continue
        if match := _TABLE.fullmatch(line):
            table = _parts(match.group(1))
            lines.setdefault(".".join(table), number)
        elif match := _KEY.match(line):
            lines.setdefault(".".join(table + _parts(match.group(1))), number)
            rest = line[match.end() :].lstrip()
            for quotes in ('"""', "'''"):
                if rest.startswith(quotes) and quotes not in rest[3:]:
                    closing = quotes
    return lines


def _parts(path: str) -> tuple[str, ...]:
    return tuple(match.group(1) or match.group(2) or match.group() for match in _PART.finditer(path))
