"""The bulletin's tables say what its totals say; where they would not, it is told."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from esb.sample import published
from esb.sample.published import DataUnsound, Published, find_problems, read_published


@pytest.fixture(scope="module")
def tables() -> Published:
    return read_published()


def test_the_sums_are_the_bulletins_totals(tables: Published) -> None:
    assert sum(agency.uses for agency in tables.agencies) == 704_970
    assert sum(agency.services for agency in tables.agencies) == 277
    assert len(tables.agencies) == 43
    assert len(tables.top) == 20
    assert sum(service.uses for service in tables.top) == 662_974


def test_names_are_whole_in_both_languages(tables: Published) -> None:
    assert tables.agencies[9].name_az == '"AzərEnerji" ASC'
    assert all(row.name_az and row.name_en for row in (*tables.agencies, *tables.top))


def _agency(place: int, **facts: object) -> Callable[[Published], Published]:
    def change(tables: Published) -> Published:
        agencies = list(tables.agencies)
        agencies[place] = replace(agencies[place], **facts)
        return replace(tables, agencies=tuple(agencies))

    return change


def _top(place: int, **facts: object) -> Callable[[Published], Published]:
    def change(tables: Published) -> Published:
        top = list(tables.top)
        top[place] = replace(top[place], **facts)
        return replace(tables, top=tuple(top))

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_agency(42, uses=9), "uses sum to 704,971, and the bulletin says 704,970"),
        (_agency(42, services=2), "services sum to 278"),
        (lambda tables: replace(tables, agencies=tables.agencies[:-1]), "rows sum to 42"),
        (_agency(3, rank=5), "ranks of the agencies have a gap or a double"),
        (_agency(3, uses=300_000), "the agencies do not stand in the order"),
        (_top(0, uses=1), "the top services do not stand in the order"),
        (_agency(3, code="DIN"), "two agencies have one code"),
        (_top(0, agency="XYZ"), "belongs to XYZ"),
        (_top(19, agency="DIDK"), "DIDK are more than all that it had"),
        (_agency(5, uses=12_000), "DIN has 12,000 uses left for its 3 other services"),
        (_agency(5, uses=2), "DIN has 2 uses left for its 3 other services"),
    ],
)
def test_what_does_not_agree_is_told(tables: Published, change: Callable[[Published], Published], told: str) -> None:
    assert find_problems(tables) == []
    assert told in "\n".join(find_problems(change(tables)))


def test_unsound_tables_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "REQUESTS", 704_971)
    with pytest.raises(DataUnsound, match="704,971"):
        read_published()
