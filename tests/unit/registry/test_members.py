"""Members and systems: unique, named, and never silently changed."""

import pytest

from esb.kernel.directory import MemberStatus
from esb.registry.acts import Act, list_changes
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.members import add_member, add_system, get_member, get_system, list_systems, set_member_status
from esb.registry.models import MemberKind


def test_a_member_is_active_unless_said_otherwise(act: Act) -> None:
    add_member(act, "DIN", "Nazirlik", "Ministry", MemberKind.STATE, voen="1400040231")
    add_member(act, "NEW", "Yeni", "New", MemberKind.BANK, status=MemberStatus.APPLIED)
    assert get_member(act.session, "DIN").status is MemberStatus.ACTIVE
    assert get_member(act.session, "NEW").status is MemberStatus.APPLIED


def test_a_code_is_not_given_to_another(act: Act) -> None:
    add_member(act, "DIN", "Nazirlik", "Ministry", MemberKind.STATE)
    with pytest.raises(Conflict, match="DIN"):
        add_member(act, "DIN", "Başqa", "Another", MemberKind.STATE)


def test_a_voen_belongs_to_one_member(act: Act) -> None:
    add_member(act, "DIN", "Nazirlik", "Ministry", MemberKind.STATE, voen="1400040231")
    with pytest.raises(Conflict, match="DIN"):
        add_member(act, "VN", "Nazirlik", "Ministry", MemberKind.STATE, voen="1400040231")


def test_a_member_needs_names(act: Act) -> None:
    with pytest.raises(Invalid, match="Azerbaijani"):
        add_member(act, "DIN", " ", "Ministry", MemberKind.STATE)
    with pytest.raises(Invalid, match="English"):
        add_member(act, "DIN", "Nazirlik", "", MemberKind.STATE)


def test_a_status_changes_once(act: Act) -> None:
    add_member(act, "DIN", "Nazirlik", "Ministry", MemberKind.STATE)
    set_member_status(act, "DIN", MemberStatus.SUSPENDED)
    set_member_status(act, "DIN", MemberStatus.SUSPENDED)
    assert [change.detail for change in list_changes(act.session)][1:] == [{"status": ["active", "suspended"]}]


def test_who_is_not_registered_is_not_found(act: Act) -> None:
    for attempt in (
        lambda: set_member_status(act, "NOBODY", MemberStatus.ACTIVE),
        lambda: add_system(act, "NOBODY", "S", "Ad", "Name"),
        lambda: get_system(act.session, "NOBODY", "S"),
    ):
        with pytest.raises(NotFound, match="NOBODY"):
            attempt()


def test_a_system_keeps_its_names(act: Act) -> None:
    add_member(act, "DIN", "Nazirlik", "Ministry", MemberKind.STATE)
    add_system(act, "DIN", "IAMAS", "Sistem", "System")
    add_system(act, "DIN", "IAMAS", "Sistem", "System")
    with pytest.raises(Conflict, match="DIN/IAMAS"):
        add_system(act, "DIN", "IAMAS", "Başqa", "Other")
    assert [row.name_en for row in list_systems(act.session, "DIN")] == ["System"]
    assert len(list_systems(act.session)) == 1
    assert list_systems(act.session, "DSMF") == []
