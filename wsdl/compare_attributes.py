"""Comparing the attributes that two types let an element have, and the identity constraints of two elements."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from esb.kernel.xml import Element
from esb.wsdl.changes import Effect, Finding
from esb.wsdl.components import xs
from esb.wsdl.definitions import local, namespace_of
from esb.wsdl.meaning import Attribute, Content, Meaning, Wildcard
from esb.wsdl.values import value_changes

_STRENGTH: Final = {"skip": 0, "lax": 1, "strict": 2}
_CONSTRAINTS: Final = (xs("key"), xs("unique"), xs("keyref"))


def strength(wildcard: Wildcard) -> int:
    """How strictly what a wildcard lets in is judged; an unknown word counts as strict."""
    return _STRENGTH.get(wildcard.process, 2)


def attribute_findings(old: Content, new: Content, before: Meaning, after: Meaning, path: str) -> Iterator[Finding]:
    """Findings for the attributes of two types; ``before`` and ``after`` are their contracts."""
    for name in sorted({*old.attributes, *new.attributes}):
        place = f"{path}/@{local(name)}"
        was, becomes = old.attributes.get(name), new.attributes.get(name)
        if was is not None and becomes is not None:
            yield from _changed(was, becomes, place)
        elif becomes is not None:
            yield from _came(name, becomes, old.wildcard, place)
        elif was is not None:
            yield from _went(name, was, new.wildcard, place)
    yield from _wildcard_findings(old.wildcard, new.wildcard, before, after, f"{path}/@*")


def _changed(was: Attribute, becomes: Attribute, place: str) -> Iterator[Finding]:
    if was.required != becomes.required:
        what = "the attribute must be there" if becomes.required else "the attribute is optional"
        yield Finding(place, what, Effect.NARROWS if becomes.required else Effect.WIDENS)
    if was.fixed != becomes.fixed:
        if was.fixed is None:
            yield Finding(place, f"the value is fixed to {becomes.fixed!r}", Effect.NARROWS)
        elif becomes.fixed is None:
            yield Finding(place, "the value is no longer fixed", Effect.WIDENS)
        else:
            yield Finding(place, f"the fixed value is {becomes.fixed!r} now", Effect.BOTH)
    if was.default != becomes.default:
        added = was.default is None
        what = (
            f"left out it means {becomes.default!r} (default)" if added else "left out it means another value (default)"
        )
        yield Finding(place, what, Effect.NONE if added else Effect.BOTH)
    for what, effect, unclear in value_changes(was.value, becomes.value):
        yield Finding(place, what, effect, unclear)


def _came(name: str, becomes: Attribute, wildcard: Wildcard | None, place: str) -> Iterator[Finding]:
    let_in = wildcard is not None and wildcard.lets(namespace_of(name))
    if becomes.required:
        yield Finding(place, "the attribute was added, and must be there", Effect.NARROWS if let_in else Effect.BOTH)
    elif let_in:
        yield Finding(place, "the attribute, which a wildcard let in, is declared now", Effect.BOTH, True)
    else:
        yield Finding(place, "the attribute was added, optional", Effect.WIDENS)


def _went(name: str, was: Attribute, wildcard: Wildcard | None, place: str) -> Iterator[Finding]:
    let_in = wildcard is not None and wildcard.lets(namespace_of(name))
    if let_in:
        skipped = wildcard is not None and wildcard.process == "skip"
        what = "the attribute is let in by a wildcard instead of being declared"
        yield Finding(place, what, Effect.WIDENS if skipped else Effect.BOTH, not skipped)
    else:
        effect = Effect.BOTH if was.required else Effect.NARROWS
        yield Finding(place, "the attribute was removed", effect)


def _wildcard_findings(
    old: Wildcard | None, new: Wildcard | None, before: Meaning, after: Meaning, place: str
) -> Iterator[Finding]:
    if old is None and new is None:
        return
    if old is None or new is None:
        what = "any other attribute may stand here" if old is None else "no other attribute may stand here any more"
        yield Finding(place, what, Effect.WIDENS if old is None else Effect.NARROWS)
        return
    spaces = sorted({*old.mentioned, *new.mentioned, "\x00"})
    lost = [space for space in spaces if old.lets(space) and not new.lets(space)]
    gained = [space for space in spaces if new.lets(space) and not old.lets(space)]
    if lost:
        yield Finding(place, "attributes of fewer namespaces may stand here", Effect.NARROWS)
    if gained:
        yield Finding(place, "attributes of more namespaces may stand here", Effect.WIDENS)
    if old.process != new.process:
        effect = Effect.NARROWS if strength(new) > strength(old) else Effect.WIDENS
        yield Finding(place, f"other attributes are judged {new.process} instead of {old.process}", effect)
    if "skip" not in (old.process, new.process):
        yield from _global_findings(old, new, before, after, place)


def _global_findings(old: Wildcard, new: Wildcard, before: Meaning, after: Meaning, place: str) -> Iterator[Finding]:
    """What a wildcard lets in is judged by the contract's global attributes."""
    was, becomes = before.globals("attribute"), after.globals("attribute")
    for name in sorted({*was, *becomes}):
        if not (old.lets(namespace_of(name)) or new.lets(namespace_of(name))):
            continue
        if name in was and name in becomes:
            one, other = before.attribute_value(was[name]), after.attribute_value(becomes[name])
            for what, effect, unclear in value_changes(one, other):
                yield Finding(f"{place}/{local(name)}", what, effect, unclear)
            if was[name].get("fixed") != becomes[name].get("fixed"):
                yield Finding(f"{place}/{local(name)}", "the fixed value changed", Effect.BOTH)
        else:
            what = f"the attribute {local(name)} came to, or went from, what the wildcard lets in is judged by"
            yield Finding(place, what, Effect.BOTH, True)


def constraint_findings(old: Element, new: Element, path: str) -> Iterator[Finding]:
    """Findings for the keys, references to keys, and uniquenesses that two declarations demand."""
    was, becomes = Counter(map(_written, _constraints(old))), Counter(map(_written, _constraints(new)))
    if becomes - was:
        yield Finding(path, "a key, a reference to one, or a uniqueness is demanded now", Effect.NARROWS)
    if was - becomes:
        yield Finding(path, "a key, a reference to one, or a uniqueness is no longer demanded", Effect.WIDENS)


def _constraints(element: Element) -> Iterator[Element]:
    return element.iterchildren(*_CONSTRAINTS)


def _written(constraint: Element) -> tuple[str, ...]:
    """A constraint with the prefixes in its paths written out."""
    parts = [
        str(constraint.tag),
        local(constraint.get("name") or ""),
        (constraint.get("refer") or "").rpartition(":")[2],
    ]
    for child in constraint.iterchildren(xs("selector"), xs("field")):
        text = child.get("xpath") or ""
        for prefix, uri in sorted(child.nsmap.items(), key=lambda pair: str(pair[0])):
            if prefix is not None:
                text = text.replace(f"{prefix}:", f"{{{uri}}}")
        parts += [str(child.tag), text]
    return tuple(parts)
