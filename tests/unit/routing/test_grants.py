"""Grants: default deny, the named client's own first, and the refusal of the grant that came furthest."""

import dataclasses

import pytest

from esb.kernel import rules
from esb.kernel.directory import MemberStatus
from esb.kernel.faults import Refusal
from esb.kernel.message import ExchangeHeader
from esb.routing.grants import FIELDS, check_member, find_grant

NOW = 1500.0


@pytest.fixture
def find(make_directory, service, operation):
    def run(*grants, header=ExchangeHeader(), now=NOW, consumer="MAS"):  # noqa: B008 - frozen
        return find_grant(make_directory(*grants), consumer, service, operation, header, now)

    return run


@pytest.fixture
def refused(find):
    def run(*grants, **keywords):
        with pytest.raises(Refusal) as caught:
            find(*grants, **keywords)
        return caught.value

    return run


def test_grants_and_the_header_call_the_fields_the_same():
    assert set(FIELDS.values()) == {field.name for field in dataclasses.fields(ExchangeHeader)}
    assert {name.lower() for name in FIELDS} == {field.replace("_", "") for field in FIELDS.values()}


@pytest.mark.parametrize("status", [status for status in MemberStatus if status is not MemberStatus.ACTIVE])
def test_only_an_active_member_asks(make_directory, status):
    check_member(make_directory(), "MAS")
    with pytest.raises(Refusal) as caught:
        check_member(make_directory(MAS=status), "MAS")
    assert caught.value.rule is rules.ACC_MEMBER


def test_a_stranger_is_no_member(make_directory):
    with pytest.raises(Refusal) as caught:
        check_member(make_directory(), "NOBODY")
    assert caught.value.rule is rules.ACC_MEMBER


def test_without_a_grant_the_answer_is_no(refused):
    assert refused().rule is rules.ACC_GRANT


def test_another_members_grant_helps_nobody(refused, make_grant):
    assert refused(make_grant(consumer="DIN")).rule is rules.ACC_GRANT


def test_a_grant_on_another_version_helps_nobody(refused, make_grant):
    grant = dataclasses.replace(make_grant(), service="DIN/IAMAS/PersonQuery/v2")
    assert refused(grant).rule is rules.ACC_GRANT


def test_a_grant_that_fits_is_given_with_the_name_it_was_given_to(find, make_grant):
    grant = make_grant()
    assert find(grant) == (grant, "MAS")


@pytest.mark.parametrize("operations", [frozenset(), frozenset({"Other"})])
def test_a_grant_for_other_operations(refused, make_grant, operations):
    assert refused(make_grant(operations=operations)).rule is rules.ACC_GRANT


@pytest.mark.parametrize(("now", "lawful"), [(999.9, False), (1000.0, True), (1999.9, True), (2000.0, False)])
def test_a_grant_holds_from_its_first_moment_until_before_its_last(find, refused, make_grant, now, lawful):
    if lawful:
        assert find(make_grant(), now=now)
    else:
        assert refused(make_grant(), now=now).rule is rules.ACC_TIME


def test_a_grant_without_an_end_does_not_end(find, make_grant):
    assert find(make_grant(valid_until=None), now=1e12)


def test_a_stated_purpose_must_be_the_granted_one(find, refused, make_grant):
    assert find(make_grant(), header=ExchangeHeader(purpose="pension"))
    assert refused(make_grant(), header=ExchangeHeader(purpose="curiosity")).rule is rules.ACC_PURPOSE


@pytest.mark.parametrize("name", FIELDS)
def test_a_required_field_must_be_there(find, refused, make_grant, name):
    grant = make_grant(required_fields=frozenset({name}))
    refusal = refused(grant)
    assert refusal.rule is rules.ACC_FIELDS
    assert refusal.particulars["missing"] == name
    value = {"client": "MAS/PENSIONS", "purpose": "pension"}.get(name, "x")
    assert find(grant, header=ExchangeHeader(**{FIELDS[name]: value}))


def test_an_empty_field_is_a_missing_one(refused, make_grant):
    grant = make_grant(required_fields=frozenset({"caseNumber"}))
    assert refused(grant, header=ExchangeHeader(case_number="")).rule is rules.ACC_FIELDS


def test_a_named_clients_own_grant_comes_before_its_members(find, make_grant):
    member, client = make_grant(1), make_grant(2, consumer="MAS/PENSIONS")
    assert find(member, client, header=ExchangeHeader(client="MAS/PENSIONS")) == (client, "MAS/PENSIONS")
    assert find(member, client) == (member, "MAS")


def test_a_named_client_may_use_its_members_grant(find, make_grant):
    grant = make_grant()
    assert find(grant, header=ExchangeHeader(client="MAS/PENSIONS")) == (grant, "MAS/PENSIONS")


def test_a_clients_grant_is_not_its_members_nor_its_neighbours(refused, make_grant):
    grant = make_grant(consumer="MAS/PENSIONS")
    assert refused(grant).rule is rules.ACC_GRANT
    assert refused(grant, header=ExchangeHeader(client="MAS/OTHER")).rule is rules.ACC_GRANT


def test_a_member_may_name_itself(find, make_grant):
    grant = make_grant()
    assert find(grant, header=ExchangeHeader(client="MAS")) == (grant, "MAS")


@pytest.mark.parametrize(
    "client", ["DIN", "DIN/IAMAS", "MASX/A", "MAS/", "MAS/A/B", "MAS//A", "/MAS", "mas/A", "", "MAS/A B", "MAS/../DIN"]
)
def test_a_client_that_is_no_subsystem_of_the_signer(refused, make_grant, client):
    assert refused(make_grant(), header=ExchangeHeader(client=client)).rule is rules.ACC_CLIENT


def test_the_first_grant_that_fits_in_every_respect_is_taken(find, make_grant):
    grants = [
        make_grant(1, operations=frozenset({"Other"})),
        make_grant(2, valid_until=1400.0),
        make_grant(3, purpose="tax"),
        make_grant(4, required_fields=frozenset({"officer"})),
        make_grant(5),
        make_grant(6),
    ]
    assert find(*grants, header=ExchangeHeader(purpose="pension"))[0].id == 5


def test_the_refusal_is_that_of_the_grant_that_came_furthest(refused, make_grant):
    grants = [
        make_grant(4, required_fields=frozenset({"officer"})),
        make_grant(1, operations=frozenset({"Other"})),
        make_grant(3, purpose="tax"),
        make_grant(2, valid_until=1400.0),
    ]
    assert refused(*grants, header=ExchangeHeader(purpose="pension")).rule is rules.ACC_FIELDS
    assert refused(*grants[1:], header=ExchangeHeader(purpose="pension")).rule is rules.ACC_PURPOSE
    assert refused(grants[1], grants[3]).rule is rules.ACC_TIME
