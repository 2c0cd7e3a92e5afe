"""Members and systems: unique, named, and never silently changed."""

import pytest

from esb.kernel.directory import MemberStatus
from esb.registry.acts import Act, list_changes
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.members import (
    add_member,
    add_system,
    change_member,
    get_member,
    get_system,
    list_systems,
    rename_system,
    set_member_status,
)
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
    set_member_status(act, "DIN", MemberStatus.SUSPENDED, "as was decided")
    set_member_status(act, "DIN", MemberStatus.SUSPENDED, "as was decided")
    assert [change.detail for change in list_changes(act.session)][1:] == [
        {"status": ["active", "suspended"], "reason": "as was decided"}
    ]


def test_who_is_not_registered_is_not_found(act: Act) -> None:
    for attempt in (
        lambda: set_member_status(act, "NOBODY", MemberStatus.ACTIVE, "as was decided"),
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


def test_a_step_without_a_reason_is_none(act: Act) -> None:
    add_member(act, "DIN", "Nazirlik", "Ministry", MemberKind.STATE)
    with pytest.raises(Invalid, match="reason"):
        set_member_status(act, "DIN", MemberStatus.SUSPENDED, " ")
    assert get_member(act.session, "DIN").status is MemberStatus.ACTIVE


def test_particulars_change_with_a_reason_and_only_where_they_differ(act: Act) -> None:
    add_member(act, "DIN", "Nazirlik", "Ministry", MemberKind.STATE, voen="1400040231")
    change_member(act, "DIN", "renamed by decree 5", name_en="Ministry of Internal Affairs", voen="1400040231")
    assert list_changes(act.session)[-1].detail == {
        "name_en": ["Ministry", "Ministry of Internal Affairs"],
        "reason": "renamed by decree 5",
    }
    change_member(act, "DIN", "again", name_en="Ministry of Internal Affairs")
    assert len(list_changes(act.session)) == 2
    add_member(act, "VN", "Nazirlik", "Taxes", MemberKind.STATE, voen="1400040232")
    with pytest.raises(Conflict, match="DIN"):
        change_member(act, "VN", "typed again", voen="1400040231")
    with pytest.raises(Invalid, match="ten digits"):
        change_member(act, "VN", "typed again", voen="14000402")
    with pytest.raises(Invalid, match="reason"):
        change_member(act, "VN", "", name_en="x")


def test_a_system_is_renamed_and_its_code_stays(act: Act) -> None:
    add_member(act, "DIN", "Nazirlik", "Ministry", MemberKind.STATE)
    add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
    rename_system(act, "DIN", "IAMAS", "the full name", name_az="İAMAS", name_en="Registry")
    assert (get_system(act.session, "DIN", "IAMAS").name_az, len(list_changes(act.session))) == ("İAMAS", 3)
    rename_system(act, "DIN", "IAMAS", "again", name_en="Registry")
    assert len(list_changes(act.session)) == 3
    with pytest.raises(Invalid, match="reason"):
        rename_system(act, "DIN", "IAMAS", "", name_en="x")
    with pytest.raises(NotFound, match="DIN/NONE"):
        rename_system(act, "DIN", "NONE", "why", name_en="x")
