"""Contacts: readable, changeable, and never lost."""

from dataclasses import replace

import pytest

from esb.kernel.names import ServiceId
from esb.registry.acts import Act, list_changes
from esb.registry.contacts import (
    Contact,
    add_contact,
    change_contact,
    contact_of,
    end_contact,
    get_contact,
    list_contacts,
)
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.member_models import ContactRole

LEYLA = Contact(
    "Leyla Məmmədova", "şöbə müdiri", "l.mammadova@din.gov.az", "+994 12 555-00-00", frozenset({ContactRole.TECHNICAL})
)
KEPT = replace(LEYLA, telephone="+994125550000")


def test_a_contact_is_kept_once_with_its_number_written_one_way(act: Act, service: ServiceId) -> None:
    number = add_contact(act, "DIN", LEYLA)
    assert add_contact(act, "DIN", KEPT) == number
    assert [contact_of(row) for row in list_contacts(act.session, "DIN")] == [KEPT]
    assert list_contacts(act.session, "DSMF") == []


def test_a_change_ends_the_row_and_adds_another(act: Act, service: ServiceId) -> None:
    number = add_contact(act, "DIN", LEYLA)
    roles = (ContactRole.TECHNICAL, ContactRole.SECURITY)
    later = change_contact(act, number, "took over security too", roles=roles, telephone="+994 12 555 00 01")
    assert later != number
    assert [row.id for row in list_contacts(act.session, "DIN")] == [later]
    assert [row.id for row in list_contacts(act.session, "DIN", ended=True)] == [number, later]
    assert [row.id for row in list_contacts(act.session, "DIN", role=ContactRole.SECURITY)] == [later]
    assert list_contacts(act.session, "DIN", role=ContactRole.RESPONSIBLE) == []
    assert get_contact(act.session, number).ended_at == act.now
    assert change_contact(act, later, "nothing", name="Leyla Məmmədova") == later
    with pytest.raises(Conflict, match="has ended"):
        change_contact(act, number, "why", name="x")


def test_the_changes_name_no_person(act: Act, service: ServiceId) -> None:
    number = change_contact(act, add_contact(act, "DIN", LEYLA), "moved", office="müavin", email="l@din.gov.az")
    end_contact(act, number, "retired")
    before = len(list_changes(act.session))
    end_contact(act, number, "again")
    changes = [change for change in list_changes(act.session) if change.kind == "contact"]
    assert len(list_changes(act.session)) == before
    assert [change.act for change in changes] == ["add", "add", "end"]
    assert changes[1].detail["changed"] == ["office", "email"]
    told = str([change.detail for change in changes])
    assert not any(word in told for word in ("Leyla", "@", "+994", "müavin"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": " "}, "name"),
        ({"office": ""}, "office"),
        ({"email": "leyla"}, "e-mail"),
        ({"email": "l@din"}, "e-mail"),
        ({"email": "a b@din.gov.az"}, "e-mail"),
        ({"email": "l@din.gov.az\nBcc: x@y.az"}, "e-mail"),
        ({"email": f"{'l' * 65}@din.gov.az"}, "e-mail"),
        ({"telephone": "012 555 00 00"}, "telephone"),
        ({"telephone": "+0 1"}, "telephone"),
        ({"telephone": "+994 12 KASSA"}, "telephone"),
        ({"roles": frozenset()}, "role"),
    ],
)
def test_what_nobody_could_be_reached_by_is_refused(
    act: Act, service: ServiceId, change: dict[str, object], says: str
) -> None:
    with pytest.raises(Invalid, match=says) as caught:
        add_contact(act, "DIN", replace(LEYLA, **change))  # type: ignore[arg-type]
    assert "leyla" not in str(caught.value)
    assert list_contacts(act.session, "DIN") == []


def test_who_is_not_there_is_not_found(act: Act, service: ServiceId) -> None:
    with pytest.raises(NotFound, match="NOBODY"):
        add_contact(act, "NOBODY", LEYLA)
    with pytest.raises(NotFound, match="contact 7"):
        end_contact(act, 7, "why")
    with pytest.raises(Invalid, match="reason"):
        end_contact(act, add_contact(act, "DIN", LEYLA), "")
