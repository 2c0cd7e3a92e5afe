"""Grants: to whom, for what, on which ground, until when."""

from dataclasses import replace

import pytest

from esb.kernel.directory import MemberStatus, ServiceStatus
from esb.kernel.names import ServiceId
from esb.registry.acts import Act, list_changes
from esb.registry.errors import Conflict, Forbidden, Invalid, NotFound
from esb.registry.grants import (
    Leave,
    add_grant,
    approve_grant,
    decline_grant,
    get_grant,
    list_grants,
    list_grants_of_member,
    request_grant,
    revoke_grant,
    withdraw_grant,
)
from esb.registry.members import set_member_status
from esb.registry.models import GrantRow, GrantStatus
from esb.registry.services import update_service

LEAVE = Leave("pension", "Law 55, article 3", 100.0)


def test_a_grant_is_kept_as_it_was_given(act: Act, service: ServiceId) -> None:
    leave = replace(LEAVE, valid_until=200.0, operations=frozenset({"FindPerson"}), per_second=2, per_day=9)
    row = get_grant(act.session, add_grant(act, "DSMF/Pension", service, leave))
    assert (row.consumer, row.service.name, row.operations) == ("DSMF/Pension", service, {"FindPerson"})
    assert (row.valid_from, row.valid_until, row.per_second, row.per_day) == (100.0, 200.0, 2, 9)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"purpose": " "}, "purpose"),
        ({"legal_basis": ""}, "legal basis"),
        ({"valid_until": 100.0}, "ends before"),
        ({"valid_until": float("inf")}, "end of the grant"),
        ({"valid_from": -1.0}, "beginning"),
        ({"operations": frozenset()}, "names no operation"),
        ({"operations": frozenset({"FindPerson", "Delete"})}, "'Delete'; it has FindPerson, ListPersons"),
        ({"per_second": 0}, "per second"),
        ({"per_day": -5}, "per day"),
        ({"required_fields": frozenset({"mood"})}, "mood"),
        ({"document": "abc"}, "document is not a SHA-256"),
    ],
)
def test_what_would_grant_nothing_or_nonsense_is_refused(
    act: Act, service: ServiceId, change: dict[str, object], says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        add_grant(act, "DSMF", service, replace(LEAVE, **change))
    assert list_grants(act.session) == []


def test_both_sides_must_be_registered(act: Act, service: ServiceId) -> None:
    for consumer, target, says in (
        ("NOBODY", service, "NOBODY"),
        ("DSMF/Nothing", service, "DSMF/Nothing"),
        ("DSMF", replace(service, version="v2"), "v2"),
    ):
        with pytest.raises(NotFound, match=says):
            add_grant(act, consumer, target, LEAVE)


def test_the_same_leave_twice_is_one_grant_and_another_leave_is_another(act: Act, service: ServiceId) -> None:
    first = add_grant(act, "DSMF", service, LEAVE)
    assert add_grant(act, "DSMF", service, LEAVE) == first
    assert add_grant(act, "DSMF/Pension", service, LEAVE) != first
    assert add_grant(act, "DSMF", service, replace(LEAVE, purpose="tax")) != first


def test_a_revoked_grant_stays_and_can_be_given_anew(act: Act, service: ServiceId) -> None:
    first = add_grant(act, "DSMF", service, LEAVE)
    revoke_grant(act, first, "the agreement ended")
    before = len(list_changes(act.session))
    revoke_grant(act, first, "again")
    assert len(list_changes(act.session)) == before
    assert list_grants(act.session) == []
    second = add_grant(act, "DSMF", service, LEAVE)
    assert second != first
    assert [row.id for row in list_grants(act.session, statuses=GrantStatus)] == [first, second]
    assert list_changes(act.session)[before - 1].detail == {"reason": "the agreement ended"}


def test_a_revocation_needs_a_grant_and_a_reason(act: Act, service: ServiceId) -> None:
    with pytest.raises(NotFound, match="77"):
        revoke_grant(act, 77, "because")
    grant = add_grant(act, "DSMF", service, LEAVE)
    with pytest.raises(Invalid, match="reason"):
        revoke_grant(act, grant, "")


def test_grants_are_found_by_consumer_and_by_service(act: Act, service: ServiceId) -> None:
    member = add_grant(act, "DSMF", service, LEAVE)
    system = add_grant(act, "DSMF/Pension", service, LEAVE)
    assert [row.id for row in list_grants(act.session, consumer="DSMF")] == [member, system]
    assert [row.id for row in list_grants(act.session, consumer="DSMF/Pension")] == [system]
    assert list_grants(act.session, consumer="DIN") == []
    assert [row.id for row in list_grants(act.session, service=service)] == [member, system]
    assert list_grants(act.session, service=replace(service, version="v2")) == []


def by(act: Act, officer: str) -> Act:
    """The same act as another officer's, who acts in its transaction."""
    return Act(act.session, officer, act.now)


def test_who_requested_cannot_approve_however_the_name_is_written(act: Act, service: ServiceId) -> None:
    number = request_grant(by(act, "leyla"), "DSMF", service, LEAVE)
    for name in ("leyla", "LEYLA", " Leyla ", "ｌｅｙｌａ"):
        with pytest.raises(Forbidden, match="leyla, who cannot approve"):
            approve_grant(by(act, name), number)
        with pytest.raises(Forbidden, match="withdraws it instead"):
            decline_grant(by(act, name), number, "why")
    with pytest.raises(Forbidden, match="declines it"):
        withdraw_grant(by(act, "aydin"), number, "why")
    assert get_grant(act.session, number).status is GrantStatus.REQUESTED


def test_both_officers_stand_in_the_row_and_in_the_changes(act: Act, service: ServiceId) -> None:
    number = request_grant(by(act, "leyla"), "DSMF", service, replace(LEAVE, document="A" * 64))
    approve_grant(by(act, "aydin"), number, note="as agreed")
    row = get_grant(act.session, number)
    assert (row.requested_by, row.decided_by, row.in_one_act, row.document) == ("leyla", "aydin", False, "a" * 64)
    asked, given = list_changes(act.session)[-2:]
    assert (asked.act, asked.author, asked.detail["service"]) == ("request", "leyla", service.text)
    assert (given.act, given.author) == ("approve", "aydin")
    assert given.detail == {"requested_by": "leyla", "replaces": None, "note": "as agreed"}
    alone = get_grant(act.session, add_grant(act, "DSMF/Pension", service, LEAVE))
    assert (alone.requested_by, alone.decided_by, alone.in_one_act) == ("officer", "officer", True)


def test_what_is_asked_for_twice_is_asked_for_once(act: Act, service: ServiceId) -> None:
    number = request_grant(by(act, "leyla"), "DSMF", service, LEAVE)
    assert request_grant(by(act, "aydin"), "DSMF", service, LEAVE) == number
    assert get_grant(act.session, number).requested_by == "leyla"
    approve_grant(by(act, "aydin"), number)
    with pytest.raises(Conflict, match=f"grant {number} gives the very same"):
        request_grant(by(act, "leyla"), "DSMF", service, LEAVE)
    assert add_grant(act, "DSMF", service, LEAVE) == number


def test_other_terms_take_the_place_of_the_old_at_approval(act: Act, service: ServiceId) -> None:
    old = add_grant(act, "DSMF", service, LEAVE)
    wider = request_grant(by(act, "leyla"), "DSMF", service, replace(LEAVE, per_day=5), replaces=old)
    assert get_grant(act.session, old).status is GrantStatus.APPROVED
    approve_grant(by(act, "aydin"), wider)
    assert [row.id for row in list_grants(act.session)] == [wider]
    assert get_grant(act.session, old).revoked_at == act.now
    assert list_changes(act.session)[-1].detail == {"reason": f"replaced by grant {wider}"}


def test_only_a_standing_grant_of_the_same_parties_is_replaced(act: Act, service: ServiceId) -> None:
    old = add_grant(act, "DSMF", service, LEAVE)
    with pytest.raises(Conflict, match="another consumer's"):
        request_grant(act, "DSMF/Pension", service, LEAVE, replaces=old)
    first = request_grant(by(act, "leyla"), "DSMF", service, replace(LEAVE, per_day=5), replaces=old)
    second = request_grant(by(act, "leyla"), "DSMF", service, replace(LEAVE, per_day=6), replaces=old)
    approve_grant(by(act, "aydin"), first)
    with pytest.raises(Conflict, match="nothing to replace"):
        approve_grant(by(act, "aydin"), second)
    with pytest.raises(Conflict, match="nothing to replace"):
        request_grant(act, "DSMF", service, replace(LEAVE, per_day=7), replaces=old)
    with pytest.raises(NotFound, match="77"):
        request_grant(act, "DSMF", service, LEAVE, replaces=77)


def test_what_changed_since_the_request_is_looked_at_again(act: Act, service: ServiceId) -> None:
    late = request_grant(by(act, "leyla"), "DSMF", service, replace(LEAVE, valid_until=1_500.0))
    with pytest.raises(Invalid, match="ended already"):
        approve_grant(Act(act.session, "aydin", 1_500.0), late)
    number = request_grant(by(act, "leyla"), "DSMF", service, replace(LEAVE, operations=frozenset({"FindPerson"})))
    row = get_grant(act.session, number)
    row.operations = frozenset({"Gone"})
    with pytest.raises(Invalid, match="'Gone'"):
        approve_grant(by(act, "aydin"), number)
    row.operations = None
    update_service(act, service, status=ServiceStatus.RETIRED)
    with pytest.raises(Conflict, match="retired"):
        approve_grant(by(act, "aydin"), number)
    update_service(act, service, status=ServiceStatus.ACTIVE)
    set_member_status(act, "DSMF", MemberStatus.LEFT, "dissolved")
    with pytest.raises(Conflict, match="DSMF has left"):
        approve_grant(by(act, "aydin"), number)
    with pytest.raises(Conflict, match="DSMF has left"):
        request_grant(act, "DSMF", service, LEAVE)


def test_a_members_grants_are_those_it_has_and_those_on_its_services(act: Act, service: ServiceId) -> None:
    asked = request_grant(act, "DSMF/Pension", service, LEAVE)
    given = add_grant(act, "DSMF", service, LEAVE)
    over = add_grant(act, "DSMF", service, replace(LEAVE, purpose="tax"))
    revoke_grant(act, over, "over")
    for member in ("DSMF", "DIN"):
        assert [row.id for row in list_grants_of_member(act.session, member)] == [asked, given]


def test_every_reason_is_demanded(act: Act, service: ServiceId) -> None:
    number = request_grant(by(act, "leyla"), "DSMF", service, LEAVE)
    for attempt in (
        lambda: decline_grant(by(act, "aydin"), number, " "),
        lambda: withdraw_grant(by(act, "leyla"), number, ""),
    ):
        with pytest.raises(Invalid, match="reason"):
            attempt()
    assert isinstance(get_grant(act.session, number), GrantRow)
