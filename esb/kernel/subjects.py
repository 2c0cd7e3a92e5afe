"""Where in a message the person's FIN stands: the path language, and walking a parsed message by it.

A path names elements from the Body's own down, divided by ``/``; its last step may be an attribute::

    PersonQuery/Fin
    PersonList/Person/@fin
    {urn:example:person}PersonList/{urn:example:person}Person/{urn:example:person}Fin

A step is a local name, or ``{namespace}local`` where the contract has several of that local name at that place; ``{}``
is no namespace.  There are no wildcards, no conditions and no positions: a path means every value that stands there.
What is in force is resolved against the contract, and names each step in full.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from esb.kernel.faults import EsbError
from esb.kernel.xml import Element

MOST_STEPS: Final = 32
MOST_PATHS: Final = 16
"""Paths that one direction of an operation may have."""

_LONGEST: Final = 4_000
_STEP: Final = re.compile(r"(@?)(?:\{([^{}\s]*)\})?([^\W\d][\w.\-]*)")


class PathInvalid(EsbError):
    """A text is not written as a path; the text of the error says where it is not."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it is written.  ``namespace`` is None where any is meant."""

    namespace: str | None
    local: str
    attribute: bool = False


@dataclass(frozen=True, slots=True)
class SubjectPath:
    """A path that is in force.

    Attributes:
        steps: Clark names of elements, from the Body's own down.
        attribute: Clark name of the last element's attribute that holds the value; None where the element does.
    """

    steps: tuple[str, ...]
    attribute: str | None = None

    @property
    def text(self) -> str:
        """As it is written, each step in full."""
        return "/".join((*self.steps, *(() if self.attribute is None else (f"@{self.attribute}",))))


@dataclass(frozen=True, slots=True)
class SubjectPaths:
    """Where the persons of an operation stand, in its requests and in its answers."""

    request: tuple[SubjectPath, ...] = ()
    answer: tuple[SubjectPath, ...] = ()


def parse_path(text: str) -> tuple[Step, ...]:
    """Read a path as a person writes it.

    Raises:
        PathInvalid: says which step is not one.
    """
    if len(text) > _LONGEST:
        raise PathInvalid(f"the path is longer than {_LONGEST} characters")
    steps: list[Step] = []
    at = 0
    while True:
        found = _STEP.match(text, at)
        if found is None:
            raise PathInvalid(
                f"the path {text[:80]!r} has no step at character {at + 1}: write element names divided by '/', each "
                "as name or {namespace}name, the last one perhaps @attribute"
            )
        mark, namespace, local = found.groups()
        steps.append(Step(namespace, local, bool(mark)))
        at = found.end()
        if at == len(text):
            break
        if mark or text[at] != "/":
            raise PathInvalid(f"the path {text[:80]!r} goes on after its end at character {at + 1}")
        at += 1
    if steps[0].attribute:
        raise PathInvalid("a path begins with the Body's element, not with an attribute")
    if len(steps) > MOST_STEPS:
        raise PathInvalid(f"the path has more than {MOST_STEPS} steps")
    return tuple(steps)


def path_in_full(text: str) -> SubjectPath:
    """Read what :attr:`SubjectPath.text` wrote.  Raises :class:`PathInvalid`."""
    steps = parse_path(text)
    names = [f"{{{step.namespace}}}{step.local}" if step.namespace else step.local for step in steps]
    if steps[-1].attribute:
        return SubjectPath(tuple(names[:-1]), names[-1])
    return SubjectPath(tuple(names))


def values_at(payload: Element, paths: Iterable[SubjectPath]) -> list[str]:
    """Every value that stands at one of the paths, in the order of paths and then of the document.

    Costs one look at each child of the elements on the way, in libxml2.

    Args:
        payload: the Body's element.
    """
    found: list[str] = []
    for path in paths:
        first, *below = path.steps
        if payload.tag != first:
            continue
        at = [payload]
        for step in below:
            at = [child for element in at for child in element.iterchildren(step)]
        if path.attribute is None:
            found += map(_text, at)
        else:
            found += [value for element in at if (value := element.get(path.attribute)) is not None]
    return found


def _text(element: Element) -> str:
    text = element.text or ""
    if len(element):
        # Comments are gone since parsing, but a processing instruction may still part a text, for us and nobody else.
        text += "".join(child.tail or "" for child in element)
    return text
