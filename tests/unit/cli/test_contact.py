"""How a contact is shown; what the commands do is tried with the members'."""

from esb.cli.contact import contact_facts
from esb.registry.member_models import ContactRow


def test_a_contact_for_people() -> None:
    row = ContactRow(
        id=4,
        member="DIN",
        roles=frozenset({"technical", "security"}),
        name="L. Məmmədova",
        office="müdir",
        email="l@din.gov.az",
        telephone="+994125550000",
        added_at=0.0,
        ended_at=None,
    )
    facts = contact_facts(row)
    assert (facts["contact"], facts["roles"], facts["ended"]) == (4, "security, technical", None)
    assert facts["since"] == "1970-01-01T00:00:00+00:00"
