"""What changing a simple type does to its values."""

import pytest

from esb.wsdl.changes import Effect
from esb.wsdl.values import Value, atomic, listed, restricted, union, value_changes

NONE, WIDENS, NARROWS, BOTH = Effect.NONE, Effect.WIDENS, Effect.NARROWS, Effect.BOTH


def under(base: str, **facets: str | list[str]) -> Value:
    return restricted(atomic(base), {name: [v] if isinstance(v, str) else v for name, v in facets.items()})


def effect(old: Value, new: Value) -> Effect:
    whole = Effect.NONE
    for _, each, _ in value_changes(old, new):
        whole |= each
    return whole


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (atomic("int"), atomic("int"), NONE),
        (atomic("int"), atomic("long"), WIDENS),
        (atomic("unsignedByte"), atomic("int"), WIDENS),
        (atomic("positiveInteger"), atomic("int"), BOTH),
        (atomic("integer"), atomic("decimal"), WIDENS),
        (atomic("int"), atomic("string"), WIDENS),
        (atomic("string"), atomic("token"), NONE),
        (atomic("string"), atomic("anyURI"), NARROWS),
        (atomic("date"), atomic("dateTime"), BOTH),
        (atomic("float"), atomic("double"), WIDENS),
        (atomic("NCName"), atomic("ID"), BOTH),
        (under("long", minInclusive="0", maxInclusive="9"), under("int", minInclusive="0", maxInclusive="9"), NONE),
        (under("string", maxLength="5"), under("string", maxLength="6"), WIDENS),
        (under("string", length="5"), under("string", minLength="5", maxLength="5"), NONE),
        (under("string", minLength="1"), under("string", minLength="2"), NARROWS),
        (under("token", maxLength="5"), under("string", maxLength="5"), BOTH),
        (under("string", enumeration=["a", "b"]), under("string", enumeration=["a", "b", "c"]), WIDENS),
        (under("string", enumeration=["a", "b"]), under("string", enumeration=["b", "c"]), BOTH),
        (under("string", enumeration=["a"]), atomic("string"), WIDENS),
        (under("string", pattern="a+"), under("string", pattern=["a+", "b+"]), WIDENS),
        (under("string", pattern="a+"), under("string", pattern="a*"), BOTH),
        (under("string", pattern="a+"), atomic("string"), WIDENS),
        (under("int", maxInclusive="9"), under("int", maxExclusive="10"), NONE),
        (under("decimal", maxInclusive="9"), under("decimal", maxExclusive="9"), NARROWS),
        (under("decimal", totalDigits="5"), under("decimal", totalDigits="6"), WIDENS),
        (under("decimal", fractionDigits="2"), atomic("decimal"), WIDENS),
        (under("date", minInclusive="2020-01-01"), under("date", minInclusive="2021-01-01"), BOTH),
        (under("date", minInclusive="2020-01-01"), atomic("date"), WIDENS),
        (listed(atomic("int")), listed(atomic("long")), WIDENS),
        (listed(atomic("int")), atomic("int"), BOTH),
        (atomic("int"), union([atomic("int"), atomic("date")]), WIDENS),
        (union([atomic("int"), atomic("date")]), union([atomic("date")]), NARROWS),
    ],
)
def test_effects(old: Value, new: Value, wanted: Effect) -> None:
    assert effect(old, new) is wanted
    turned = {WIDENS: NARROWS, NARROWS: WIDENS}
    assert effect(new, old) is turned.get(wanted, wanted)


def test_patterns_are_never_guessed_at() -> None:
    [(what, _, unclear)] = value_changes(under("string", pattern="[A-Z]{7}"), under("string", pattern="[A-Z0-9]{7}"))
    assert unclear
    assert "pattern" in what
