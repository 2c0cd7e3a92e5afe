"""A message's types: frozen, one a stage, and each reached only through the one before."""

import dataclasses
import itertools
import typing

import pytest

from esb.kernel import message
from esb.kernel.message import (
    Accepted,
    Answered,
    Authenticated,
    Authorized,
    ExchangeHeader,
    JudgedAnswer,
    Parsed,
    Received,
    Routed,
    Validated,
    VerifiedAnswer,
)

TYPES = [each for each in vars(message).values() if isinstance(each, type) and each.__module__ == message.__name__]
WAY = (Received, Parsed, Authenticated, Authorized, Validated, Accepted, Routed, Answered, VerifiedAnswer, JudgedAnswer)


@pytest.mark.parametrize("kind", TYPES)
def test_types_are_frozen_and_slotted(kind):
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)


@pytest.mark.parametrize(("before", "after"), list(itertools.pairwise(WAY)))
def test_a_stage_cannot_be_reached_without_the_one_before(before, after):
    first = dataclasses.fields(after)[0]
    assert typing.get_type_hints(after)[first.name] is before
    assert first.default is dataclasses.MISSING


def test_an_absent_header_says_nothing():
    assert set(dataclasses.astuple(ExchangeHeader())) == {None}
