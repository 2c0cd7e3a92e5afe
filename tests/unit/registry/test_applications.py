"""Applications as they are listed and found; the procedure itself is in tests/contract."""

import pytest

from esb.kernel.names import ServiceId
from esb.registry.acts import Act
from esb.registry.applications import (
    connected,
    file_application,
    find_standing,
    get_application,
    history,
    list_applications,
    notice_facts,
)
from esb.registry.errors import NotFound
from esb.registry.particulars import Particulars
from esb.registry.procedure import Kind, Limits, State

LIMITS = Limits()


@pytest.fixture
def number(act: Act, service: ServiceId, contract: str) -> int:
    given = Particulars("why", "IT", service="DIN/IAMAS/Another/v1", endpoint="https://provider.example/")
    return file_application(act, "DIN", Kind.NEW, given, contract=contract, limits=LIMITS)


def test_lists_by_member_and_state(act: Act, number: int) -> None:
    assert [row.id for row in list_applications(act.session, applicant="DIN")] == [number]
    assert list_applications(act.session, applicant="DSMF") == []
    assert list_applications(act.session, states=frozenset({State.CHECKED})) == []


def test_a_notice_says_what_and_until_when(act: Act, number: int) -> None:
    facts = notice_facts(get_application(act.session, number), "why")
    assert facts["state"] == "applied"
    assert facts["due"] == "1970-01-06"  # three working days after Thursday, the first of January 1970


def test_the_history_is_the_acts(act: Act, number: int) -> None:
    (entry,) = history(act.session, "application", number)
    assert (entry.act, entry.author) == ("apply", "officer")
    assert entry.detail["particulars"]["purpose"] == "why"


def test_what_is_under_way_stands_for_nothing_yet(act: Act, number: int) -> None:
    assert find_standing(act.session, "DIN/IAMAS/Another/v1") is None
    row = get_application(act.session, number)
    row.state = State.REGISTERED
    act.session.flush()
    found = find_standing(act.session, "DIN/IAMAS/Another/v1")
    assert found is row
    assert connected(row) == "DIN/IAMAS/Another/v1"


def test_an_unknown_number_says_how_to_find_one(act: Act) -> None:
    with pytest.raises(NotFound, match="esb application list"):
        get_application(act.session, 99)
