"""Leaving out of the judged copy what would take exponential time to judge by; the published contract keeps it.

Contracts that are in use everywhere hold such patterns: the e-mail pattern that .NET made popular is one.  To refuse
them would shut out their providers, and to judge by them would let one value stop the bus.  So the judge's own copy
is made looser, never stricter, and the provider is told where.
"""

from collections.abc import Iterator
from typing import Final

from lxml import etree

from esb.kernel.namespaces import XSD
from esb.kernel.xml import Element
from esb.schemas.content import CHOICE, GROUP, MODELS, PARTICLES, counts, occurs, slow_models
from esb.schemas.part import Part
from esb.schemas.patterns import Catastrophic, effort
from esb.schemas.regex import PatternInvalid

_RESTRICTION: Final = f"{{{XSD}}}restriction"
_PATTERN: Final = f"{{{XSD}}}pattern"


def relax(parts: tuple[Part, ...], *, unlooped: bool) -> tuple[str, ...]:
    """Loosen what cannot be judged by, in the parts themselves.

    Args:
        unlooped: whether models may also be written otherwise where they let through the same.

    Returns:
        One sentence for each thing left out, with document, line, the declaration that it belongs to, and why.
    """
    for part in parts if unlooped else ():
        for model in part.root.iter(*MODELS):
            if occurs(model)[1] is None:
                unloop(model)
    return tuple(dict.fromkeys((*_patterns(parts), *_counts(parts))))


def _patterns(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        for restriction in part.root.iter(_RESTRICTION):
            patterns = restriction.findall(_PATTERN)
            slow = _slow(patterns)
            for pattern, reason in slow:
                beside = "" if len(patterns) == 1 else " or the other patterns beside it"
                yield (
                    f"{part.origin}, line {pattern.sourceline}: the pattern {reason}; values of {_declared(pattern)} "
                    f"are not judged by it{beside} until the provider rewrites it"
                )
            if slow:
                # Patterns side by side are alternatives: to leave out one alone would refuse what it lets through.
                for pattern in patterns:
                    restriction.remove(pattern)


def _slow(patterns: list[Element]) -> list[tuple[Element, Catastrophic]]:
    """Those that can take exponential time, and why; none where one is no pattern at all, for which it is refused."""
    slow = []
    for pattern in patterns:
        try:
            effort(pattern.get("value") or "")
        except Catastrophic as error:
            slow.append((pattern, error))
        except PatternInvalid:
            return []
    return slow


def _counts(parts: tuple[Part, ...]) -> Iterator[str]:
    for part, model, reason in list(slow_models(parts)):
        yield (
            f"{part.origin}, line {model.sourceline}: the content model {reason}; how often its elements repeat within "
            f'{_declared(model)} is not judged until the provider uses maxOccurs="unbounded" once'
        )
        # Fewer at the least and more at the most: whatever was valid stays so.
        for particle in _particles(model):
            least, most = occurs(particle)
            if counts(particle) and (most is None or least <= most):
                particle.set("minOccurs", str(min(least, 1)))
                particle.set("maxOccurs", "unbounded")
        unloop(model)


def unloop(model: Element) -> None:
    """Take repetitions out of a model that is itself repeated without end, where that changes nothing.

    Within ``(A+ | B)*`` each A may come by the outer repetition as well as by the inner one, and libxml2 tries every
    way to divide them between the two; ``(A | B)*`` lets the same contents through.  So it is in a sequence whose other
    elements may all be absent.
    """
    children = [child for child in model.iterchildren(*PARTICLES) if occurs(child)[1] != 0]
    needed = [child for child in children if not _may_be_empty(child)]
    for child in children:
        if model.tag != CHOICE and needed not in ([], [child]):
            continue
        least, most = occurs(child)
        if most != 1 and least <= 1:
            child.set("maxOccurs", "1")
        if child.tag in MODELS and least <= 1:
            unloop(child)


def _may_be_empty(particle: Element) -> bool:
    """Whether nothing at all is a content that it lets through; no, where a group would have to be looked up."""
    if occurs(particle)[0] == 0:
        return True
    if particle.tag not in MODELS or particle.tag == GROUP:
        return False
    inside = map(_may_be_empty, particle.iterchildren(*PARTICLES))
    return any(inside) if particle.tag == CHOICE else all(inside)


def _particles(model: Element) -> Iterator[Element]:
    """A model and what it repeats, but not the types of elements that are declared within."""
    yield model
    for child in model.iterchildren(*PARTICLES):
        yield from _particles(child) if child.tag in MODELS else (child,)


def _declared(element: Element) -> str:
    """The innermost named declaration that something belongs to."""
    for around in element.iterancestors():
        name = around.get("name")
        if name is not None:
            return f"the {_KINDS.get(etree.QName(around).localname, 'declaration')} {name}"
    return "this type"


_KINDS: Final = {
    "simpleType": "type",
    "complexType": "type",
    "element": "element",
    "attribute": "attribute",
    "group": "group",
}
