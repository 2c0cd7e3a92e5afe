"""What a search asks for, and which records are what it asks for."""

from itertools import pairwise

import pytest
from support.records import a_record

from esb.audit.entry import Kind
from esb.audit.indexer import facts_of
from esb.audit.query import DEPTH, INDEXED, Query, first_parts, provider_of, step_terms, steps_of, term, terms_for

RECORD = a_record(
    consumer="EESMN",
    client="EESMN/HR",
    operation='Get "it"',
    message_id="urn:uuid:1",
    case_number="2026/7",
    officer="Əliyev",
    grant=17,
    duration_us=2_000_000,
    subject=f"{1:032x} {2:032x}",
)
FACTS = facts_of(RECORD.leaf)


def terms_of(facts: dict[str, object]) -> set[int]:
    found = {each for name in INDEXED if name in facts for each in terms_for(name, facts[name])}
    return found | set(step_terms(steps_of(int(str(facts.get("duration_us", 0))))))


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(since=RECORD.entry.at, until=RECORD.entry.at + 1),
        Query(name=RECORD.entry.exchange),
        Query(name=RECORD.entry.record),
        Query(kind=Kind.REQUEST, grant=17),
        Query(member="EESMN"),
        Query(member="DIN"),
        Query(provider="DIN", service="DIN/IAMAS"),
        Query(service="DIN/IAMAS/PersonQuery/v1", client="EESMN/HR"),
        Query(operation='Get "it"', officer="Əliyev", case_number="2026/7", message_id="urn:uuid:1"),
        Query(slower_than=2_000_000),
        Query(subject=f"{2:032x}"),
    ],
)
def test_a_fitting_record_has_the_terms_and_octets_that_are_asked_for(query: Query) -> None:
    assert query.fits(RECORD.entry)
    assert set(query.terms()) <= terms_of(FACTS)
    assert all(needle in RECORD.leaf for needle in query.needles())
    assert query.glance(RECORD.leaf)


@pytest.mark.parametrize(
    "query",
    [
        Query(since=RECORD.entry.at + 1),
        Query(until=RECORD.entry.at),
        Query(name="another"),
        Query(kind=Kind.ANSWER),
        Query(member="IAMAS"),
        Query(provider="EESMN"),
        Query(service="DIN/IAM"),
        Query(service="DIN/IAMAS/PersonQuery/v1/"),
        Query(slower_than=2_000_001),
        Query(subject=f"{3:032x}"),
        Query(grant=1),
    ],
)
def test_another_record_does_not_fit(query: Query) -> None:
    assert not query.fits(RECORD.entry)


@pytest.mark.parametrize(
    "query",
    [
        Query(since=RECORD.entry.at + 1),
        Query(until=RECORD.entry.at),
        Query(member="IAMAS"),
        Query(slower_than=2_000_001),
    ],
)
def test_what_does_not_fit_shows_at_a_glance(query: Query) -> None:
    assert not query.glance(RECORD.leaf)


def test_what_cannot_be_read_is_not_passed_by_for_its_time() -> None:
    assert Query(since=1, until=2).glance(b"damaged")


def test_a_record_that_took_no_time_is_not_slow() -> None:
    entry = a_record(duration_us=None).entry
    assert Query().fits(entry)
    assert not Query(slower_than=0).fits(entry)


def test_a_term_is_a_fact_and_not_its_value_alone() -> None:
    assert term("consumer", "DIN") != term("provider", "DIN")
    assert term("grant", 17) == term("grant", "17")
    assert 0 <= term("officer", "\ud800") < 2**40  # what a stranger may have asked for


def test_a_slow_record_has_a_term_for_every_step_up_to_its_duration() -> None:
    counts = [len(terms_of({"duration_us": took})) for took in (0, 9_999, 10_000, 2_000_000, 10**9)]
    assert counts == [0, 0, 1, 8, 12]
    assert all(low <= high for low, high in pairwise(counts))


def test_a_name_of_many_parts_has_a_bounded_number_of_terms() -> None:
    assert first_parts("a/b") == ["a"]
    assert first_parts("a/b/c/d") == ["a", "a/b", "a/b/c"]
    assert first_parts("a/b/c/d/e/f/g") == ["a", "a/b", "a/b/c", "a/b/c/d"]
    assert len(terms_of({"service": "/".join("x" * 256)})) == DEPTH + 3
    assert (provider_of("DIN/IAMAS"), provider_of("grant:17")) == ("DIN", "")


def test_facts_are_what_was_asked_for() -> None:
    assert Query().facts() == {}
    assert Query(since=0, kind=Kind.CHANGE, officer="x").facts() == {"since": 0, "kind": "change", "officer": "x"}
