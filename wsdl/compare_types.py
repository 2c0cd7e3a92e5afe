"""Comparing what two contracts let an element hold: what was added, removed, narrowed or widened, place by place.

The rule that everything here keeps: when no finding narrows, every element that is valid by the old contract is valid
by the new one; when none widens, the reverse.  What cannot be decided counts as both.  Three liberties are taken, and
written in docs/contracts.md: an answer that needlessly names its declared type by ``xsi:type`` is not minded; on
elements of simple types ``xsi:type`` is not minded at all; nor are the contract's own elements and types where
xs:anyType or a lax wildcard lets them in, for there neither contract says what comes.
"""

from collections.abc import Iterator
from typing import Final

from esb.kernel.xml import Element
from esb.wsdl import regular
from esb.wsdl.changes import Effect, Finding
from esb.wsdl.compare_attributes import attribute_findings, constraint_findings, strength
from esb.wsdl.components import xs
from esb.wsdl.definitions import local, namespace_of
from esb.wsdl.meaning import ANY_TYPE, Content, Leaf, Meaning, Particle, Type, Unclear, Wildcard, accepts_empty
from esb.wsdl.values import value_changes

_OTHER_NAME: Final = "\x00"  # the local part of the letter that stands for every other name of a namespace
_OTHER_NAMESPACE: Final = "\x00"
_DEEPEST: Final = 60


class Comparison:
    """Compares declarations of an old contract with those of a new one; each pair of types once."""

    def __init__(self, old: Meaning, new: Meaning) -> None:
        self.old = old
        self.new = new
        self._seen: set[tuple[object, ...]] = set()

    def element(self, old: Element, new: Element, path: str, depth: int = 0) -> Iterator[Finding]:
        """Findings for two declarations that stand in the same place."""
        if depth > _DEEPEST:
            yield Finding(path, "the types are nested too deep to be compared", Effect.BOTH, True)
            return
        try:
            yield from self._declaration(old, new, path)
            yield from self.types(self.old.type_of(old), self.new.type_of(new), path, depth)
        except Unclear as error:
            yield Finding(path, f"what may stand here: {error}", Effect.BOTH, True)

    def _declaration(self, old: Element, new: Element, path: str) -> Iterator[Finding]:
        was, becomes = (each.get("nillable") in ("true", "1") for each in (old, new))
        if was != becomes:
            what = "xsi:nil is allowed" if becomes else "xsi:nil is no longer allowed"
            yield Finding(path, what, Effect.WIDENS if becomes else Effect.NARROWS)
        yield from self._preset(old, new, path)
        more, less = self.new.blocked(new) - self.old.blocked(old), self.old.blocked(old) - self.new.blocked(new)
        if more:
            yield Finding(path, f"types by {', '.join(sorted(more))} may no longer stand in (block)", Effect.NARROWS)
        if less:
            yield Finding(path, f"types by {', '.join(sorted(less))} may stand in (block)", Effect.WIDENS)
        yield from constraint_findings(old, new, path)

    def _preset(self, old: Element, new: Element, path: str) -> Iterator[Finding]:
        """Defaults and fixed values: an empty element has that value, whatever its type."""
        if old.get("fixed") != new.get("fixed"):
            if old.get("fixed") is None:
                yield Finding(path, f"the value is fixed to {new.get('fixed')!r}", Effect.NARROWS)
            elif new.get("fixed") is None:
                value = self.new.content(self.new.type_of(new)).value
                safe = value is not None and accepts_empty(value)
                yield Finding(path, "the value is no longer fixed", Effect.WIDENS if safe else Effect.BOTH, not safe)
            else:
                yield Finding(path, f"the fixed value is {new.get('fixed')!r} now", Effect.BOTH)
        if old.get("default") != new.get("default"):
            if old.get("default") is None:
                yield Finding(path, f"an empty element means {new.get('default')!r} now (default)", Effect.WIDENS)
            else:
                yield Finding(path, "an empty element means another value (default)", Effect.BOTH)

    def types(self, old: Type, new: Type, path: str, depth: int) -> Iterator[Finding]:
        """Findings for two types of one place."""
        if isinstance(old, str) and old == new:
            return
        if (old, new) in self._seen:
            return
        self._seen.add((old, new))
        yield from self._named(old, new, path, depth)
        one, other = self.old.content(old), self.new.content(new)
        if not isinstance(old, str) and not isinstance(new, str):
            yield from self._abstract(old, new, path)
        yield from self._contents(one, other, path, depth)
        yield from attribute_findings(one, other, self.old, self.new, path)

    def _abstract(self, old: Element, new: Element, path: str) -> Iterator[Finding]:
        was, becomes = (each.get("abstract") in ("true", "1") for each in (old, new))
        if was != becomes:
            what = "the type is abstract: xsi:type must name another" if becomes else "the type is no longer abstract"
            yield Finding(path, what, Effect.NARROWS if becomes else Effect.WIDENS)
        if old.tag == new.tag == xs("complexType") and old.get("name") is not None and new.get("name") is not None:
            more, less = self.new.blocked(new) - self.old.blocked(old), self.old.blocked(old) - self.new.blocked(new)
            if more or less:
                effect = (Effect.NARROWS if more else Effect.NONE) | (Effect.WIDENS if less else Effect.NONE)
                yield Finding(path, "which derived types may stand in changed (block of the type)", effect)

    def _named(self, old: Type, new: Type, path: str, depth: int) -> Iterator[Finding]:
        """What ``xsi:type`` may name in this place: the type itself, and complex types derived from it."""
        if _simple(old) or _simple(new):
            return
        own = self.old.type_name(old)
        before, after = self.old.derived(old), self.new.derived(new)
        if own is not None and own not in (self.new.type_name(new), *after) and new != ANY_TYPE:
            yield Finding(path, f"the type {local(own)} may no longer be named here (xsi:type)", Effect.NARROWS)
        gone = [name for name in before if name not in after and name != self.new.type_name(new)]
        more = [name for name in after if name not in before and name != own]
        if gone:
            yield Finding(path, f"{_types(gone)} may no longer stand in (xsi:type)", Effect.NARROWS)
        if more:
            yield Finding(path, f"{_types(more)} may stand in (xsi:type)", Effect.WIDENS)
        for name, element in before.items():
            if name in after:
                yield from self.types(element, after[name], f"{path}[{local(name)}]", depth + 1)

    def _contents(self, old: Content, new: Content, path: str, depth: int) -> Iterator[Finding]:
        if old.value is not None and new.value is not None:
            for what, effect, unclear in value_changes(old.value, new.value):
                yield Finding(path, what, effect, unclear)
        elif old.value is not None or new.value is not None:
            yield from self._text_or_elements(old, new, path)
        else:
            if old.mixed != new.mixed:
                what = (
                    "text may stand among the elements" if new.mixed else "text may no longer stand among the elements"
                )
                yield Finding(path, what, Effect.WIDENS if new.mixed else Effect.NARROWS)
            yield from self._models(old.model, new.model, path, depth)

    def _text_or_elements(self, old: Content, new: Content, path: str) -> Iterator[Finding]:
        becomes = "elements instead of a value" if old.value is not None else "a value instead of elements"
        mixed = new if old.value is not None else old
        letters = _alphabet(mixed.model, None)
        if mixed.mixed and regular.nullable(_Side(mixed.model, letters).model):
            effect = Effect.WIDENS if old.value is not None else Effect.NARROWS
            yield Finding(path, f"it may hold {becomes}", effect)
        else:
            yield Finding(path, f"it holds {becomes}", Effect.BOTH)

    # Elements within elements

    def _models(self, old: Particle | None, new: Particle | None, path: str, depth: int) -> Iterator[Finding]:
        letters = _alphabet(old, new)
        one, other = _Side(old, letters), _Side(new, letters)
        before, after = one.model, other.model
        effect = Effect.NONE
        common = []
        for letter in sorted(letters):
            was, becomes = regular.times(before, letter), regular.times(after, letter)
            if was[1] != 0 and becomes[1] != 0:
                common.append(letter)
            for finding in _count_findings(letter, was, becomes, path):
                effect |= finding.effect
                yield finding
        if before != after:
            for finding in _order_findings(before, after, letters, common, effect, path):
                effect |= finding.effect
                yield finding
        for letter, was_leaf, becomes_leaf in _pairs(one, other, common):
            yield from self._pair(letter, was_leaf, becomes_leaf, path, depth)

    def _pair(self, letter: str, old: Leaf, new: Leaf, path: str, depth: int) -> Iterator[Finding]:
        """Findings for what stands on both sides under one name, declared or let in by a wildcard."""
        inside = f"{path}/{_shown(letter)}"
        was, becomes = old.declared.get(letter), new.declared.get(letter)
        key = (old.wildcard if was is None else was, new.wildcard if becomes is None else becomes)
        if key in self._seen:
            return
        self._seen.add(key)
        if was is not None and becomes is not None:
            yield from self.element(was, becomes, inside, depth + 1)
        elif old.wildcard is not None and new.wildcard is not None:
            yield from self._wildcards(old.wildcard, new.wildcard, f"{path}/*", depth)
        elif old.wildcard is not None:
            skipped = old.wildcard.process == "skip"
            what = f"{_shown(letter)}, which a wildcard let in, is declared now"
            yield Finding(inside, what, Effect.NARROWS if skipped else Effect.BOTH, not skipped)
        elif new.wildcard is not None:
            skipped = new.wildcard.process == "skip"
            what = f"{_shown(letter)} is let in by a wildcard instead of being declared"
            yield Finding(inside, what, Effect.WIDENS if skipped else Effect.BOTH, not skipped)

    def _wildcards(self, old: Wildcard, new: Wildcard, path: str, depth: int) -> Iterator[Finding]:
        if old.process != new.process:
            effect = Effect.NARROWS if strength(new) > strength(old) else Effect.WIDENS
            what = f"what the wildcard lets in is judged {new.process} instead of {old.process} (processContents)"
            yield Finding(path, what, effect)
        if "strict" not in (old.process, new.process):
            return
        # A strict wildcard lets in what the contract declares, as it declares it.
        before, after = self.old.globals("element"), self.new.globals("element")
        for name in sorted({*before, *after}):
            space = namespace_of(name)
            was, becomes = name in before and old.lets(space), name in after and new.lets(space)
            if was and becomes:
                yield from self._once(before[name], after[name], f"{path}/{local(name)}", depth)
            elif was:
                yield Finding(path, f"{local(name)} is declared no more, so that it may not stand here", Effect.NARROWS)
            elif becomes:
                yield Finding(path, f"{local(name)} is declared, so that it may stand here", Effect.WIDENS)

    def _once(self, old: Element, new: Element, path: str, depth: int) -> Iterator[Finding]:
        if (old, new) not in self._seen:
            self._seen.add((old, new))
            yield from self.element(old, new, path, depth + 1)


def _simple(kind: Type) -> bool:
    return kind != ANY_TYPE if isinstance(kind, str) else kind.tag == xs("simpleType")


def _types(names: list[str]) -> str:
    shown = ", ".join(local(name) for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _shown(letter: str) -> str:
    name = local(letter)
    if name != _OTHER_NAME:
        return name
    namespace = namespace_of(letter)
    return "any element" if namespace == _OTHER_NAMESPACE else f"any element of {namespace or 'no namespace'}"


def _alphabet(old: Particle | None, new: Particle | None) -> frozenset[str]:
    leaves = [leaf for side in (old, new) if side is not None for leaf in side.leaves()]
    names = {name for leaf in leaves for name in leaf.declared}
    wild = [leaf.wildcard for leaf in leaves if leaf.wildcard is not None]
    if wild:
        spaces = {_OTHER_NAMESPACE, *(namespace_of(name) for name in names)}
        for wildcard in wild:
            spaces |= wildcard.mentioned
        names |= {f"{{{space}}}{_OTHER_NAME}" for space in spaces}
    return frozenset(names)


class _Side:
    """One content model as a language; the leaf that was written n-th has the mark n."""

    def __init__(self, particle: Particle | None, letters: frozenset[str]) -> None:
        self.particle = particle
        self.leaves: list[tuple[Leaf, frozenset[str]]] = []
        self._every = letters
        self.model: regular.Model = regular.EMPTY if particle is None else self._language(particle)

    def _atom(self, leaf: Leaf) -> regular.Model:
        letters = frozenset(leaf.declared)
        if leaf.wildcard is not None:
            letters = frozenset(each for each in self._every if leaf.wildcard.lets(namespace_of(each)))
        self.leaves.append((leaf, letters))
        return regular.atom(letters, len(self.leaves) - 1)

    def _language(self, particle: Particle) -> regular.Model:
        inner: regular.Model
        if particle.leaf is not None:
            inner = self._atom(particle.leaf)
        elif particle.kind == "all":
            inner = regular.shuffle(
                (self._atom(each.leaf), each.least > 0) for each in particle.inside if each.leaf is not None
            )
        elif particle.kind == "choice":
            branches = [self._language(each) for each in particle.inside]
            inner = regular.choice(branches) if branches else regular.EMPTY
        else:
            inner = regular.sequence([self._language(each) for each in particle.inside])
        return regular.repeat(inner, particle.least, particle.most)


def _alike(old: Particle | None, new: Particle | None) -> bool:
    """Whether two models are written alike but for how often their particles come and what their leaves are."""
    if old is None or new is None:
        return old is new
    return (
        old.kind == new.kind
        and len(old.inside) == len(new.inside)
        and all(_alike(one, other) for one, other in zip(old.inside, new.inside, strict=True))
    )


def _pairs(old: _Side, new: _Side, common: list[str]) -> Iterator[tuple[str, Leaf, Leaf]]:
    """Which leaves are the same element of some message, by letter.

    A model says of each element which particle it is (XML Schema part 1, 3.8.6), so where two are written alike with
    the same names in the same places, the places tell.  Else the models are walked together, and where that takes too
    long, every leaf is held against every other of the same name.
    """
    if _alike(old.particle, new.particle):
        places = list(zip(old.leaves, new.leaves, strict=True))
        if all(one[1] == other[1] for one, other in places):
            for (one, letters), (other, _) in places:
                for letter in sorted(letters):
                    yield letter, one, other
            return
    met = regular.meetings(old.model, new.model, common)
    if met is not None:
        for letter, a, b in sorted(met):
            yield letter, old.leaves[a][0], new.leaves[b][0]
        return
    for letter in common:
        for one, names in old.leaves:
            for other, others in new.leaves:
                if letter in names and letter in others:
                    yield letter, one, other


def _count_findings(
    letter: str, was: tuple[int, int | None], becomes: tuple[int, int | None], path: str
) -> Iterator[Finding]:
    if was == becomes:
        return
    name = _shown(letter)
    if was[1] == 0:
        required = becomes[0] > 0
        what = f"{name} was added, and must be there" if required else f"{name} was added, optional"
        yield Finding(f"{path}/{name}", what, Effect.BOTH if required else Effect.WIDENS)
        return
    if becomes[1] == 0:
        what = f"{name} was removed{', though it had to be there' if was[0] > 0 else ''}"
        yield Finding(f"{path}/{name}", what, Effect.BOTH if was[0] > 0 else Effect.NARROWS)
        return
    if was[0] != becomes[0]:
        effect = Effect.NARROWS if becomes[0] > was[0] else Effect.WIDENS
        yield Finding(f"{path}/{name}", f"{name} comes at least {becomes[0]} times instead of {was[0]}", effect)
    if was[1] != becomes[1]:
        tighter = was[1] is None or (becomes[1] is not None and becomes[1] < was[1])
        ends = ["without end" if end is None else f"{end} times" for end in (becomes[1], was[1])]
        yield Finding(
            f"{path}/{name}",
            f"{name} comes at most {ends[0]} instead of {ends[1]}",
            Effect.NARROWS if tighter else Effect.WIDENS,
        )


def _order_findings(
    before: regular.Model,
    after: regular.Model,
    letters: frozenset[str],
    common: list[str],
    found: Effect,
    path: str,
) -> Iterator[Finding]:
    """Findings that counting names does not show: the order, and which go together."""
    odd = letters.difference(common)
    one, other = (regular.without(model, odd) if odd else model for model in (before, after))
    steady = all(regular.times(one, letter) == regular.times(other, letter) for letter in common)
    for was, becomes, wider, narrower, effect, word in (
        (one, other, after, before, Effect.NARROWS, "no longer lets through every"),
        (other, one, before, after, Effect.WIDENS, "lets through a further"),
    ):
        fits: bool | None = True
        if effect not in found:
            fits = regular.includes(wider, narrower, letters)
        elif steady:
            fits = regular.includes(becomes, was, common)
        if fits is None:
            yield Finding(path, "the content model is too large to be compared", effect, True)
        elif not fits:
            yield Finding(path, f"the content model {word} order or combination of its elements", effect)
