"""Notices, mailboxes, channels, the outbox and leases: on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine

from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.registry.acts import acting, find_changes
from esb.registry.channels import add_channel, end_channel, list_channels, verify_channel
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, reading
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.grants import Leave, add_grant
from esb.registry.interruptions import (
    announce_maintenance,
    cancel_maintenance,
    list_maintenance,
    list_outages,
    tell_outage,
    tell_outage_over,
)
from esb.registry.leases import give_lease_back, take_lease
from esb.registry.mailbox import get_notice, list_mailbox, list_notices, mark_read, recipients_of
from esb.registry.members import add_member, add_system
from esb.registry.models import MemberKind
from esb.registry.notice_models import ChannelKind, DeliveryState
from esb.registry.notices import OPERATOR, Topic, tell
from esb.registry.outbox import Parcel, claim, count_deliveries, delivered, given_up, list_deliveries, postponed
from esb.registry.services import Terms, add_service

NOW = 1_764_000_000.25
DAY = 86_400.0
SERVICE = "DIN/IAMAS/PersonQuery/v1"
OTHER = "DIN/IAMAS/Address/v1"


@pytest.fixture
def engine(database_url: str, make_contract: Callable[..., Contract]) -> Iterator[Engine]:
    """DIN offers two services; DSMF may ask the first, EESMN the second, VM may no longer ask anything."""
    engine = open_database(database_url)
    with acting(engine, "officer", NOW - 30 * DAY) as act:
        for code in ("DIN", "DSMF", "EESMN", "VM"):
            add_member(act, code, f"{code} az", f"{code} en", MemberKind.STATE)
        add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
        digest = put_contract(act, b"packed", make_contract("Ask"))
        for name in (SERVICE, OTHER):
            add_service(act, ServiceId.parse(name), digest, Terms("https://iamas.example/soap"))
        for consumer, name, until in (("DSMF", SERVICE, None), ("EESMN", OTHER, None), ("VM", SERVICE, NOW - DAY)):
            add_grant(act, consumer, ServiceId.parse(name), Leave("p", "Law 1", NOW - 20 * DAY, until))
    yield engine
    engine.dispose()


def mailbox(engine: Engine, recipient: str, **more: Any) -> list[tuple[Topic, str]]:
    with reading(engine) as session:
        return [(letter.topic, letter.about) for letter in list_mailbox(session, recipient, **more)]


def channel(engine: Engine, recipient: str = "DIN", address: str = "duty@din.example", **more: Any) -> int:
    """A channel that is verified and has nothing under way."""
    with acting(engine, "officer", NOW) as act:
        number = add_channel(act, recipient, ChannelKind.MAIL, address, "code", **more)
        verify_channel(act, number, "code")
    for parcel in claim(engine, "setting up", NOW, 60):
        assert delivered(engine, parcel, "setting up", NOW)
    return number


def notice(engine: Engine, to: str = "DIN", at: float = NOW) -> int:
    with acting(engine, "officer", at) as act:
        number = tell(act, Topic.OPERATOR_MESSAGE, "operator:message", to, {"text": "Salam"})
    assert number is not None
    return number


# Mailboxes


def test_a_mailbox_is_read_on_from_the_last(engine: Engine) -> None:
    numbers = [notice(engine) for _ in range(3)]
    with reading(engine) as session:
        letters = list_mailbox(session, "DIN", since=numbers[0], limit=1)
    assert [letter.notice for letter in letters] == numbers[1:2]
    assert (letters[0].facts, letters[0].at, letters[0].read_at) == ({"text": "Salam"}, NOW, None)


def test_reading_is_noted_once_and_by_whom(engine: Engine) -> None:
    numbers = [notice(engine) for _ in range(2)]
    with acting(engine, "clerk", NOW + 5) as act:
        assert mark_read(act, "DIN", numbers[:1]) == 1
        assert mark_read(act, "DIN", numbers[:1]) == 0
        with pytest.raises(NotFound, match="does not lie in the mailbox of DSMF"):
            mark_read(act, "DSMF", numbers)
    assert len(mailbox(engine, "DIN", unread=True)) == 1
    with reading(engine) as session:
        row = recipients_of(session, numbers[0])[0]
        assert (row.recipient, row.read_at, row.read_by) == ("DIN", NOW + 5, "clerk")
        assert [change.act for change in find_changes(session, kind="mailbox")] == ["read"]
        assert get_notice(session, numbers[0]).about == "operator:message"
        assert [row.id for row in list_notices(session, limit=1)] == numbers[1:]
        with pytest.raises(NotFound):
            get_notice(session, 999)


# Channels


def test_nothing_but_the_code_goes_over_a_channel_before_it_came_back(engine: Engine) -> None:
    with acting(engine, "officer", NOW) as act:
        number = add_channel(act, "DIN", ChannelKind.MAIL, "duty@din.example", "s3cret")
    notice(engine)
    [parcel] = claim(engine, "a", NOW, 60)
    assert (parcel.code, parcel.notice, parcel.topic, parcel.address) == ("s3cret", 0, None, "duty@din.example")
    with acting(engine, "officer", NOW) as act, pytest.raises(Invalid, match="not the code"):
        verify_channel(act, number, "guess")
    with acting(engine, "officer", NOW) as act:
        verify_channel(act, number, " s3cret\n")
        verify_channel(act, number, "again is no change")
    with reading(engine) as session:
        assert list_channels(session, "DIN")[0].code is None, "it is forgotten"
        assert "s3cret" not in str([change.detail for change in find_changes(session)]), "and was never on record"
    delivered(engine, parcel, "a", NOW)
    later = notice(engine)
    assert [parcel.notice for parcel in claim(engine, "a", NOW, 60)] == [later]


def test_a_channel_that_ended_gets_nothing_more(engine: Engine) -> None:
    number = channel(engine)
    waits = notice(engine)
    with acting(engine, "officer", NOW) as act:
        end_channel(act, number)
        end_channel(act, number)
    notice(engine)
    assert claim(engine, "a", NOW, 60) == []
    with reading(engine) as session:
        assert list_channels(session, "DIN") == []
        assert [row.id for row in list_channels(session, "DIN", ended=True)] == [number]
        assert [row.state for row, _ in list_deliveries(session, notice=waits)] == [DeliveryState.DROPPED]
    with acting(engine, "officer", NOW) as act, pytest.raises(Conflict, match="was ended"):
        verify_channel(act, number, "code")


def test_the_same_channel_twice_is_a_mistake(engine: Engine) -> None:
    number = channel(engine)
    with acting(engine, "officer", NOW) as act, pytest.raises(Conflict, match=f"channel {number} of DIN"):
        add_channel(act, "DIN", ChannelKind.MAIL, "duty@din.example", "x")
    with acting(engine, "officer", NOW) as act, pytest.raises(NotFound):
        add_channel(act, "NOBODY", ChannelKind.MAIL, "duty@din.example", "x")
    with acting(engine, "officer", NOW) as act:
        add_channel(act, OPERATOR, ChannelKind.MAIL, "duty@din.example", "x")


# The outbox


def test_two_holders_never_have_the_same(engine: Engine) -> None:
    channel(engine)
    numbers = {notice(engine) for _ in range(40)}
    taken: list[Parcel] = []

    def take(holder: str) -> list[Parcel]:
        mine: list[Parcel] = []
        while some := claim(engine, holder, NOW, 60, 3):
            mine += some
        return mine

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(take, f"holder {number}") for number in range(4)]:
            taken += done.result()
    assert len(taken) == 40
    assert {parcel.notice for parcel in taken} == numbers


def test_what_a_dead_holder_had_goes_to_the_next_after_its_time(engine: Engine) -> None:
    channel(engine)
    number = notice(engine)
    [parcel] = claim(engine, "dead", NOW, 60)
    assert claim(engine, "next", NOW + 59, 60) == []
    [again] = claim(engine, "next", NOW + 60, 60)
    assert (again.id, again.notice) == (parcel.id, number)
    assert not delivered(engine, parcel, "dead", NOW + 61), "it was too late to say so"
    assert delivered(engine, again, "next", NOW + 61)
    assert claim(engine, "next", NOW + 1e6, 60) == []


def test_a_failed_attempt_waits_and_is_counted(engine: Engine) -> None:
    channel(engine)
    notice(engine)
    [parcel] = claim(engine, "a", NOW, 60)
    assert postponed(engine, parcel, "a", NOW + 30, "the server did not answer")
    assert claim(engine, "a", NOW + 29, 60) == []
    [again] = claim(engine, "a", NOW + 30, 60)
    assert (again.id, again.attempts) == (parcel.id, 1)
    with reading(engine) as session:
        [(row, _)] = list_deliveries(session, state=DeliveryState.WAITING)
    assert row.problem == "the server did not answer"


def test_what_is_given_up_is_told_to_the_operator_once(engine: Engine) -> None:
    channel(engine)
    number = notice(engine)
    [parcel] = claim(engine, "a", NOW, 60)
    assert given_up(engine, parcel, "a", NOW, "no such mailbox")
    assert not given_up(engine, parcel, "a", NOW, "no such mailbox")
    with reading(engine) as session:
        [letter] = list_mailbox(session, OPERATOR)
        assert count_deliveries(session)[DeliveryState.GIVEN_UP] == 1
    assert (letter.topic, letter.about) == (Topic.DELIVERY_FAILED, f"notice:{number}")
    assert letter.facts["problem"] == "no such mailbox"


def test_a_notice_of_a_failure_that_fails_makes_no_other(engine: Engine) -> None:
    channel(engine, OPERATOR, "operator@bus.example")
    channel(engine)
    notice(engine)
    [parcel] = claim(engine, "a", NOW, 60)
    given_up(engine, parcel, "a", NOW, "x")
    [parcel] = claim(engine, "a", NOW, 60)
    assert parcel.topic is Topic.DELIVERY_FAILED
    given_up(engine, parcel, "a", NOW, "x")
    assert len(mailbox(engine, OPERATOR)) == 1
    assert claim(engine, "a", NOW, 60) == []


# Leases


def test_a_lease_has_one_holder_and_passes_on_when_it_ran_out(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        got = [pool.submit(take_lease, engine, "errands", str(number), NOW, 6.0) for number in range(4)]
    assert [done.result() for done in got].count(True) == 1
    [winner] = [str(number) for number, done in enumerate(got) if done.result()]
    assert take_lease(engine, "errands", winner, NOW + 5, 6.0), "it is renewed"
    assert not take_lease(engine, "errands", "late", NOW + 10.9, 6.0)
    assert take_lease(engine, "errands", "late", NOW + 11, 6.0)
    assert not take_lease(engine, "errands", winner, NOW + 12, 6.0)
    give_lease_back(engine, "errands", "late", NOW + 12)
    assert take_lease(engine, "errands", winner, NOW + 12, 6.0)
    assert take_lease(engine, "other work", "late", NOW, 6.0)


# Interruptions


def test_maintenance_two_days_ahead_is_told_to_those_whom_it_touches(engine: Engine) -> None:
    with acting(engine, "officer", NOW) as act:
        announced = announce_maintenance(act, "DIN", [SERVICE], NOW + 2 * DAY, NOW + 2 * DAY + 3_600, "new disks")
    assert (announced.told, announced.late) == (("DSMF",), False)
    assert mailbox(engine, "DSMF") == mailbox(engine, OPERATOR) == [(Topic.MAINTENANCE, "maintenance:1")]
    assert mailbox(engine, "EESMN") == mailbox(engine, "VM") == mailbox(engine, "DIN") == []


def test_maintenance_of_everything_touches_every_consumer(engine: Engine) -> None:
    with acting(engine, "officer", NOW) as act:
        assert announce_maintenance(act, "DIN", None, NOW + 3 * DAY, NOW + 4 * DAY, "moving").told == ("DSMF", "EESMN")


def test_maintenance_announced_late_is_taken_and_says_so(engine: Engine) -> None:
    with acting(engine, "officer", NOW) as act:
        announced = announce_maintenance(act, "DIN", None, NOW + 2 * DAY - 1, NOW + 3 * DAY, "urgent")
    assert announced.late
    with reading(engine) as session:
        assert list_mailbox(session, "DSMF")[0].facts["late"] is True
        assert find_changes(session, kind="maintenance")[0].detail["late"] is True
        assert [row.late for row in list_maintenance(session, NOW)] == [True]


def test_maintenance_that_is_taken_back_is_told(engine: Engine) -> None:
    with acting(engine, "officer", NOW) as act:
        number = announce_maintenance(act, "DIN", None, NOW + 3 * DAY, NOW + 4 * DAY, "moving").number
        cancel_maintenance(act, number, "not moving after all")
        with pytest.raises(Conflict, match="over already"):
            cancel_maintenance(act, number, "again")
    assert len(mailbox(engine, "EESMN")) == 2
    with reading(engine) as session:
        assert list_maintenance(session, NOW) == []
        assert len(list_maintenance(session, NOW, past=True)) == 1


@pytest.mark.parametrize(
    ("member", "services", "starts", "ends", "error"),
    [
        ("DIN", None, 5 * DAY, 4 * DAY, Invalid),
        ("DIN", None, -2 * DAY, -DAY, Invalid),
        ("DIN", [], DAY, 2 * DAY, Invalid),
        ("DIN", ["nonsense"], DAY, 2 * DAY, Invalid),
        ("DIN", ["DIN/IAMAS/None/v1"], DAY, 2 * DAY, NotFound),
        ("DSMF", [SERVICE], DAY, 2 * DAY, Invalid),
        ("NOBODY", None, DAY, 2 * DAY, NotFound),
    ],
)
def test_maintenance_that_makes_no_sense_is_refused(
    engine: Engine, member: str, services: list[str] | None, starts: float, ends: float, error: type[Exception]
) -> None:
    with acting(engine, "officer", NOW) as act, pytest.raises(error):
        announce_maintenance(act, member, services, NOW + starts, NOW + ends, "why")


def test_an_outage_is_told_at_its_beginning_and_its_end(engine: Engine) -> None:
    about = f"service:{SERVICE}"
    with acting(engine, "officer", NOW) as act:
        assert tell_outage(act, about, "power is out").told == ("DIN", "DSMF")
        with pytest.raises(Conflict, match="told already"):
            tell_outage(act, about, "still")
    with acting(engine, "officer", NOW + 60) as act:
        tell_outage_over(act, about)
        with pytest.raises(Conflict, match="no outage"):
            tell_outage_over(act, about)
    for recipient in ("DIN", "DSMF", OPERATOR):
        assert mailbox(engine, recipient) == [(Topic.OUTAGE, about), (Topic.OUTAGE_OVER, about)]
    assert mailbox(engine, "EESMN") == []
    with reading(engine) as session:
        assert list_outages(session) == []
        assert [row.ended_at for row in list_outages(session, past=True)] == [NOW + 60]


def test_an_outage_of_a_member_touches_every_consumer(engine: Engine) -> None:
    with acting(engine, "officer", NOW) as act:
        assert tell_outage(act, "member:DIN", "power is out").told == ("DIN", "DSMF", "EESMN")
        with pytest.raises(Invalid, match="an outage is of"):
            tell_outage(act, "grant:1", "x")
        with pytest.raises(NotFound):
            tell_outage(act, "service:DIN/IAMAS/None/v1", "x")
