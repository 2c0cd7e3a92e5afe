"""What stood in the registry at a moment follows from the changes up to then, and from nothing else."""

import json
from typing import Any

import pytest
from support.records import a_record

from esb.admin.evidence.facts import ChangeFacts, ChangeMalformed, read_change, service_of, state_of, things_of
from esb.audit.change import Change, change_message, change_record
from esb.audit.entry import Entry
from esb.kernel.names import ServiceId


def facts_of(**fields: Any) -> Entry:
    return a_record(**fields).entry


def change(number: int, at: int, act: str, thing: tuple[str, str], author: str = "a", **detail: Any) -> ChangeFacts:
    return ChangeFacts(f"change-{number}", number, at, author, act, thing, detail)


GRANT = ("grant", "7")
COURSE = [
    change(1, 10, "request", GRANT, "first", consumer="EESMN", purpose="x"),
    change(2, 20, "approve", GRANT, "second", requested_by="first", replaces=None),
    change(3, 30, "revoke", GRANT, "third", reason="no need"),
    change(4, 40, "add", ("grant", "8"), "first", purpose="y"),
]


def test_a_grant_is_what_it_had_become_by_then() -> None:
    assert state_of(COURSE, GRANT, 9) is None
    requested, approved, revoked = (state_of(COURSE, GRANT, at) for at in (10, 20, 30))
    assert requested == {"consumer": "EESMN", "purpose": "x", "requested_by": "first", "approved_by": None}
    assert approved is not None
    assert revoked is not None
    assert (approved["approved_by"], approved["approved_at"], approved.get("revoked_at")) == ("second", 20, None)
    assert (revoked["approved_by"], revoked["revoked_at"]) == ("second", 30)
    one = state_of(COURSE, ("grant", "8"), 99)
    assert one is not None
    assert (one["requested_by"], one["approved_by"]) == ("first", "first")


def test_an_update_sets_what_it_names_and_its_reason_is_none() -> None:
    thing = ("member", "DIN")
    changes = [
        change(2, 20, "update", thing, name_az=["A", "B"], reason="renamed"),
        change(1, 10, "add", thing, name_az="A", status="active"),
        change(3, 30, "update", ("member", "OTHER"), name_az=["B", "C"]),
    ]
    assert state_of(changes, thing, 15) == {"name_az": "A", "status": "active"}
    assert state_of(changes, thing, 99) == {"name_az": "B", "status": "active"}


def test_a_certificate_may_be_issued_and_then_registered() -> None:
    thing = ("certificate", "ab")
    changes = [
        change(1, 10, "issue", thing, owner="DIN", profile="member-signing"),
        change(2, 11, "add", thing, owner="DIN", use="signing"),
        change(3, 20, "revoke", thing, revoked=[None, "keyCompromise"]),
    ]
    assert state_of(changes, thing, 15) == {"owner": "DIN", "profile": "member-signing", "use": "signing"}
    state = state_of(changes, thing, 20)
    assert state is not None
    assert state["revoked"] == "keyCompromise"


def test_a_changes_message_is_read_in_its_form_alone() -> None:
    made = Change(5, 1.5, "operator", "add", "grant", "7", {"purpose": "x"})
    message = change_message(made)
    found = read_change(message)
    assert found.record == change_record(made).entry.record
    assert (found.number, found.at, found.thing, found.detail) == (5, 1_500_000, GRANT, {"purpose": "x"})
    read = json.loads(message)
    for altered in ({**read, "more": 1}, {**read, "number": "5"}, {**read, "detail": []}, {**read, "author": None}, []):
        with pytest.raises(ChangeMalformed):
            read_change(json.dumps(altered).encode())
    for octets in (b"", b"[" * 100_000, b"\xff"):
        with pytest.raises(ChangeMalformed):
            read_change(octets)


def test_what_decided_is_asked_for_by_what_the_records_name() -> None:
    entry = facts_of(service="DIN/IAMAS/PersonQuery/v1", consumer="EESMN", client="EESMN/DMFS", grant=7)
    assert set(things_of([entry], ["ab"])) == {
        ("grant", "7"),
        ("service", "DIN/IAMAS/PersonQuery/v1"),
        ("system", "DIN/IAMAS"),
        ("system", "EESMN/DMFS"),
        ("member", "DIN"),
        ("member", "EESMN"),
        ("certificate", "ab"),
    }
    early = facts_of(service="/services/DIN/IAMAS/PersonQuery/v1", consumer="", client="", grant=None)
    assert service_of(early) == ServiceId.parse("DIN/IAMAS/PersonQuery/v1")
    assert service_of(facts_of(service="/nothing")) is None
