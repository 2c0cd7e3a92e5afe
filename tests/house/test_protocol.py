"""docs/protocol.md and the catalogue of rules say the same."""

import re
from pathlib import Path

from esb.kernel.rules import CATALOGUE

# A rule is defined where a heading or a table's first cell names it; elsewhere it is only referred to.
_DEFINED = re.compile(r"^(?:#{2,6} +|\| *)[`*]*([A-Z]{3}-[0-9]{2})\b", re.MULTILINE)
_NAMED = re.compile(r"\b([A-Z]{3}-[0-9]{2})\b")
# What the bus promises of itself (names, forwarding, answers, statuses, evidence) is broken by no message: no refusal
# cites these.
_PROMISES = ("NAM-", "FWD-", "ANS-", "RST-", "EVD-")
# These look like rule ids and are none.
_NOT_RULES = {"UTF-16"}


def _protocol(root: Path) -> str:
    return (root / "docs" / "protocol.md").read_text(encoding="utf-8")


def test_every_rule_is_defined_once_and_no_other(root: Path) -> None:
    defined = [rule for rule in _DEFINED.findall(_protocol(root)) if not rule.startswith(_PROMISES)]
    assert sorted(defined) == sorted(CATALOGUE)


def test_every_rule_that_is_named_is_defined(root: Path) -> None:
    text = _protocol(root)
    assert set(_NAMED.findall(text)) - set(_DEFINED.findall(text)) - _NOT_RULES == set()


def test_every_rule_that_the_code_names_is_defined(sources: dict[str, str]) -> None:
    known = {rule.split("-")[0] for rule in CATALOGUE}
    unknown = [
        f"{name}: {rule}"
        for name, text in sources.items()
        for rule in _NAMED.findall(text)
        if rule.split("-")[0] in known and rule not in CATALOGUE
    ]
    assert unknown == []


def test_the_protocol_says_of_each_rule_what_the_catalogue_says(root: Path) -> None:
    text = _protocol(root)
    missing = [f"| {each.id} | {each.text} | `{each.code.value}` |" for each in CATALOGUE.values()]
    assert [row for row in missing if row not in text] == []
