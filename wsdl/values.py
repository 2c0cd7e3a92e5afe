"""Simple types as sets of values under facets, and what changing one does to that set (XML Schema part 2).

Nothing here tries to be clever about patterns: two of them let through the same when they are written the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Final

from esb.wsdl.changes import Effect

ATOMIC: Final = "atomic"
LIST: Final = "list"
UNION: Final = "union"

_PARENTS: Final[Mapping[str, str]] = {
    "normalizedString": "string",
    "token": "normalizedString",
    "language": "token",
    "NMTOKEN": "token",
    "Name": "token",
    "NCName": "Name",
    "ID": "NCName",
    "IDREF": "NCName",
    "ENTITY": "NCName",
    "integer": "decimal",
    "nonPositiveInteger": "integer",
    "negativeInteger": "nonPositiveInteger",
    "long": "integer",
    "int": "long",
    "short": "int",
    "byte": "short",
    "nonNegativeInteger": "integer",
    "unsignedLong": "nonNegativeInteger",
    "unsignedInt": "unsignedLong",
    "unsignedShort": "unsignedInt",
    "unsignedByte": "unsignedShort",
    "positiveInteger": "nonNegativeInteger",
}
_INTEGERS: Final[Mapping[str, tuple[int | None, int | None]]] = {
    "integer": (None, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-128, 127),
    "nonNegativeInteger": (0, None),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 255),
    "positiveInteger": (1, None),
}
STRING: Final = frozenset({"string", "normalizedString", "token", "anySimpleType", "anyURI"})
_ANY: Final = "anySimpleType"
_TEXT: Final = STRING - {"anyURI"}  # which take any text at all
_IN_ONE_DOCUMENT: Final = frozenset({"ID", "IDREF", "IDREFS", "ENTITY", "ENTITIES"})
_LISTS: Final[Mapping[str, str]] = {"NMTOKENS": "NMTOKEN", "IDREFS": "IDREF", "ENTITIES": "ENTITY"}
_WHOLE: Final = ("length", "minLength", "maxLength", "totalDigits", "fractionDigits")
_BOUNDS: Final = ("minInclusive", "minExclusive", "maxInclusive", "maxExclusive")


@dataclass(frozen=True, slots=True)
class Value:
    """A simple type.

    Attributes:
        base: the nearest of XML Schema's own types, by local name; "" for a list or union.
        items: the type of a list's items (one), or a union's members.
        enumeration: the values listed, None where none are.
        patterns: for each step of derivation the patterns of which one must match.
        facets: the others by name; the nearest of each counts.
    """

    variety: str
    base: str = ""
    items: "tuple[Value, ...]" = ()
    enumeration: frozenset[str] | None = None
    patterns: tuple[frozenset[str], ...] = ()
    facets: Mapping[str, str] = field(default_factory=dict)

    @property
    def free(self) -> bool:
        """Whether nothing narrows its base."""
        return self.enumeration is None and not self.patterns and not set(self.facets) - {"whiteSpace"}

    @property
    def space(self) -> str:
        """How white space is treated before a value is looked at."""
        return self.facets.get("whiteSpace") or {
            "string": "preserve",
            _ANY: "preserve",
            "normalizedString": "replace",
        }.get(self.base, "collapse")

    @property
    def name(self) -> str:
        """For people."""
        return f"xs:{self.base}" if self.variety == ATOMIC else f"a {self.variety}"


def atomic(base: str) -> Value:
    """One of XML Schema's own types, its lists among them."""
    if base in _LISTS:
        return Value(LIST, items=(Value(ATOMIC, _LISTS[base]),), facets={"minLength": "1"})
    return Value(ATOMIC, base)


def listed(item: Value) -> Value:
    """A list of items."""
    return Value(LIST, items=(item,))


def union(members: Iterable[Value]) -> Value:
    """A union of members."""
    return Value(UNION, items=tuple(members))


def restricted(base: Value, facets: Mapping[str, list[str]]) -> Value:
    """A value under the further facets of one restriction."""
    others = {name: texts[-1].strip() for name, texts in facets.items() if name not in ("enumeration", "pattern")}
    kept = dict(base.facets)
    for name in others:
        # One bound of a side takes the place of the other kind of it.
        twin = {"minInclusive": "minExclusive", "minExclusive": "minInclusive"} | {
            "maxInclusive": "maxExclusive",
            "maxExclusive": "maxInclusive",
        }
        kept.pop(twin.get(name, ""), None)
    after = replace(base, facets={**kept, **others})
    if "pattern" in facets:
        after = replace(after, patterns=(*base.patterns, frozenset(facets["pattern"])))
    if "enumeration" in facets:
        values = (
            facets["enumeration"] if after.space == "preserve" else [" ".join(v.split()) for v in facets["enumeration"]]
        )
        after = replace(after, enumeration=frozenset(values))
    return after


def value_changes(old: Value, new: Value) -> Iterator[tuple[str, Effect, bool]]:
    """What a changed simple type does to its values: what changed, the effect, and whether that is an assumption.

    When nothing yielded narrows, every text that the old type takes the new one takes too, and when nothing widens
    the reverse.
    """
    if old == new:
        return
    if new.variety == ATOMIC and new.free and new.base in ("string", _ANY) and not _inside_one_document(old, new):
        effect = Effect.NONE if old.variety == ATOMIC and old.free and old.base in _TEXT else Effect.WIDENS
        yield f"any text ({new.name}) instead of {old.name}", effect, False
        return
    if old.variety == ATOMIC and old.free and old.base in ("string", _ANY) and not _inside_one_document(old, new):
        if new.variety == ATOMIC and new.free and new.base in _TEXT:
            yield f"any text ({new.name}) instead of {old.name}", Effect.NONE, False
        else:
            yield from _narrowed_text(old, new)
        return
    if UNION in (old.variety, new.variety):
        yield from _union_changes(old, new)
        return
    if old.variety != new.variety:
        yield f"{old.name} became {new.name}", Effect.BOTH, True
        return
    if old.variety == LIST:
        for what, effect, unclear in value_changes(old.items[0], new.items[0]):
            yield f"in each item of the list, {what}", effect, unclear
    else:
        yield from _base_changes(old, new)
    yield from _facet_changes(old, new)


def _narrowed_text(old: Value, new: Value) -> Iterator[tuple[str, Effect, bool]]:
    if new.variety == ATOMIC and new.base in ("string", "normalizedString", "token"):
        yield from _facet_changes(replace(old, base=new.base), new)
    else:
        yield f"{new.name} instead of any text", Effect.NARROWS, False


def _inside_one_document(old: Value, new: Value) -> bool:
    return old.base != new.base and bool({old.base, new.base} & _IN_ONE_DOCUMENT)


def _harm(old: Value, new: Value) -> Effect:
    whole = Effect.NONE
    for _, effect, _ in value_changes(old, new):
        whole |= effect
    return whole


def _union_changes(old: Value, new: Value) -> Iterator[tuple[str, Effect, bool]]:
    before = old.items if old.variety == UNION else (old,)
    after = new.items if new.variety == UNION else (new,)
    if any(member.free and member.base in ("ID", "IDREF") for member in (*before, *after)) and before != after:
        yield "a union with identifiers changed", Effect.BOTH, True
        return
    lost = [one for one in before if all(Effect.NARROWS in _harm(one, other) for other in after)]
    gained = [one for one in after if all(Effect.WIDENS in _harm(other, one) for other in before)]
    if lost:
        yield f"the union no longer takes {', '.join(one.name for one in lost)} as it did", Effect.NARROWS, False
    if gained:
        yield f"the union takes {', '.join(one.name for one in gained)} more", Effect.WIDENS, False
    if old.variety == new.variety == UNION:
        yield from _facet_changes(old, new)
    elif (old if old.variety == UNION else new).enumeration is not None or (
        old if old.variety == UNION else new
    ).patterns:
        yield "facets of a union came or went", Effect.BOTH, True


def _base_changes(old: Value, new: Value) -> Iterator[tuple[str, Effect, bool]]:
    if old.base == new.base:
        if old.space != new.space and not (old.free and new.free):
            yield f"white space is treated as {new.space} instead of {old.space}", Effect.BOTH, True
        return
    what = f"the type is xs:{new.base} instead of xs:{old.base}"
    touchy = old.space != new.space and not (old.free and new.free)
    if _inside_one_document(old, new) or touchy:
        yield what, Effect.BOTH, True
    elif old.base in _INTEGERS and new.base in _INTEGERS:
        yield what, _bounds_effect(old, new), False
    elif new.base in _ancestors(old.base):
        yield what, Effect.WIDENS, False
    elif old.base in _ancestors(new.base):
        yield what, Effect.NARROWS, False
    elif (old.base, new.base) == ("float", "double"):
        yield what, Effect.WIDENS, False
    elif (old.base, new.base) == ("double", "float"):
        yield what, Effect.NARROWS, False
    else:
        yield what, Effect.BOTH, False


def _ancestors(base: str) -> Iterator[str]:
    while base in _PARENTS:
        base = _PARENTS[base]
        yield base
    yield _ANY


def _facet_changes(old: Value, new: Value) -> Iterator[tuple[str, Effect, bool]]:
    yield from _enumeration_changes(old, new)
    yield from _pattern_changes(old, new)
    yield from _length_changes(old, new)
    for name in ("totalDigits", "fractionDigits"):
        was, becomes = _number(old.facets.get(name)), _number(new.facets.get(name))
        if was != becomes:
            tighter = was is None or (becomes is not None and becomes < was)
            what = f"{name} {_end(becomes)} instead of {_end(was)}"
            yield what, Effect.NARROWS if tighter else Effect.WIDENS, False
    if not (old.base in _INTEGERS and new.base in _INTEGERS and old.base != new.base):
        yield from _bound_changes(old, new)
    elif set(_only_bounds(old)) != set(_only_bounds(new)):
        yield "the bounds changed with the type", _bounds_effect(old, new), False


def _length_changes(old: Value, new: Value) -> Iterator[tuple[str, Effect, bool]]:
    (least, most), (after_least, after_most) = _lengths(old), _lengths(new)
    unit = "characters" if old.variety == ATOMIC else "items"
    if least != after_least:
        effect = Effect.NARROWS if after_least > least else Effect.WIDENS
        yield f"at least {after_least} {unit} (minLength) instead of {least}", effect, False
    if most != after_most:
        tighter = most is None or (after_most is not None and after_most < most)
        what = f"at most {_end(after_most)} {unit} (maxLength) instead of {_end(most)}"
        yield what, Effect.NARROWS if tighter else Effect.WIDENS, False


def _end(bound: Decimal | int | None) -> str:
    return "any number of" if bound is None else str(bound)


def _enumeration_changes(old: Value, new: Value) -> Iterator[tuple[str, Effect, bool]]:
    if old.enumeration == new.enumeration:
        return
    if old.enumeration is None:
        yield "the values are listed now (enumeration)", Effect.NARROWS, False
    elif new.enumeration is None:
        yield "the values are no longer listed (enumeration)", Effect.WIDENS, False
    else:
        added, gone = sorted(new.enumeration - old.enumeration), sorted(old.enumeration - new.enumeration)
        if added:
            yield f"value {_some(added)} added to the enumeration", Effect.WIDENS, False
        if gone:
            yield f"value {_some(gone)} removed from the enumeration", Effect.NARROWS, False


def _some(values: list[str]) -> str:
    shown = ", ".join(repr(value[:40]) for value in values[:5])
    return shown if len(values) <= 5 else f"{shown} and {len(values) - 5} more"


def _pattern_changes(old: Value, new: Value) -> Iterator[tuple[str, Effect, bool]]:
    tighter = [step for step in new.patterns if not any(own <= step for own in old.patterns)]
    looser = [step for step in old.patterns if not any(own <= step for own in new.patterns)]
    if tighter and looser:
        yield "the pattern changed; what it lets through cannot be compared", Effect.BOTH, True
    elif tighter:
        yield "the pattern is tighter, or new", Effect.NARROWS, False
    elif looser:
        yield "the pattern is looser, or gone", Effect.WIDENS, False


def _lengths(value: Value) -> tuple[int, int | None]:
    exact = _number(value.facets.get("length"))
    if exact is not None:
        return int(exact), int(exact)
    least, most = _number(value.facets.get("minLength")), _number(value.facets.get("maxLength"))
    return int(least or 0), None if most is None else int(most)


def _number(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None


def _only_bounds(value: Value) -> dict[str, str]:
    return {name: value.facets[name] for name in _BOUNDS if name in value.facets}


def _bound_changes(old: Value, new: Value) -> Iterator[tuple[str, Effect, bool]]:
    if _only_bounds(old) == _only_bounds(new):
        return
    for low in (True, False):
        names = _BOUNDS[:2] if low else _BOUNDS[2:]
        one, other = _bound(old, names), _bound(new, names)
        if one == other:
            continue
        what = f"the {'lower' if low else 'upper'} bound is {_told(other)} instead of {_told(one)}"
        if other is None:
            yield what, Effect.WIDENS, False
        elif one is None:
            yield what, Effect.NARROWS, False
        else:
            effect = _compared(one, other, low, old.base)
            if effect is not Effect.NONE:
                yield what, effect, effect is Effect.BOTH


def _bound(value: Value, names: tuple[str, ...]) -> tuple[str, bool] | None:
    """A bound's text and whether it is itself lawful."""
    return next(((value.facets[name], name.endswith("Inclusive")) for name in names if name in value.facets), None)


def _told(bound: tuple[str, bool] | None) -> str:
    return "none" if bound is None else f"{bound[0]}{'' if bound[1] else ' (exclusive)'}"


def _compared(one: tuple[str, bool], other: tuple[str, bool], low: bool, base: str) -> Effect:
    before, after = _number(one[0]), _number(other[0])
    numeric = base == "decimal" or base in _INTEGERS
    if not numeric or before is None or after is None:
        return Effect.BOTH if one[0] != other[0] else Effect.NARROWS if one[1] else Effect.WIDENS
    if base in _INTEGERS:
        step = 1 if low else -1
        before, after = before + (0 if one[1] else step), after + (0 if other[1] else step)
        if before == after:
            return Effect.NONE
    if before == after:
        return Effect.NARROWS if one[1] else Effect.WIDENS
    return Effect.NARROWS if (after > before) is low else Effect.WIDENS


def _bounds_effect(old: Value, new: Value) -> Effect:
    """What a change between two integer types, each with its facets, does to the numbers taken."""
    (low, high), (after_low, after_high) = _range(old), _range(new)
    effect = Effect.NONE
    if low != after_low:
        effect |= Effect.NARROWS if low is None or (after_low is not None and after_low > low) else Effect.WIDENS
    if high != after_high:
        effect |= Effect.NARROWS if high is None or (after_high is not None and after_high < high) else Effect.WIDENS
    return effect


def _range(value: Value) -> tuple[Decimal | None, Decimal | None]:
    low, high = (None if end is None else Decimal(end) for end in _INTEGERS[value.base])
    lower, upper = _bound(value, _BOUNDS[:2]), _bound(value, _BOUNDS[2:])
    for bound, step in ((lower, 1), (upper, -1)):
        number = None if bound is None else _number(bound[0])
        if bound is None or number is None:
            continue
        number += 0 if bound[1] else step
        if step == 1:
            low = number if low is None else max(low, number)
        else:
            high = number if high is None else min(high, number)
    return low, high
