"""Telling: what lies in mailboxes and in the outbox afterwards."""

import pytest
from sqlalchemy import select

from esb.kernel.names import ServiceId
from esb.registry.acts import Act, list_changes
from esb.registry.errors import Invalid, NotFound
from esb.registry.notice_models import ChannelKind, ChannelRow, DeliveryRow, MailboxRow, NoticeRow
from esb.registry.notices import OPERATOR, SUPERVISOR, Topic, tell


def _mailboxes(act: Act) -> list[str]:
    return list(act.session.scalars(select(MailboxRow.recipient).order_by(MailboxRow.recipient)))


def _channel(act: Act, recipient: str, verified: bool = True, topics: frozenset[str] | None = None) -> int:
    row = ChannelRow(
        recipient=recipient,
        kind=ChannelKind.MAIL,
        address="duty@agency.example",
        topics=topics,
        code=None if verified else "123",
        verified_at=1.0 if verified else None,
        added_at=1.0,
    )
    act.session.add(row)
    act.session.flush()
    return row.id


def test_a_notice_lies_in_each_recipients_mailbox_and_on_record(act: Act, service: ServiceId) -> None:
    number = tell(act, Topic.SERVICE_CHANGED, f"service:{service}", ["DSMF", "DIN", "DSMF"], {"status": "suspended"})
    assert _mailboxes(act) == ["DIN", "DSMF"]
    last = list_changes(act.session)[-1]
    assert (last.act, last.kind, last.key) == ("tell", "notice", str(number))
    assert last.detail == {
        "topic": "service-changed",
        "about": f"service:{service}",
        "to": ["DIN", "DSMF"],
        "facts": {"status": "suspended"},
    }


def test_operator_and_supervisor_are_told_without_being_members(act: Act) -> None:
    tell(act, Topic.APPLICATION_REFUSED, "application:7", OPERATOR, {})
    tell(act, Topic.APPLICATION_REFUSED, "application:7", (SUPERVISOR, OPERATOR), {})
    assert _mailboxes(act) == [OPERATOR, OPERATOR, SUPERVISOR]


def test_what_is_told_once_is_not_told_again(act: Act) -> None:
    assert tell(act, Topic.GRANT_ENDING, "grant:1", OPERATOR, {}, once="grant:1:30") is not None
    assert tell(act, Topic.GRANT_ENDING, "grant:1", OPERATOR, {}, once="grant:1:30") is None
    assert tell(act, Topic.GRANT_ENDING, "grant:1", OPERATOR, {}, once="grant:1:7") is not None
    assert len(_mailboxes(act)) == 2


def test_nobody_to_tell_is_no_notice(act: Act) -> None:
    assert tell(act, Topic.OUTAGE, "member:DIN", [], {}) is None
    assert act.session.scalars(select(NoticeRow)).all() == []


def test_a_stranger_is_not_told(act: Act) -> None:
    with pytest.raises(NotFound, match="'NOBODY' is not registered"):
        tell(act, Topic.OUTAGE, "member:DIN", ["NOBODY"], {})
    with pytest.raises(Invalid, match="member code"):
        tell(act, Topic.OUTAGE, "member:DIN", ["@somebody"], {})


@pytest.mark.parametrize("facts", [{"a": float("nan")}, {"a": object()}, {"a": "x" * 20_000}])
def test_facts_are_plain_json_of_a_size_that_people_read(act: Act, facts: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="facts"):
        tell(act, Topic.OUTAGE, "member:DIN", OPERATOR, facts)


def test_the_outbox_takes_it_for_each_verified_channel_that_wants_the_topic(act: Act, service: ServiceId) -> None:
    wanted = [_channel(act, "DIN"), _channel(act, "DIN", topics=frozenset({"outage", "maintenance"}))]
    _channel(act, "DIN", verified=False)
    _channel(act, "DIN", topics=frozenset({"inspection"}))
    _channel(act, "DSMF")
    tell(act, Topic.OUTAGE, f"service:{service}", ["DIN"], {})
    rows = act.session.execute(select(DeliveryRow.channel, DeliveryRow.state, DeliveryRow.next_at)).all()
    assert [row.channel for row in rows] == wanted
    assert {(row.state.value, row.next_at) for row in rows} == {("waiting", act.now)}
