"""A contract is kept under its digest and never changes."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from esb.kernel.contract import Contract
from esb.kernel.directory import Operation
from esb.registry.acts import Act, list_changes
from esb.registry.contracts import get_contract, list_operations, put_contract
from esb.registry.errors import Invalid, NotFound
from esb.registry.models import ContractRow

Make = Callable[..., Contract]


def test_a_contract_is_named_by_its_package(act: Act, make_contract: Make) -> None:
    digest = put_contract(act, b"packed", make_contract("A", "B"))
    assert digest == hashlib.sha256(b"packed").hexdigest()
    stored = get_contract(act.session, digest)
    assert (stored.packed, stored.summary["namespace"], stored.summary["operations"]) == (
        b"packed",
        "urn:x",
        ["A", "B"],
    )
    assert list_operations(act.session, digest) == make_contract("A", "B").operations


def test_a_one_way_operation_has_no_answer(act: Act, make_contract: Make) -> None:
    contract = replace(make_contract(), operations=(Operation("Tell", "", None, "", frozenset()),))
    digest = put_contract(act, b"packed", contract)
    assert list_operations(act.session, digest) == contract.operations


def test_the_same_contract_again_is_no_change(act: Act, make_contract: Make) -> None:
    put_contract(act, b"packed", make_contract())
    put_contract(act, b"packed", make_contract())
    assert len(list_changes(act.session)) == 1


def test_messages_that_cannot_be_told_apart_are_refused(act: Act, make_contract: Make) -> None:
    first, second = make_contract("A", "B").operations
    alike = replace(make_contract(), operations=(first, replace(second, input=first.input)))
    with pytest.raises(Invalid, match="R2710"):
        put_contract(act, b"packed", alike)
    twice = replace(make_contract(), operations=(first, replace(second, name=first.name)))
    with pytest.raises(Invalid, match="different names"):
        put_contract(act, b"packed", twice)
    with pytest.raises(Invalid, match="no operation"):
        put_contract(act, b"packed", replace(make_contract(), operations=()))


def test_an_unknown_contract_is_not_found(act: Act) -> None:
    with pytest.raises(NotFound, match="WSDL"):
        get_contract(act.session, "0" * 64)


def test_a_package_that_was_altered_in_the_database_is_noticed(act: Act, make_contract: Make) -> None:
    digest = put_contract(act, b"packed", make_contract())
    act.session.execute(update(ContractRow).values(packed=b"altered"))
    with pytest.raises(Invalid, match="backup"):
        get_contract(act.session, digest)
