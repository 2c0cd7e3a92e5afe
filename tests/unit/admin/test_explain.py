"""Explanations: each step told, in the wire's order, and the first that decides is the rule."""

from dataclasses import replace

import pytest
from support.rig import NOW, PERSONS, Rig, party
from unit.admin.conftest import Office

from esb.admin.explain import Call, explain, header_of, read_directory
from esb.admin.trust import read_trust
from esb.certs.index import build_index
from esb.kernel.directory import CertificateUse, MemberStatus, ServiceStatus
from esb.kernel.names import ServiceId


@pytest.fixture
def rig() -> Rig:
    """A way whose directory is explained."""
    return Rig()


def told(rig: Rig, consumer: str = "EESMN", operation: str | None = "GetPerson", **fields: str) -> Call:
    (call,) = explain(
        rig.way.directory, consumer, PERSONS, header_of(consumer, fields), NOW, operation=operation, used={1: 3}
    )
    return call


def test_what_passes_is_told_step_by_step(rig: Rig) -> None:
    rig.allow(per_day=5, per_second=2)
    call = told(rig)
    assert call.rule == ""
    digest = party("EESMN").known.sha256.hex()[:16]
    names = [step.name for step in call.steps]
    assert names == [
        f"certificate {digest}…",
        "certificate",
        "member",
        "service",
        "operation",
        "grant 1",
        "grant",
        "quota",
    ]
    assert call.steps[-1].text == "3 of 5 used today, at most 2 in a second"


def test_every_operation_unless_one_is_named(rig: Rig) -> None:
    rig.allow(operations=frozenset({"GetPerson"}))
    calls = explain(rig.way.directory, "EESMN", PERSONS, header_of("EESMN", {}), NOW)
    rules = {call.operation: call.rule for call in calls}
    assert rules["GetPerson"] == ""
    assert rules["CountPersons"] == "ACC-02"
    assert told(rig, operation="Nothing").rule == "RTE-02"


def test_all_that_stands_in_the_way_is_told_and_the_first_is_the_rule(rig: Rig) -> None:
    rig.serve(status=ServiceStatus.SUSPENDED)
    rig.allow(valid_until=NOW - 1)
    members = {**rig.way.directory.members}
    members["EESMN"] = replace(members["EESMN"], status=MemberStatus.SUSPENDED)
    rig.way.directory = replace(rig.way.directory, members=members)
    call = told(rig)
    assert call.rule == "ACC-01"
    assert [step.rule for step in call.steps if step.decides] == ["", "ACC-01", "RTE-03", "", "ACC-03"]
    assert "EESMN is suspended" in next(step.text for step in call.steps if step.name == "member")


def test_a_used_up_quota_and_missing_fields(rig: Rig) -> None:
    rig.allow(per_day=3)
    assert told(rig).rule == "ACC-08"
    rig.allow(per_day=None, required_fields=frozenset({"officer", "client"}))
    refused = told(rig)
    assert (refused.rule, "missing: client officer" in refused.steps[-1].text) == ("ACC-05", True)
    assert told(rig, "EESMN/HR", officer="7").rule == ""
    assert told(rig, client="DIN/IAMAS").rule == "ACC-04"


def test_nobodys_call_of_nothing(rig: Rig) -> None:
    assert told(rig, "NOBODY").rule == "CRT-01"
    nothing = ServiceId("DIN", "IAMAS", "Nothing", "v1")
    (call,) = explain(rig.way.directory, "EESMN", nothing, header_of("EESMN", {}), NOW)
    assert (call.operation, call.rule) == ("", "RTE-01")


def test_one_good_certificate_is_enough(rig: Rig) -> None:
    stolen = replace(party("EESMN", kind="rsa2048").known, revoked="keyCompromise")
    for certificates, rule in (((stolen, party("EESMN").known), ""), ((stolen,), "CRT-05")):
        known = [*certificates, party("EESMN", CertificateUse.TLS).known]
        rig.way.directory = replace(rig.way.directory, certificates=build_index(known))
        assert told(rig).rule == rule


def test_a_field_that_the_header_does_not_have() -> None:
    with pytest.raises(KeyError):
        header_of("EESMN", {"mood": "good"})


def test_the_directory_is_the_homes_own(office: Office) -> None:
    trust = read_trust(office.home.anchors, office.home.crl, 0.0, NOW)
    directory = read_directory(office.engine, trust, NOW)
    assert list(directory.members) == ["DIN"]
