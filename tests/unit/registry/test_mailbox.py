"""Mailboxes; what databases have to do with it is in tests/contract/test_notices.py."""

from esb.registry.acts import Act
from esb.registry.mailbox import list_mailbox, list_notices, mark_read
from esb.registry.notices import OPERATOR, SUPERVISOR, Topic, tell


def test_each_recipient_has_a_mailbox_of_its_own(act: Act) -> None:
    number = tell(act, Topic.APPLICATION_REFUSED, "application:7", [OPERATOR, SUPERVISOR], {"reason": "no WSDL"})
    assert number is not None
    mark_read(act, OPERATOR, [number])
    assert list_mailbox(act.session, OPERATOR, unread=True) == []
    [letter] = list_mailbox(act.session, SUPERVISOR, unread=True)
    assert (letter.topic, letter.about, letter.author) == (Topic.APPLICATION_REFUSED, "application:7", "officer")


def test_notices_are_found_by_topic_and_thing(act: Act) -> None:
    for topic, about in ((Topic.OUTAGE, "member:A"), (Topic.OUTAGE, "member:B"), (Topic.INSPECTION, "member:A")):
        tell(act, topic, about, OPERATOR, {})
    assert [row.id for row in list_notices(act.session, topic=Topic.OUTAGE)] == [2, 1]
    assert [row.id for row in list_notices(act.session, about="member:A", before=3)] == [1]
