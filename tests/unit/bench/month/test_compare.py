"""Whatever one side counted otherwise is told; what all counted alike is not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest

from esb.bench.month.compare import Comparison, Line, compare
from esb.bench.month.evidence import Evidence
from esb.bench.month.journal import Journal
from esb.bench.month.tally import NOTHING, Count, Tally
from esb.sample.consumers import Asking, consumers_of
from esb.sample.mix import national_month, part_of

MONTH = part_of(national_month(), Fraction("0.0005"))
ASKING = consumers_of(MONTH)
FIRST = MONTH.services[0].id.text
UNUSED = next(service.id.text for service in MONTH.services if not service.uses)


@dataclass(frozen=True)
class Sides:
    """Everything that is compared."""

    answered: dict[str, Count]
    by_pair: dict[tuple[str, str], int]
    evidence: Evidence
    journal: Journal

    def compared(self) -> Comparison:
        return compare(MONTH, ASKING, self.answered, self.by_pair, self.evidence, self.journal)


@pytest.fixture
def sides() -> Sides:
    tally = Tally()
    for service in MONTH.services:
        for number in range(service.uses):
            tally.add(service.id.text, f"{service.id}-{number}".encode())
    counts = tally.counts()
    pairs = {(each.service.id.text, each.consumer): each.uses for each in ASKING if each.uses}
    return Sides(counts, pairs, Evidence(counts, counts, pairs, {}), Journal(counts, 0))


def test_what_is_equal_agrees(sides: Sides) -> None:
    compared = sides.compared()
    assert compared.problems == ()
    assert all(line.agrees for line in compared.lines.values())
    whole = compared.total(list(compared.lines))
    assert (whole.wanted, whole.agrees) == (MONTH.uses, True)
    assert list(compared.lines) == [service.id.text for service in MONTH.services]


def _off(counts: dict[str, Count], by: int = 1) -> dict[str, Count]:
    count = counts[FIRST]
    return {**counts, FIRST: Count(count.number + by, count.digest)}


def _others(counts: dict[str, Count]) -> dict[str, Count]:
    return {**counts, FIRST: Count(counts[FIRST].number, counts[FIRST].digest + 1)}


CHANGES: dict[str, tuple[Callable[[Sides], Sides], str]] = {
    "journal one more": (lambda s: replace(s, journal=Journal(_off(dict(s.journal.served)), 0)), "journal"),
    "journal one less": (lambda s: replace(s, journal=Journal(_off(dict(s.journal.served), -1), 0)), "journal"),
    "journal of others": (lambda s: replace(s, journal=Journal(_others(s.answered), 0)), "not the same exchanges"),
    "journal of a stranger": (
        lambda s: replace(s, journal=Journal({**s.journal.served, "X/Y/Z/v1": Count(1, 1)}, 0)),
        "X/Y/Z/v1: counted, and no service",
    ),
    "journal of a service that nobody was to ask": (
        lambda s: replace(s, journal=Journal({**s.journal.served, UNUSED: Count(1, 1)}, 0)),
        UNUSED,
    ),
    "strange": (lambda s: replace(s, journal=Journal(s.journal.served, 2)), "2 times what they did not understand"),
    "answered less": (lambda s: replace(s, answered=_off(s.answered, -1)), "answered"),
    "answered others": (lambda s: replace(s, answered=_others(s.answered)), "not the same exchanges"),
    "logged more": (
        lambda s: replace(s, evidence=replace(s.evidence, answers=_off(s.answered))),
        "in the evidence log",
    ),
    "requests without answers": (
        lambda s: replace(s, evidence=replace(s.evidence, requests=_off(s.answered))),
        "requests are not those that its answers belong to",
    ),
    "refusals": (
        lambda s: replace(s, evidence=replace(s.evidence, others={"Overloaded": 3})),
        "3 records of Overloaded",
    ),
    "another consumer": (
        lambda s: replace(s, evidence=replace(s.evidence, by_pair={**s.evidence.by_pair, (FIRST, "XYZ"): 1})),
        "answered to XYZ",
    ),
    "consumers exchanged": (
        lambda s: replace(s, by_pair={**s.by_pair, (FIRST, "EHP"): 1}),
        f"{FIRST} asked by EHP: to be asked",
    ),
    "everything lost": (
        lambda s: Sides({}, {}, Evidence({}, {}, {}, {}), Journal({}, 0)),
        f"{FIRST}: to be asked {MONTH.services[0].uses:,}, answered 0",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_difference_is_told(name: str, sides: Sides) -> None:
    change, told = CHANGES[name]
    problems = change(sides).compared().problems
    assert told in "\n".join(problems)


def test_lines_add_up() -> None:
    line = Line(1, Count(1, 5), Count(1, 5), Count(1, 5))
    assert (line + line) == Line(2, Count(2, 10), Count(2, 10), Count(2, 10))
    assert line.agrees
    assert not (line + Line(1, NOTHING, NOTHING, NOTHING)).agrees


def test_asking_belongs_to_the_month() -> None:
    assert sum(each.uses for each in ASKING) == MONTH.uses
    assert all(isinstance(each, Asking) for each in ASKING)
