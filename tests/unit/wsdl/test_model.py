"""The model is a value: equal when it says the same, and never changed."""

import dataclasses

import pytest

from esb.kernel.contract import Contract
from esb.wsdl.read import interface_of


def test_reading_twice_gives_equal_and_frozen_values(family: Contract) -> None:
    interface = interface_of(family)
    assert interface == interface_of(family)
    with pytest.raises(dataclasses.FrozenInstanceError):
        interface.namespace = "urn:other"  # type: ignore[misc]
