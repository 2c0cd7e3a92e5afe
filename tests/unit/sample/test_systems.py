"""There are as many systems as were registered, each with an owner and a name of its own."""

from collections import Counter

from esb.sample.mix import SYSTEM, national_month
from esb.sample.systems import SYSTEMS, asking_system, national_systems

AGENCIES = national_month().agencies
ALL = national_systems(AGENCIES)


def test_there_are_237_and_every_agency_has_some() -> None:
    assert len(ALL) == SYSTEMS == 237
    assert len({(each.agency, each.code) for each in ALL}) == 237
    counts = Counter(each.agency for each in ALL)
    assert set(counts) == {agency.code for agency in AGENCIES}
    assert min(counts.values()) == 3
    assert {each.agency for each in ALL if each.code == SYSTEM} == set(counts)


def test_the_asking_system_is_the_agencys_own_and_offers_nothing() -> None:
    own = {f"{each.agency}/{each.code}" for each in ALL if each.code != SYSTEM}
    for agency in AGENCIES:
        assert {asking_system(agency.code, ALL, number) for number in range(13)} == {
            name for name in own if name.startswith(f"{agency.code}/")
        }
