"""The month keeps every published figure, and every part of it is shared out to the last request."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.sample.mix import Month, national_month, part_of
from esb.sample.published import read_published

MONTH = national_month()


def test_the_whole_is_the_bulletins() -> None:
    published = read_published()
    assert MONTH.uses == 704_970
    assert len(MONTH.services) == len({service.id for service in MONTH.services}) == 277
    assert [
        (code, len(services), sum(service.uses for service in services)) for code, services in MONTH.by_agency.items()
    ] == [(agency.code, agency.services, agency.uses) for agency in published.agencies]
    ranked = {service.rank: service for service in MONTH.services if service.rank is not None}
    assert len(ranked) == 20
    for top in published.top:
        service = ranked[top.rank]
        assert (service.uses, service.published, service.agency) == (top.uses, top.uses, top.agency)
        assert (service.name_az, service.name_en) == (top.name_az, top.name_en)


def test_the_others_lie_between_one_and_the_twentieth() -> None:
    others = [service for service in MONTH.services if service.rank is None]
    assert len(others) == 257
    assert all(1 <= service.uses <= 3_752 and service.published is None for service in others)
    assert [service.uses for service in MONTH.by_agency["DIN"]] == [3_752, 1_941, 1_295]


@given(part=st.fractions(Fraction(1, 704_970), 1))
def test_a_part_is_exact(part: Fraction) -> None:
    small = part_of(MONTH, part)
    assert small.uses == round(704_970 * part)
    assert small.part == part
    assert [service.id for service in small.services] == [service.id for service in MONTH.services]
    for code, services in MONTH.by_agency.items():
        due = part * sum(service.uses for service in services)
        # The total was rounded once, and an agency's share of it once more.
        assert abs(sum(service.uses for service in small.by_agency[code]) - due) < 2


def test_the_whole_as_a_part_is_the_whole() -> None:
    assert part_of(MONTH, Fraction(1)) == MONTH


def test_a_hundredth() -> None:
    small = part_of(MONTH, Fraction("0.01"))
    uses = {service.rank: service.uses for service in small.services}
    assert (small.uses, uses[1], uses[2]) == (7_050, 1_333, 1_004)


@pytest.mark.parametrize("part", [Fraction(0), Fraction(-1, 2), Fraction(2), Fraction(1, 10**7)])
def test_what_is_no_part_is_refused(part: Fraction) -> None:
    with pytest.raises(ValueError, match=r"a larger part|not a part"):
        part_of(MONTH, part)


def test_it_is_the_same_each_time() -> None:
    assert isinstance(MONTH, Month)
    assert national_month() == MONTH
