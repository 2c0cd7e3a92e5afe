"""Services: registered on terms, changed field by field."""

from dataclasses import replace

import pytest

from esb.kernel.directory import AnswerSignature, Judgement, ServiceStatus, SignatureMode
from esb.kernel.names import ServiceId
from esb.registry.acts import Act, list_changes
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.services import Terms, add_service, get_service, list_services, update_service

TERMS = Terms("https://provider.example/")


def test_a_service_stands_on_a_system_and_a_contract(act: Act, service: ServiceId, contract: str) -> None:
    with pytest.raises(NotFound, match="DIN/OTHER"):
        add_service(act, ServiceId("DIN", "OTHER", "X", "v1"), contract, TERMS)
    with pytest.raises(NotFound, match="contract"):
        add_service(act, ServiceId("DIN", "IAMAS", "X", "v1"), "0" * 64, TERMS)


def test_a_service_s_name_and_terms_are_checked(act: Act, service: ServiceId, contract: str) -> None:
    with pytest.raises(Invalid, match="version"):
        add_service(act, replace(service, version="1"), contract, TERMS)
    other = replace(service, version="v2")
    for terms in (Terms("nowhere"), replace(TERMS, timeout=0.0), replace(TERMS, adapter="pigeon")):
        with pytest.raises(Invalid):
            add_service(act, other, contract, terms)
    assert [row.name for row in list_services(act.session)] == [service]


def test_other_terms_are_not_taken_silently(act: Act, service: ServiceId, contract: str) -> None:
    add_service(act, service, contract, TERMS)
    with pytest.raises(Conflict, match="update it"):
        add_service(act, service, contract, replace(TERMS, timeout=5.0))


def test_versions_stand_beside_one_another(act: Act, service: ServiceId, contract: str) -> None:
    add_service(act, replace(service, version="v2"), contract, TERMS)
    assert [row.version for row in list_services(act.session, "DIN")] == ["v1", "v2"]


def test_an_update_changes_what_is_named_and_records_only_that(act: Act, service: ServiceId) -> None:
    update_service(
        act,
        service,
        status=ServiceStatus.SUSPENDED,
        endpoint="http://other.example/",
        signature=SignatureMode.CARRY,
        answer_signature=AnswerSignature.REQUIRED,
        judge_request=Judgement.ENFORCE,
        judge_answer=Judgement.OFF,
        timeout=5.0,
    )
    row = get_service(act.session, service)
    assert (row.status, row.signature, row.timeout) == (ServiceStatus.SUSPENDED, SignatureMode.CARRY, 5.0)
    detail = list_changes(act.session)[-1].detail
    assert detail["judge_answer"] == ["enforce", "off"]
    assert "judge_request" not in detail


def test_an_update_that_says_nothing_new_is_no_change(act: Act, service: ServiceId) -> None:
    before = len(list_changes(act.session))
    update_service(act, service)
    update_service(act, service, timeout=30.0, status=ServiceStatus.ACTIVE)
    assert len(list_changes(act.session)) == before


def test_an_update_is_checked_like_the_first_terms(act: Act, service: ServiceId) -> None:
    with pytest.raises(Invalid):
        update_service(act, service, endpoint="nowhere")
    with pytest.raises(Invalid):
        update_service(act, service, timeout=-1.0)
    with pytest.raises(NotFound, match="v9"):
        update_service(act, replace(service, version="v9"), timeout=1.0)
