"""A contract, once read, is not changed by whoever holds it."""

import dataclasses

import pytest


def test_a_contract_is_frozen(make_contract):
    contract = make_contract("Ask")
    with pytest.raises(dataclasses.FrozenInstanceError):
        contract.endpoint = "http://elsewhere.example/"


def test_contracts_are_compared_by_what_they_hold(make_contract):
    assert make_contract("Ask") == make_contract("Ask")
    assert make_contract("Ask") != make_contract("Tell")
