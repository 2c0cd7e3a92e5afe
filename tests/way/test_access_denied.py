"""AccessDenied: without a grant that is in force for just this, the answer is no."""

import time
from collections.abc import Callable

import pytest
from support.client import COUNT_PERSONS, Consumer
from support.place import Place
from support.way import Asker, another, expect_answer, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.directory import MemberStatus
from esb.kernel.soap import SoapVersion
from esb.registry.grants import revoke_grant
from esb.registry.members import add_system, set_member_status

Name = Callable[[], str]


def exchange_header(**fields: str) -> bytes:
    inner = "".join(f"<e:{name}>{text}</e:{name}>" for name, text in fields.items())
    return f'<e:Exchange xmlns:e="urn:shluz:exchange:1">{inner}</e:Exchange>'.encode()


@pytest.fixture
def member(place: Place, fresh_name: Name) -> Consumer:
    return place.member(fresh_name())


def test_no_grant(asker: Asker, place: Place, member: Consumer, version: SoapVersion) -> None:
    place.settle()
    expect_refusal(asker.ask(member, version=version), rules.ACC_GRANT, consumer=member.code)


def test_a_grant_for_another_resource(
    asker: Asker, place: Place, member: Consumer, version: SoapVersion, fresh_name: Name
) -> None:
    place.grant(member.code)
    other = another(place, f"DIN/IAMAS/{fresh_name()}/v1")
    expect_person(asker.ask(member, version=version))
    expect_refusal(asker.ask(member, version=version, service=other), rules.ACC_GRANT, consumer=member.code)


def test_the_owner_of_a_resource_needs_a_grant_like_anyone(asker: Asker, place: Place, version: SoapVersion) -> None:
    owner = place.consumers["DIN"]
    expect_refusal(asker.ask(owner, version=version), rules.ACC_GRANT, consumer="DIN")


def test_a_grant_that_has_ended(asker: Asker, place: Place, member: Consumer, version: SoapVersion) -> None:
    now = time.time()
    place.grant(member.code, valid_from=now - 200, valid_until=now - 100)
    place.settle()
    expect_refusal(asker.ask(member, version=version), rules.ACC_TIME, consumer=member.code)


def test_a_grant_ends_by_the_clock_alone(asker: Asker, place: Place, member: Consumer, version: SoapVersion) -> None:
    """Nobody has to change the registry for it."""
    place.grant(member.code, valid_until=time.time() + 1000)
    place.settle()
    expect_person(asker.ask(member, version=version))
    place.clock.shift = 1001
    expect_refusal(asker.ask(member, version=version), rules.ACC_TIME, consumer=member.code)


def test_a_grant_that_has_not_begun(asker: Asker, place: Place, member: Consumer, version: SoapVersion) -> None:
    place.grant(member.code, valid_from=time.time() + 1000)
    place.settle()
    expect_refusal(asker.ask(member, version=version), rules.ACC_TIME, consumer=member.code)
    place.clock.shift = 1001
    expect_person(asker.ask(member, version=version))


def test_a_grant_for_another_operation(asker: Asker, place: Place, member: Consumer, version: SoapVersion) -> None:
    place.grant(member.code, operations=frozenset({"CountPersons"}))
    place.settle()
    expect_answer(asker.ask(member, COUNT_PERSONS, version))
    expect_refusal(asker.ask(member, version=version), rules.ACC_GRANT, consumer=member.code)


def test_a_grant_that_was_taken_back(asker: Asker, place: Place, member: Consumer, version: SoapVersion) -> None:
    grant = place.grant(member.code)
    place.settle()
    expect_person(asker.ask(member, version=version))
    with place.acting() as act:
        revoke_grant(act, grant, "no longer needed")
    place.settle()
    expect_refusal(asker.ask(member, version=version), rules.ACC_GRANT, consumer=member.code)


@pytest.mark.parametrize("status", [MemberStatus.SUSPENDED, MemberStatus.LEFT, MemberStatus.APPLIED])
def test_a_member_that_is_not_active(
    asker: Asker, place: Place, member: Consumer, version: SoapVersion, status: MemberStatus
) -> None:
    place.grant(member.code)
    with place.acting() as act:
        if status is MemberStatus.APPLIED:
            set_member_status(act, member.code, MemberStatus.LEFT, "its agreement ended")
        set_member_status(act, member.code, status, "as was decided")
    place.settle()
    expect_refusal(asker.ask(member, version=version), rules.ACC_MEMBER, consumer=member.code)


@pytest.mark.parametrize("client", ["DIN/IAMAS", "DIN", "NOBODY/X"])
def test_the_client_of_another_member(
    asker: Asker, place: Place, member: Consumer, version: SoapVersion, client: str
) -> None:
    place.grant(member.code)
    place.settle()
    exchange = asker.ask(member, version=version, headers=(exchange_header(client=client),))
    expect_refusal(exchange, rules.ACC_CLIENT, consumer=member.code)


def test_a_grant_to_one_system_of_a_member(asker: Asker, place: Place, member: Consumer, version: SoapVersion) -> None:
    """The system has it; the member as a whole, and its other systems, have not."""
    code = member.code
    with place.acting() as act:
        add_system(act, code, "PENSION", "Pensiya", "Pension")
        add_system(act, code, "OTHER", "Başqa", "Other")
    place.grant(f"{code}/PENSION")
    place.settle()
    named = (exchange_header(client=f"{code}/PENSION"),)
    exchange = asker.ask(member, version=version, headers=named)
    expect_person(exchange)
    assert exchange.records[0].entry.client == f"{code}/PENSION"
    expect_refusal(asker.ask(member, version=version), rules.ACC_GRANT, consumer=code)
    other = (exchange_header(client=f"{code}/OTHER"),)
    expect_refusal(asker.ask(member, version=version, headers=other), rules.ACC_GRANT, consumer=code)


def test_another_purpose_than_the_grants(asker: Asker, place: Place, member: Consumer, version: SoapVersion) -> None:
    place.grant(member.code, purpose="pension")
    place.settle()
    expect_person(asker.ask(member, version=version, headers=(exchange_header(purpose="pension"),)))
    exchange = asker.ask(member, version=version, headers=(exchange_header(purpose="curiosity"),))
    expect_refusal(exchange, rules.ACC_PURPOSE, consumer=member.code)
