"""Which resource and operation, and whether this consumer may: each rule, and the order in which they are asked."""

from dataclasses import replace

import pytest
from support.client import COUNT_PERSONS
from support.rig import PERSONS, Rig

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.directory import MemberStatus, ServiceStatus
from esb.kernel.faults import Refusal
from esb.routing.limits import Load


def refused(rig: Rig, **more: object) -> Refusal:
    message = rig.signed(more.pop("body", None) or COUNT_PERSONS, more.pop("sent", ()))  # type: ignore[arg-type]
    with pytest.raises(Refusal) as refusal:
        rig.authorized(message, **more)
    return refusal.value


def test_service_operation_and_grant_are_found(rig: Rig) -> None:
    message = rig.authorized()
    assert (message.service, message.grant, message.client) == (rig.service, rig.grant, "EESMN")
    assert message.operation.name == "GetPerson"


def test_a_subsystems_own_grant_is_used(rig: Rig) -> None:
    rig.allow(consumer="EESMN/LABOUR")
    header = f'<e:Exchange xmlns:e="{ns.EXCHANGE}"><e:client>EESMN/LABOUR</e:client></e:Exchange>'.encode()
    assert rig.authorized(rig.signed(headers=(header,))).client == "EESMN/LABOUR"
    assert refused(rig).rule.id == "ACC-02"


def test_a_stranger_learns_of_its_membership_before_of_any_resource(rig: Rig) -> None:
    members = {**rig.way.directory.members}
    members["EESMN"] = replace(members["EESMN"], status=MemberStatus.SUSPENDED)
    rig.way.directory = replace(rig.way.directory, members=members, services={})
    assert refused(rig).rule.id == "ACC-01"


@pytest.mark.parametrize(("status", "rule"), [(ServiceStatus.RETIRED, "RTE-01"), (ServiceStatus.SUSPENDED, "RTE-03")])
def test_a_resource_that_is_not_active(rig: Rig, status: ServiceStatus, rule: str) -> None:
    rig.serve(status=status)
    assert refused(rig).rule.id == rule


@pytest.mark.parametrize("body", [b'<x:GetPerson xmlns:x="urn:other"/>', b"<GetPerson/>"])
def test_a_body_that_is_no_operations(rig: Rig, body: bytes) -> None:
    assert refused(rig, body=body).rule.id == "RTE-02"


def test_an_empty_body_names_the_operation_without_input(rig: Rig) -> None:
    with pytest.raises(Refusal) as refusal:
        rig.authorized(rig.signed(b""))
    assert refusal.value.rule.id == "RTE-02"
    ping = replace(rig.service.operations["{urn:example:person}CountPersons"], name="Ping", input="")
    rig.serve(operations={**rig.service.operations, "": ping})
    assert rig.authorized(rig.signed(b"")).operation.name == "Ping"


def test_a_header_may_not_say_another_operation(rig: Rig) -> None:
    assert refused(rig, headers={b"soapaction": b'"urn:example:GetPerson"'}).rule.id == "ADR-01"
    other = f'<w:Action xmlns:w="{ns.WSA}">urn:example:GetPerson</w:Action>'.encode()
    assert refused(rig, sent=(other,)).rule.id == "ADR-01"


def test_a_message_for_another_address_is_not_turned_to_this_one(rig: Rig) -> None:
    good = f'<w:To xmlns:w="{ns.WSA}">http://bus.test{PERSONS.path}</w:To>'.encode()
    rig.authorized(rig.signed(headers=(good,)))
    bad = f'<w:To xmlns:w="{ns.WSA}">http://bus.test/services/DIN/IAMAS/PersonQuery/v2</w:To>'.encode()
    assert refused(rig, sent=(bad,)).rule.id == "ADR-02"


def test_the_quota_counts_only_what_was_allowed(rig: Rig) -> None:
    rig.allow(per_day=1, operations=frozenset({"CountPersons"}))
    with pytest.raises(Refusal) as refusal:
        rig.authorized()
    assert refusal.value.rule.id == "ACC-02"
    rig.authorized(rig.signed(COUNT_PERSONS))
    refusal_again = refused(rig)
    assert refusal_again.rule.id == "ACC-08"
    assert refusal_again.retry_after


def test_a_full_resource_is_refused_before_anything_is_on_record(rig: Rig) -> None:
    name = rig.service.id.text
    rig.way.load = Load(10, 2)
    for _ in range(2):
        rig.way.load.enter_service(name)
    with pytest.raises(Refusal) as refusal:
        rig.authorized()
    assert (refusal.value.rule.id, refusal.value.retry_after) == ("BUS-02", 2)
    rig.way.load.leave_service(name)
    rig.authorized()


def test_a_refused_quota_gives_the_place_back(rig: Rig) -> None:
    rig.way.load = Load(10, 1)
    rig.way.quotas.take = refuse_always  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(Refusal) as refusal:
            rig.authorized()
        assert refusal.value.rule.id == "ACC-08"


def refuse_always(*_: object) -> None:
    raise Refusal(rules.ACC_QUOTA_DAY, "x")
