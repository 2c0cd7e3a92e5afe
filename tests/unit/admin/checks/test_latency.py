"""Check ``latency``: bounded exchanges against the bounds."""

import time
from dataclasses import replace

from support.applicant import Applicant
from support.provider import Delivered, Given, Provider, persons

from esb.admin.checks.exchange import check as exchange
from esb.admin.checks.latency import check
from esb.admin.checks.model import Outcome, Result


def measured(applicant: Applicant) -> Result:
    made: list[object] = []
    context = applicant.context(made)  # type: ignore[arg-type]
    try:
        exchange(context)
        return check(context)
    finally:
        for bus in made:
            bus.close()  # type: ignore[attr-defined]


def test_so_many_calls_and_no_more(applicant: Applicant, provider: Provider) -> None:
    result = measured(applicant)
    assert result.outcome is Outcome.PASS
    assert (result.facts["calls"], len(provider.journal)) == (3, 4)


def test_a_slow_provider(applicant: Applicant, provider: Provider) -> None:
    def slowly(request: Delivered) -> Given:
        time.sleep(0.1)
        return persons(request)

    provider.answer = slowly
    applicant.bounds = replace(applicant.bounds, median_seconds=0.05, p95_seconds=0.05)
    result = measured(applicant)
    assert {one.rule for one in result.findings} == {"latency-median", "latency-p95"}
    assert result.facts["median_seconds"] >= 0.1


def test_a_provider_that_breaks_off(applicant: Applicant, provider: Provider) -> None:
    provider.answer = lambda request: persons(request) if len(provider.journal) < 3 else Given(b"", raw=b"")
    assert [one.rule for one in measured(applicant).findings] == ["latency-broken"]


def test_the_time_in_all_is_bounded(applicant: Applicant) -> None:
    applicant.bounds = replace(applicant.bounds, calls=10_000, total_seconds=0.2)
    began = time.monotonic()
    assert measured(applicant).facts["calls"] < 10_000
    assert time.monotonic() - began < 20


def test_nothing_passed_before(applicant: Applicant) -> None:
    assert check(applicant.context([])).outcome is Outcome.NOT_APPLICABLE
