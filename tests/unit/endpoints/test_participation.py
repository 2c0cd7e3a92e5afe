"""The participation service's contract: judged by, documented in both languages, of the operations that were meant."""

import pytest

from esb.adapters.hosted.application import hosted_wsdl
from esb.adapters.hosted.find import find_service
from esb.admin.hosted import hosted_contract
from esb.endpoints.participation import PARTICIPATION
from esb.schemas.check import check_contract

OPERATIONS = {
    "participation": {
        "requestGrant",
        "applyForConnection",
        "withdrawApplication",
        "myApplications",
        "applicationStatus",
        "announceMaintenance",
        "readMailbox",
        "acknowledge",
    },
    "registry": {"listMembers", "registryChanges", "myCertificates", "myGrants"},
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_contract_can_be_judged_by(name: str) -> None:
    contract = hosted_contract(name)
    assert {each.name for each in contract.operations} == OPERATIONS[name]
    assert check_contract(contract).problems == ()


@pytest.mark.parametrize(("name", "word"), [("participation", "poçt qutusu"), ("registry", "sertifikatlarım")])
def test_operations_are_told_in_both_languages(name: str, word: str) -> None:
    assert word in hosted_wsdl(find_service(name)).decode()


def test_it_is_found_by_its_name() -> None:
    assert find_service("participation") is PARTICIPATION
