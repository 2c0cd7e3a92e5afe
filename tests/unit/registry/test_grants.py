"""Grants: to whom, for what, on which ground, until when."""

from dataclasses import replace

import pytest

from esb.kernel.names import ServiceId
from esb.registry.acts import Act, list_changes
from esb.registry.errors import Invalid, NotFound
from esb.registry.grants import Leave, add_grant, get_grant, list_grants, revoke_grant

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
    assert [row.id for row in list_grants(act.session, revoked=True)] == [first, second]
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
