"""Acts on members; every step on both databases is in tests/contract/test_officers_acts.py."""

import pytest
from unit.admin.conftest import NOW, Office

from esb.admin.members import Particulars, apply, join, set_standing
from esb.kernel.directory import MemberStatus
from esb.registry.contacts import Contact, list_contacts
from esb.registry.database import reading
from esb.registry.errors import Conflict, Invalid
from esb.registry.member_models import ContactRole
from esb.registry.members import get_member
from esb.registry.models import MemberKind

BANK = Particulars("BANK", "Bank", "Bank", MemberKind.BANK, "1400040231")
PERSON = Contact("A. Əliyev", "müdir", "a@bank.az", "+994125550000", frozenset({ContactRole.RESPONSIBLE}))


def test_an_application_brings_its_contacts_and_may_be_corrected(office: Office) -> None:
    apply(office.engine, BANK, contacts=[PERSON], reason="applies", author="leyla", now=NOW)
    corrected = Particulars("BANK", "Bank", "First Bank", MemberKind.BANK, "1400040231")
    apply(office.engine, corrected, contacts=[PERSON], reason="a slip", author="leyla", now=NOW)
    with reading(office.engine) as session:
        row = get_member(session, "BANK")
        assert (row.status, row.name_en) == (MemberStatus.APPLIED, "First Bank")
        assert len(list_contacts(session, "BANK")) == 1


def test_who_takes_part_cannot_apply(office: Office) -> None:
    join(office.engine, BANK, agreement_required=False, author="leyla", now=NOW)
    with pytest.raises(Conflict, match="cannot become applied"):
        apply(office.engine, BANK, reason="applies", author="leyla", now=NOW)


def test_no_step_is_taken_without_a_reason(office: Office) -> None:
    with pytest.raises(Invalid, match="reason"):
        set_standing(
            office.engine, "DIN", MemberStatus.SUSPENDED, "", agreement_required=False, author="leyla", now=NOW
        )
