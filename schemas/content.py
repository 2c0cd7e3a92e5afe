"""How large a content model becomes, and how long it can take to match: told before libxml2 builds it.

Groups that refer to groups double at each step: three kilobytes become gigabytes.  And a counted repetition around
another repetition makes libxml2 try every way to divide the elements between the two, millions for each parent.
"""

from collections.abc import Iterator
from typing import Final

from esb.kernel.namespaces import XSD
from esb.kernel.xml import Element
from esb.schemas.part import Part
from esb.schemas.patterns import Catastrophic, effort_of
from esb.schemas.regex import Atom, Choice, Node, Repeat, Sequence

_MOST_PARTICLES: Final = 20_000
_MOST_JUDGED: Final = 600
_MANY: Final = 1_000_000
PARTICLES: Final = tuple(f"{{{XSD}}}{kind}" for kind in ("element", "any", "group", "sequence", "choice", "all"))
GROUP: Final = f"{{{XSD}}}group"
CHOICE: Final = f"{{{XSD}}}choice"
_LEAVES: Final = (f"{{{XSD}}}element", f"{{{XSD}}}any")
MODELS: Final = tuple(f"{{{XSD}}}{kind}" for kind in ("group", "sequence", "choice"))


def content_problems(parts: tuple[Part, ...]) -> tuple[str, ...]:
    """Content models that may not be used, one sentence each, with document and line."""
    models = _Models(parts)
    return tuple(dict.fromkeys(problem for part in parts for problem in _problems(part, models)))


def slow_models(parts: tuple[Part, ...]) -> Iterator[tuple[Part, Element, Catastrophic]]:
    """The repeated models that can take exponential time to match, and why; each within its part."""
    models = _Models(parts)
    for part in parts:
        for model in part.root.iter(*MODELS):
            reason = _slowness(model, part, models)
            if reason is not None:
                yield part, model, reason


def nests_loops(parts: tuple[Part, ...]) -> bool:
    """Whether a repetition without end still stands within another, where libxml2 tries every way to divide them."""
    models = _Models(parts)
    for part in parts:
        for model in part.root.iter(*MODELS):
            if _repeats(model):
                if models.size(model, part) > _MOST_JUDGED:
                    return True
                try:
                    effort_of(models.tree(model, part), nested=False)
                except Catastrophic:
                    return True
    return False


def _problems(part: Part, models: "_Models") -> Iterator[str]:
    for model in part.root.iter(*MODELS):
        problem = _too_large(model, part, models) or _too_slow(model, part, models)
        if problem is not None:
            yield f"{part.origin}, line {model.sourceline}: the content model {problem}"


def _too_large(model: Element, part: Part, models: "_Models") -> str | None:
    # Only the innermost that is too large says so; those around it would repeat it.
    if models.size(model, part) <= _MOST_PARTICLES or models.holds_larger(model, part, _MOST_PARTICLES):
        return None
    return f"grows to more than {_MOST_PARTICLES} particles by the groups that it refers to: simplify it"


def _too_slow(model: Element, part: Part, models: "_Models") -> str | None:
    reason = _slowness(model, part, models)
    return None if reason is None else f'{reason}: use maxOccurs="unbounded" once, on the outer or the inner of the two'


def _slowness(model: Element, part: Part, models: "_Models") -> Catastrophic | None:
    size = models.size(model, part)
    if size > _MOST_PARTICLES or not _repeats(model) or not models.counts(model, part):
        return None
    if size > _MOST_JUDGED:
        return Catastrophic("repeats too many elements to be judged")
    try:
        effort_of(models.tree(model, part))
    except Catastrophic as error:
        return error
    return None


def occurs(element: Element) -> tuple[int, int | None]:
    """minOccurs and maxOccurs of a particle; None for unbounded."""
    least, most = element.get("minOccurs", "1").strip(), element.get("maxOccurs", "1").strip()
    # What is no number is the compilers' to refuse.
    return (
        min(int(least), _MANY) if least.isdecimal() else 1,
        None if most == "unbounded" else min(int(most), _MANY) if most.isdecimal() else 1,
    )


def _repeats(element: Element) -> bool:
    return occurs(element)[1] not in (0, 1)


def counts(element: Element) -> bool:
    """Whether a particle's own repetition is a counted one."""
    least, most = occurs(element)
    return least > 1 or (most is not None and most > 1)


class _Models:
    """Particles with their group references followed."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._groups: dict[tuple[str, str], tuple[Element, Part]] = {}
        for part in parts:
            for group in part.root.iterchildren(GROUP):
                self._groups[(part.namespace, group.get("name") or "")] = (group, part)
        self._sizes: dict[Element, int] = {}
        self._open: set[Element] = set()

    def _children(self, element: Element, part: Part) -> tuple[list[Element], Part]:
        reference = element.get("ref")
        if element.tag == GROUP and reference is not None:
            prefix, _, local = reference.rpartition(":")
            namespace = element.nsmap.get(prefix or None, "" if prefix else part.namespace) or ""
            found = self._groups.get((namespace, local))
            return ([found[0]], found[1]) if found is not None else ([], part)
        return list(element.iterchildren(*PARTICLES)), part

    def size(self, element: Element, part: Part) -> int:
        """Particles once every group reference is written out; a million stands for more."""
        if element.tag in _LEAVES:
            return 1
        known = self._sizes.get(element)
        if known is not None:
            return known
        if element in self._open:
            return 0  # a circle, which the compilers refuse
        self._open.add(element)
        children, where = self._children(element, part)
        total = min(_MANY, sum(self.size(child, where) for child in children))
        self._open.discard(element)
        self._sizes[element] = total
        return total

    def holds_larger(self, element: Element, part: Part, limit: int) -> bool:
        """Whether one of its own children, or the group it refers to, is already larger than the limit."""
        children, where = self._children(element, part)
        return any(self.size(child, where) > limit for child in children)

    def counts(self, element: Element, part: Part) -> bool:
        """Whether a counted repetition is in it, or is it; a few positions at most are looked at."""
        if counts(element):
            return True
        if element.tag in _LEAVES or self.size(element, part) > _MOST_PARTICLES or element in self._open:
            return False
        self._open.add(element)
        children, where = self._children(element, part)
        found = any(self.counts(child, where) for child in children)
        self._open.discard(element)
        return found

    def tree(self, model: Element, part: Part) -> Node:
        """The model as a tree whose atoms are element names; a wildcard overlaps with every name."""
        names: dict[str, int] = {}
        return self._tree(model, part, names)

    def _tree(self, element: Element, part: Part, names: dict[str, int]) -> Node:
        least, most = occurs(element)
        node: Node
        if element.tag in _LEAVES:
            # Local names alone: two namespaces' like names count as one, which errs to the safe side.
            name = (element.get("name") or element.get("ref") or "").rpartition(":")[2]
            node = Atom(1 << names.setdefault(name, len(names)) if name else (1 << _MOST_JUDGED) - 1)
        elif element in self._open:
            return Sequence(())
        else:
            self._open.add(element)
            children, where = self._children(element, part)
            built = tuple(self._tree(child, where, names) for child in children)
            self._open.discard(element)
            node = Choice(built) if element.tag == CHOICE and built else Sequence(built)
        return node if (least, most) == (1, 1) else Repeat(node, least, most)
