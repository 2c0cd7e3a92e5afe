"""The table: which resource and operation, and that nothing in the message says otherwise."""

from dataclasses import replace

import pytest

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.directory import MemberStatus, Operation, ServiceStatus
from esb.kernel.faults import Refusal
from esb.routing.table import check_actions, check_reply_address, check_to, find_operation, find_service

NOW = 1_790_000_000.0
PATH = "/services/DIN/IAMAS/PersonQuery/v1"
ADDRESSES = frozenset({"https://bus.example", "http://127.0.0.1:8080"})


def rule_of(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value.rule


def test_a_resource_is_found_at_its_path(make_directory, service):
    assert find_service(make_directory(), PATH, NOW) is service


@pytest.mark.parametrize(
    "path",
    ["", "/", "/services/", PATH + "/", PATH.lower(), PATH[:-1] + "2", "/services/DIN/x/../IAMAS/PersonQuery/v1",
     PATH.replace("IAMAS", "%49AMAS"), "/" + PATH],
)  # fmt: skip
def test_a_path_is_taken_to_the_letter(make_directory, path):
    assert rule_of(find_service, make_directory(), path, NOW) is rules.RTE_RESOURCE


@pytest.mark.parametrize(
    ("status", "rule"), [(ServiceStatus.SUSPENDED, rules.RTE_SUSPENDED), (ServiceStatus.RETIRED, rules.RTE_RESOURCE)]
)
def test_a_resource_that_is_not_served(make_directory, make_service, status, rule):
    assert rule_of(find_service, make_directory(services=(make_service(status),)), PATH, NOW) is rule


@pytest.mark.parametrize("status", [status for status in MemberStatus if status is not MemberStatus.ACTIVE])
def test_a_resource_whose_owner_is_not_active(make_directory, status):
    assert rule_of(find_service, make_directory(DIN=status), PATH, NOW) is rules.RTE_SUSPENDED


def test_a_resource_without_an_owner(make_directory, make_service):
    orphan = make_service(name="GONE/SYSTEM/Query/v1")
    assert rule_of(find_service, make_directory(services=(orphan,)), orphan.id.path, NOW) is rules.RTE_SUSPENDED


def test_a_suspended_resource_tells_when_to_ask_again(make_directory, make_service):
    with pytest.raises(Refusal) as caught:
        find_service(make_directory(services=(make_service(ServiceStatus.SUSPENDED),)), PATH, NOW)
    assert caught.value.retry_after


def test_a_resource_is_served_until_its_sunset_and_then_names_its_successor(make_directory, make_service):
    ending = replace(make_service(), sunset=NOW, successor="DIN/IAMAS/PersonQuery/v2", deprecated=NOW - 60)
    directory = make_directory(services=(ending,))
    assert find_service(directory, PATH, NOW - 0.001) is ending
    with pytest.raises(Refusal, match="DIN/IAMAS/PersonQuery/v2") as caught:
        find_service(directory, PATH, NOW)
    assert caught.value.rule is rules.RTE_SUNSET
    assert "2026-09-21" in str(caught.value)


def test_an_operation_is_found_by_the_bodys_element_or_its_absence(service, operation):
    assert find_operation(service, "{urn:x}Ask") is operation
    assert find_operation(service, "").name == "Ping"


@pytest.mark.parametrize("tag", ["Ask", "{urn:y}Ask", "{urn:x}ask", "{urn:x}AskResponse"])
def test_another_element_asks_for_nothing_and_is_told_what_there_is(service, tag):
    with pytest.raises(Refusal) as caught:
        find_operation(service, tag)
    assert caught.value.rule is rules.RTE_OPERATION
    assert caught.value.particulars["operations"] == "Ask, Ping"


@pytest.mark.parametrize("action", [None, "", "urn:x/Ask", "urn:x:PortType:AskRequest"])
def test_a_soap_action_may_be_absent_empty_or_the_operations(operation, action):
    check_actions(operation, action, None)


@pytest.mark.parametrize("action", [None, "urn:x/Ask", "urn:x:PortType:AskRequest"])
def test_an_addressed_action_is_the_operations(operation, action):
    check_actions(operation, None, action)


@pytest.mark.parametrize("action", ["urn:x/Tell", "urn:x/Ask ", "URN:X/ASK", "Ask"])
def test_another_action_contradicts_the_body(operation, action):
    assert rule_of(check_actions, operation, action, None) is rules.WSA_ACTION
    assert rule_of(check_actions, operation, None, action) is rules.WSA_ACTION


def test_an_empty_addressed_action_is_no_action(operation):
    assert rule_of(check_actions, operation, None, "") is rules.WSA_ACTION


def test_a_lawful_soap_action_does_not_excuse_a_false_addressed_one(operation):
    assert rule_of(check_actions, operation, "urn:x/Ask", "urn:x/Tell") is rules.WSA_ACTION


def test_where_the_binding_declares_none_any_soap_action_is_no_contradiction():
    check_actions(Operation("Ask", "{urn:x}Ask", None, ""), "urn:anything", None)


@pytest.mark.parametrize(
    "to",
    [None, ns.WSA_ANONYMOUS, ns.WSA_2004_ANONYMOUS, "https://bus.example" + PATH, "http://127.0.0.1:8080" + PATH],
)
def test_to_is_this_resource_or_whoever_reads_it(service, to):
    check_to(service, to, ADDRESSES)


@pytest.mark.parametrize(
    "to",
    [
        "",
        PATH,
        ns.WSA_NONE,
        "https://bus.example",
        "https://other.example" + PATH,
        "http://bus.example" + PATH,
        "https://bus.example/services/DIN/IAMAS/PersonQuery/v2",
        "https://bus.example/x" + PATH,
        "https://bus.example" + PATH + "/",
        "https://bus.example" + PATH + "?x",
        "https://bus.example@other.example" + PATH,
    ],
)
def test_to_is_nothing_else(service, to):
    assert rule_of(check_to, service, to, ADDRESSES) is rules.WSA_TO


@pytest.mark.parametrize("address", [None, ns.WSA_ANONYMOUS, ns.WSA_NONE, ns.WSA_2004_ANONYMOUS])
def test_answers_go_back_where_the_question_came_from(address):
    check_reply_address(address)


@pytest.mark.parametrize("address", ["", "http://169.254.169.254/", "https://bus.example" + PATH, "mailto:a@b.example"])
def test_answers_go_nowhere_else(address):
    assert rule_of(check_reply_address, address) is rules.WSA_REPLY
