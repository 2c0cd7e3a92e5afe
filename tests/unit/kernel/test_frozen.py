"""Values that are cheap to make are as frozen as any dataclass."""

import dataclasses
import inspect
from dataclasses import dataclass, field

import pytest

from esb.kernel.frozen import frozen


@frozen
class Fast:
    """One."""

    a: int
    b: str = "b"


@dataclass(frozen=True, slots=True)
class Plain:
    """Its model."""

    a: int
    b: str = "b"


def test_it_is_made_like_a_dataclass():
    assert (Fast(1).a, Fast(1).b) == (1, "b")
    assert Fast(b="c", a=2) == Fast(2, "c")
    assert type(Fast(1)) is Fast
    assert repr(Fast(1)) == repr(Plain(1)).replace("Plain", "Fast")
    assert list(inspect.signature(Fast).parameters) == ["a", "b"]
    for wrong in ({}, {"a": 1, "c": 2}):
        with pytest.raises(TypeError):
            Fast(**wrong)
    with pytest.raises(TypeError):
        Fast(1, "b", 3)


def test_no_field_is_assigned_or_deleted_or_added():
    value = Fast(1)
    for name in ("a", "b"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, 2)
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(value, name)
    with pytest.raises((AttributeError, TypeError)):  # Python 3.11's slotted dataclasses raise the second
        value.c = 2
    assert not hasattr(value, "__dict__")


def test_it_compares_and_hashes_by_its_fields_and_its_class():
    assert Fast(1) == Fast(1) != Fast(2)
    assert hash(Fast(1)) == hash(Fast(1))
    assert Fast(1) != Plain(1)


def test_a_changed_one_is_another():
    first = Fast(1)
    second = dataclasses.replace(first, a=2)
    assert (first.a, second.a, second.b) == (1, 2, "b")


def test_what_it_cannot_be_is_told():
    with pytest.raises(TypeError, match=r"Many\.items"):

        @frozen
        class Many:
            items: list[int] = field(default_factory=list)

    with pytest.raises(TypeError, match=r"Named\.a"):

        @frozen
        class Named:
            a: int = field(kw_only=True)
