"""The rules: ids that stay, one sentence each, and a use for every code."""

import re

import pytest

from esb.kernel import rules
from esb.kernel.faults import Code, Rule


def test_every_rule_is_in_the_catalogue_under_its_id():
    named = {value for value in vars(rules).values() if isinstance(value, Rule)}
    assert named == set(rules.CATALOGUE.values())
    assert all(number == rule.id for number, rule in rules.CATALOGUE.items())


@pytest.mark.parametrize("rule", rules.CATALOGUE.values(), ids=lambda rule: rule.id)
def test_a_rule_is_a_sentence_under_a_lawful_id(rule):
    assert re.fullmatch(r"[A-Z]{3}-[0-9]{2}", rule.id)
    assert rule.text.endswith(".")
    assert rule.text.isprintable()


def test_ids_run_without_gaps():
    numbers: dict[str, list[int]] = {}
    for number in rules.CATALOGUE:
        numbers.setdefault(number[:3], []).append(int(number[4:]))
    assert {area: found for area, found in numbers.items() if found != list(range(1, len(found) + 1))} == {}


def test_every_code_is_the_code_of_a_rule():
    assert {rule.code for rule in rules.CATALOGUE.values()} == set(Code)


def test_an_id_cannot_be_given_twice():
    with pytest.raises(ValueError, match="MSG-01 is defined twice"):
        rules._rule("MSG-01", Code.TOO_LARGE, "Another.")
