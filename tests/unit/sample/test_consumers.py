"""Every service has three consumers, one of them the portal, and together they ask what the month asks."""

from collections import Counter
from fractions import Fraction

import pytest

from esb.sample.consumers import PORTAL, consumers_of
from esb.sample.mix import national_month, part_of

MONTH = national_month()


@pytest.mark.parametrize("part", ["1", "0.01", "0.0003"])
def test_the_shares_of_each_service_sum_to_its_uses(part: str) -> None:
    month = part_of(MONTH, Fraction(part))
    sums: Counter[str] = Counter()
    for each in consumers_of(month):
        sums[each.service.id.text] += each.uses
    assert sums == {service.id.text: service.uses for service in month.services}


def test_each_service_has_the_portal_and_two_other_agencies() -> None:
    asking = consumers_of(MONTH)
    pairs = [(each.service.id, each.consumer) for each in asking]
    assert len(pairs) == len(set(pairs)) == 277 * 3
    assert sum(each.consumer == PORTAL for each in asking) == 277
    assert all(each.consumer != each.service.agency for each in asking if each.consumer != PORTAL)


def test_every_agency_asks_somebody_and_the_portal_nine_times_in_ten() -> None:
    sums: Counter[str] = Counter()
    for each in consumers_of(MONTH):
        sums[each.consumer] += each.uses
    assert set(sums) == {agency.code for agency in MONTH.agencies}
    assert min(sums.values()) > 0
    assert abs(sums[PORTAL] - 704_970 * 9 // 10) < 277
