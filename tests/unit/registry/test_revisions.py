"""Revisions of a contract; what both databases must do is in tests/contract/test_contract_versions.py."""

import pytest

from esb.kernel.names import ServiceId
from esb.registry.acts import Act, list_changes
from esb.registry.contracts import put_contract
from esb.registry.errors import Conflict
from esb.registry.revisions import list_revisions, revise_contract


def test_each_revision_is_an_act(act: Act, service: ServiceId, contract: str, make_contract) -> None:  # type: ignore[no-untyped-def]
    fresh = put_contract(act, b"second", make_contract("FindPerson", "ListPersons", "CountPersons"))
    revise_contract(act, service, fresh, instead_of=contract, report={"verdict": "compatible"})
    last = list_changes(act.session)[-1]
    assert (last.kind, last.key, last.detail["contract"]) == ("service", service.text, [contract, fresh])
    again = put_contract(act, b"third", make_contract("FindPerson", "ListPersons"))
    assert revise_contract(act, service, again, instead_of=fresh, report={"verdict": "compatible"}) == 3
    assert [each.number for each in list_revisions(act.session, service)] == [1, 2, 3]


def test_the_same_contract_is_no_revision(act: Act, service: ServiceId, contract: str) -> None:
    with pytest.raises(Conflict, match="this very contract"):
        revise_contract(act, service, contract, instead_of=contract, report={})
