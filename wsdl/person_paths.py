"""Paths to persons in a contract: held against its schemas, and proposed from them.

A path that is set must lead, by the schema, to a value that a FIN can stand in.  What only a wildcard lets through
cannot be seen here, and so cannot be named.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from esb.kernel.contract import Contract
from esb.kernel.directory import Operation
from esb.kernel.faults import EsbError
from esb.kernel.namespaces import XSD
from esb.kernel.subjects import MOST_STEPS, Step, SubjectPath, SubjectPaths, parse_path
from esb.kernel.xml import Element
from esb.wsdl.components import index, xs
from esb.wsdl.definitions import clark, local, namespace_of
from esb.wsdl.persons import fin_problem, means_fin

_GROUPS: Final = frozenset({xs("sequence"), xs("choice"), xs("all")})
_DERIVATIONS: Final = tuple(
    f"{xs(content)}/{xs(way)}"
    for content in ("complexContent", "simpleContent")
    for way in ("extension", "restriction")
)
_MOST_LOOKS: Final = 20_000
_MOST_PROPOSED: Final = 8
_PROPOSED_DEPTH: Final = 8


class PathUnfit(EsbError):
    """A path leads nowhere in the contract, or to what is no FIN; the text says what stands there."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What may stand inside an element: a child or an attribute, by its name, and where it is declared."""

    name: str
    declaration: Element
    attribute: bool = False


class PersonPaths:
    """The paths of one contract.

    Args:
        contract: closed, as it is registered.
    """

    def __init__(self, contract: Contract) -> None:
        self._components = index(contract)
        self._looks = 0

    def resolve(self, element: str, text: str) -> SubjectPath:
        """Resolve a path as it was written.

        Args:
            element: Clark name of the Body's element, "" for an empty Body.

        Raises:
            PathInvalid: it is not written as a path.
            PathUnfit: the contract has no such place, or no FIN can stand there.
        """
        steps = parse_path(text)
        start = self._components.by_name.get(("element", element))
        if start is None:
            raise PathUnfit("this message of the operation has an empty Body, or one that no schema declares")
        if not _fits(steps[0], element):
            raise PathUnfit(f"the Body's element is {element}, and the path begins with {steps[0].local}")
        self._looks = 0
        names, at = [element], [start]
        for step in steps[1:]:
            names.append(self._next(step, names, at))
            wanted = (names[-1], step.attribute)
            found = [part.declaration for part in self._every(at) if (part.name, part.attribute) == wanted]
            at = list(dict.fromkeys(found))
        problems = [problem for each in at if (problem := fin_problem(each, local(names[-1]), self._components))]
        if problems:
            raise PathUnfit(f"{local(names[-1])} cannot be named as a person's FIN: {problems[0]}")
        if steps[-1].attribute:
            return SubjectPath(tuple(names[:-1]), names[-1])
        return SubjectPath(tuple(names))

    def propose(self, operation: Operation) -> SubjectPaths:
        """What of an operation's messages is a FIN by its name and its type, the nearest to the Body first."""
        return SubjectPaths(self._proposed(operation.input), self._proposed(operation.output or ""))

    def _next(self, step: Step, names: list[str], at: list[Element]) -> str:
        parts = {(part.name, part.attribute) for part in self._every(at)}
        found = sorted(name for name, attribute in parts if attribute is step.attribute and _fits(step, name))
        kind = "attribute" if step.attribute else "element"
        if not found:
            known = ", ".join(sorted(("@" if attribute else "") + local(name) for name, attribute in parts)[:20])
            raise PathUnfit(f"{local(names[-1])} has no {kind} {step.local}; it may hold: {known or 'nothing'}")
        if len(found) > 1:
            raise PathUnfit(f"{local(names[-1])} has several {kind}s {step.local}; name one: {', '.join(found)}")
        return found[0]

    def _proposed(self, element: str) -> tuple[SubjectPath, ...]:
        start = self._components.by_name.get(("element", element))
        found: list[SubjectPath] = []
        waiting: list[tuple[tuple[str, ...], Element, tuple[Element, ...]]] = []
        if start is not None:
            waiting.append(((element,), start, (start,)))
        self._looks = 0
        for names, declaration, open_ in waiting:  # grows while it is walked: breadth first
            for part in self._parts(declaration):
                if means_fin(local(part.name)) and not fin_problem(
                    part.declaration, local(part.name), self._components
                ):
                    path = SubjectPath(names, part.name) if part.attribute else SubjectPath((*names, part.name))
                    found += [] if path in found else [path]
                elif not part.attribute and len(names) < _PROPOSED_DEPTH and part.declaration not in open_:
                    waiting.append(((*names, part.name), part.declaration, (*open_, part.declaration)))
            if len(found) >= _MOST_PROPOSED or self._looks > _MOST_LOOKS:
                break
        return tuple(found[:_MOST_PROPOSED])

    # What an element may hold

    def _every(self, declarations: Iterable[Element]) -> Iterator[_Part]:
        for each in declarations:
            yield from self._parts(each)

    def _parts(self, declaration: Element) -> Iterator[_Part]:
        seen: set[Element] = set()
        for holder in self._types(declaration):
            yield from self._of_type(holder, seen)

    def _types(self, declaration: Element) -> Iterator[Element]:
        """The complex types that an element may have: its own, and what derives from it (xsi:type)."""
        inner = declaration.find(xs("complexType"))
        if inner is not None:
            yield inner
            return
        name = self._components.name(declaration, "type")
        seen: set[str] = set()
        head = declaration
        while name is None and len(seen) < MOST_STEPS:  # a member of a substitution group without a type has its head's
            above = self._components.name(head, "substitutionGroup")
            if above is None or above in seen or ("element", above) not in self._components.by_name:
                return
            seen.add(above)
            head = self._components.by_name["element", above]
            inner = head.find(xs("complexType"))
            if inner is not None:
                yield inner
                return
            name = self._components.name(head, "type")
        waiting = [] if name is None else [name]
        for each in waiting:  # grows while it is walked
            component = self._components.by_name.get(("type", each))
            if component is not None and component.tag == xs("complexType"):
                yield component
            waiting += [other for other in self._components.derived.get(each, []) if other not in waiting]

    def _of_type(self, component: Element, seen: set[Element]) -> Iterator[_Part]:
        if component in seen:
            return
        seen.add(component)
        self._look()
        holder = component
        for path in _DERIVATIONS:
            derivation = component.find(path)
            if derivation is not None:
                holder = derivation
                base = self._components.by_name.get(("type", self._components.name(derivation, "base") or ""))
                if base is not None and base.tag == xs("complexType"):
                    yield from self._of_type(base, seen)
        yield from self._of_content(holder, seen)

    def _of_content(self, holder: Element, seen: set[Element]) -> Iterator[_Part]:
        for child in holder.iterchildren(f"{{{XSD}}}*"):
            self._look()
            if child.tag == xs("element"):
                if child.get("maxOccurs") != "0":
                    yield from self._of_element(child)
            elif child.tag == xs("attribute"):
                if child.get("use") != "prohibited":
                    yield from self._of_attribute(child)
            elif child.tag in _GROUPS:
                yield from self._of_content(child, seen)
            elif child.tag in (xs("group"), xs("attributeGroup")):
                group = self._components.by_name.get((local(str(child.tag)), self._components.name(child, "ref") or ""))
                if group is not None and group not in seen:
                    seen.add(group)
                    yield from self._of_content(group, seen)

    def _of_element(self, particle: Element) -> Iterator[_Part]:
        reference = self._components.name(particle, "ref")
        if reference is None:
            qualified = self._components.is_qualified(particle, "elementFormDefault")
            namespace = self._components.namespace(particle) if qualified else ""
            yield _Part(clark(namespace, particle.get("name") or ""), particle)
            return
        waiting = [reference]
        for name in waiting:  # grows while it is walked: what may stand in for it
            declaration = self._components.by_name.get(("element", name))
            if declaration is not None:
                yield _Part(name, declaration)
            waiting += [member for member in self._components.members.get(name, []) if member not in waiting]

    def _of_attribute(self, use: Element) -> Iterator[_Part]:
        reference = self._components.name(use, "ref")
        if reference is None:
            qualified = self._components.is_qualified(use, "attributeFormDefault")
            yield _Part(clark(self._components.namespace(use) if qualified else "", use.get("name") or ""), use, True)
            return
        declaration = self._components.by_name.get(("attribute", reference))
        if declaration is not None:
            yield _Part(reference, declaration, True)

    def _look(self) -> None:
        self._looks += 1
        if self._looks > 10 * _MOST_LOOKS:
            raise PathUnfit("the schema is too large to follow a path through it")


def _fits(step: Step, name: str) -> bool:
    return local(name) == step.local and step.namespace in (None, namespace_of(name))
