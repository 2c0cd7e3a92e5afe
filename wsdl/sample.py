"""A lawful sample request for an operation, made from its schema: for the sandbox and for people who begin."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.directory import Operation
from esb.kernel.namespaces import SOAP11, XSD, XSI
from esb.kernel.xml import Element
from esb.wsdl.components import Components, index, xs
from esb.wsdl.definitions import clark, local, namespace_of
from esb.wsdl.pattern import NoSample
from esb.wsdl.simple import Facets, built_in

_OPTIONAL_DEPTH: Final = 5  # deeper than this only what must stand is shown
_MOST_STEPS: Final = 20_000
_MOST_DEPTH: Final = 60
_PARTICLES: Final = frozenset({xs(name) for name in ("element", "sequence", "choice", "all", "group", "any")})


def sample_request(contract: Contract, operation: Operation) -> bytes:
    """A SOAP 1.1 envelope whose Body is lawful by the contract's schemas; unsigned.

    Optional elements are shown near the top and left out further down, so that recursion ends.

    Raises:
        NoSample: the schema leaves nothing that could be made within bounds.
    """
    envelope = etree.Element(f"{{{SOAP11}}}Envelope", nsmap={"soap": SOAP11})
    etree.SubElement(envelope, f"{{{SOAP11}}}Header")
    body = etree.SubElement(envelope, f"{{{SOAP11}}}Body")
    if operation.input:
        sampler = _Sampler(index(contract))
        sampler.element_named(operation.input, body)
        _name_types(envelope, body, sampler.instead)
    etree.indent(envelope)
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def _name_types(envelope: Element, body: Element, instead: dict[Element, str]) -> None:
    """Settle the prefixes, then write xsi:type with them where a derived type stands."""
    named = {made: name for made, name in instead.items() if body in made.iterancestors()}
    every = [str(element.tag) for element in body.iterdescendants()] + list(named.values())
    prefixes = {
        uri: f"n{number}" for number, uri in enumerate(dict.fromkeys(filter(None, map(namespace_of, every))), start=1)
    }
    top = {prefix: uri for uri, prefix in prefixes.items()} | ({"xsi": XSI} if named else {})
    etree.cleanup_namespaces(envelope, top_nsmap=top, keep_ns_prefixes=list(top))
    for made, name in named.items():
        prefix = prefixes.get(namespace_of(name))
        made.set(f"{{{XSI}}}type", f"{prefix}:{local(name)}" if prefix else local(name))


class _Sampler:
    def __init__(self, components: Components) -> None:
        self.components = components
        self.steps = 0
        self.identifiers = 0
        self.instead: dict[Element, str] = {}  # a made element → the derived type that it has
        self.open: list[Element] = []  # declarations and types being sampled, outermost first

    @contextmanager
    def inside(self, component: Element) -> Iterator[None]:
        self.steps += 1
        if self.steps > _MOST_STEPS or len(self.open) > _MOST_DEPTH:
            raise NoSample("the schema is too deep for a sample")
        self.open.append(component)
        try:
            yield
        finally:
            self.open.pop()

    def find(self, kind: str, name: str | None) -> Element:
        found = self.components.by_name.get((kind, name or ""))
        if found is None:
            raise NoSample(f"the schema declares no {kind} {local(name or '')}")
        return found

    # Elements

    def element_named(self, name: str, parent: Element) -> None:
        """A global element, or the first that can stand in for it."""
        for candidate in self.standing_in(name, set()):
            declaration = self.find("element", candidate)
            if declaration.get("abstract") in ("true", "1"):
                continue
            if self.attempt(parent, lambda: self.declared(declaration, candidate, parent)):  # noqa: B023
                return
        raise NoSample(f"nothing can stand for the element {local(name)}")

    def standing_in(self, name: str, seen: set[str]) -> Iterator[str]:
        if name not in seen:
            seen.add(name)
            yield name
            for member in self.components.members.get(name, []):
                yield from self.standing_in(member, seen)

    def attempt(self, parent: Element, make: Callable[[], None]) -> bool:
        """Try one of several ways; what it left behind is taken away when it fails."""
        before, attributes, text = len(parent), dict(parent.attrib), parent.text
        try:
            make()
        except NoSample:
            if self.steps > _MOST_STEPS:
                raise
            del parent[before:]
            parent.attrib.clear()
            parent.attrib.update(attributes)
            parent.text = text
            return False
        return True

    def declared(self, declaration: Element, name: str, parent: Element) -> None:
        with self.inside(declaration):
            made = etree.SubElement(parent, name)
            fixed = declaration.get("fixed") or declaration.get("default")
            type_name = self.type_of(declaration)
            inline = next(declaration.iterchildren(xs("complexType"), xs("simpleType")), None)
            if inline is not None:
                self.content(inline, made)
            elif type_name is not None:
                self.typed(type_name, made)
            if fixed is not None and len(made) == 0:
                made.text = fixed

    def type_of(self, declaration: Element) -> str | None:
        own = self.components.name(declaration, "type")
        if own is not None or next(declaration.iterchildren(xs("complexType"), xs("simpleType")), None) is not None:
            return own
        head = self.components.name(declaration, "substitutionGroup")
        if head is None:
            return None
        above = self.find("element", head)
        with self.inside(above):
            return self.type_of(above)

    # Types

    def typed(self, name: str, made: Element) -> None:
        if namespace_of(name) == XSD:
            if local(name) != "anyType":
                made.text = self.built_in(name, Facets())
            return
        for candidate in self.deriving(name, set()):
            component = self.find("type", candidate)
            if component.get("abstract") in ("true", "1"):
                continue
            if self.attempt(made, lambda: self.content(component, made)):  # noqa: B023
                if candidate != name:
                    self.instead[made] = candidate
                return
        raise NoSample(f"no type can stand for {local(name)}")

    def deriving(self, name: str, seen: set[str]) -> Iterator[str]:
        if name not in seen:
            seen.add(name)
            yield name
            for other in self.components.derived.get(name, []):
                yield from self.deriving(other, seen)

    def content(self, component: Element, made: Element) -> None:
        with self.inside(component):
            if component.tag == xs("simpleType"):
                made.text = self.simple(component, Facets())
                return
            holder = component
            for name in ("complexContent", "simpleContent"):
                content = component.find(xs(name))
                if content is not None:
                    holder = next(content.iterchildren(xs("extension"), xs("restriction")), component)
            base = self.components.name(holder, "base") if holder is not component else None
            if base is not None and component.find(xs("simpleContent")) is not None:
                made.text = self.simple_content(holder, base, made)
            elif base is not None and namespace_of(base) != XSD:
                if holder.tag == xs("extension"):
                    self.content(self.find("type", base), made)
                else:
                    self.attributes(self.base_holder(base), made)
            self.attributes(holder, made)
            for particle in holder:
                if particle.tag in _PARTICLES:
                    self.particle(particle, made)

    def base_holder(self, base: str) -> Element:
        component = self.find("type", base)
        return next(component.iter(xs("extension"), xs("restriction")), component)

    def simple_content(self, holder: Element, base: str, made: Element) -> str:
        inner = holder.find(xs("simpleType"))
        facets = Facets().with_outer(holder)
        if inner is not None:
            return self.simple(inner, facets)
        if namespace_of(base) == XSD:
            return self.built_in(base, facets)
        component = self.find("type", base)
        if component.tag == xs("simpleType"):
            return self.simple(component, facets)
        with self.inside(component):
            deeper = next(component.iter(xs("extension"), xs("restriction")), None)
            if deeper is None:
                raise NoSample("simple content without a base")
            self.attributes(deeper, made)
            value = self.simple_content(deeper, self.components.name(deeper, "base") or "", made)
            return facets.enumeration[0] if facets.enumeration else value

    def simple(self, component: Element, facets: Facets) -> str:
        with self.inside(component):
            restriction = component.find(xs("restriction"))
            if restriction is not None:
                facets = facets.with_outer(restriction)
                inner = restriction.find(xs("simpleType"))
                return (
                    self.simple(inner, facets) if inner is not None else self.simple_named(restriction, "base", facets)
                )
            several = component.find(xs("list"))
            if several is not None:
                if facets.enumeration:
                    return facets.enumeration[0]
                inner = several.find(xs("simpleType"))
                one = (
                    self.simple(inner, Facets())
                    if inner is not None
                    else self.simple_named(several, "itemType", Facets())
                )
                return " ".join([one] * max(1, facets.whole("length", 1), facets.whole("minLength", 1)))
            union = component.find(xs("union"))
            if union is None:
                raise NoSample("a simple type is neither restriction, list nor union")
            if facets.enumeration:
                return facets.enumeration[0]
            inner = union.find(xs("simpleType"))
            if union.get("memberTypes"):
                return self.simple_named(union, "memberTypes", facets)
            if inner is None:
                raise NoSample("a union has no members")
            return self.simple(inner, facets)

    def simple_named(self, element: Element, attribute: str, facets: Facets) -> str:
        names = (element.get(attribute) or "").split()
        # Of a union's members the first is as good as any.
        name = self.components.resolve(element, names[0]) if names else None
        if name is None:
            raise NoSample("a simple type's base is not declared")
        if namespace_of(name) == XSD:
            return self.built_in(name, facets)
        return self.simple(self.find("type", name), facets)

    def built_in(self, name: str, facets: Facets) -> str:
        if local(name) == "ID" and not facets.enumeration and facets.pattern is None:
            self.identifiers += 1  # no two in a document may be the same
            return f"id{self.identifiers}"
        return built_in(local(name), facets)

    # Attributes and particles

    def attributes(self, holder: Element, made: Element) -> None:
        for child in holder:
            if child.tag == xs("attributeGroup"):
                group = self.find("attributeGroup", self.components.name(child, "ref"))
                with self.inside(group):
                    self.attributes(group, made)
            elif child.tag == xs("attribute") and child.get("use") == "required":
                self.attribute(child, made)

    def attribute(self, use: Element, made: Element) -> None:
        reference = self.components.name(use, "ref")
        if reference is not None:
            declaration, name = self.find("attribute", reference), reference
        else:
            qualified = self.components.is_qualified(use, "attributeFormDefault")
            declaration = use
            name = clark(self.components.namespace(use) if qualified else "", use.get("name") or "")
        fixed = use.get("fixed") or declaration.get("fixed") or declaration.get("default")
        inner = declaration.find(xs("simpleType"))
        if fixed is not None:
            made.set(name, fixed)
        elif inner is not None:
            made.set(name, self.simple(inner, Facets()))
        elif declaration.get("type"):
            made.set(name, self.simple_named(declaration, "type", Facets()))
        else:
            made.set(name, "value")

    def particle(self, particle: Element, made: Element) -> None:
        if particle.get("maxOccurs") == "0":
            return
        least = int(particle.get("minOccurs") or 1)
        if least == 0:
            # An optional part is shown near the top, once, and never within itself.
            if len(self.open) <= 2 * _OPTIONAL_DEPTH and not self.within(particle):
                self.attempt(made, lambda: self.once(particle, made))
            return
        for _ in range(min(least, 100)):
            self.once(particle, made)

    def within(self, particle: Element) -> bool:
        target = self.components.by_name.get(("type", self.components.name(particle, "type") or ""))
        named = self.components.by_name.get(("element", self.components.name(particle, "ref") or ""))
        return any(component in self.open for component in (target, named) if component is not None)

    def once(self, particle: Element, made: Element) -> None:
        tag = particle.tag
        with self.inside(particle):
            if tag == xs("element"):
                reference = self.components.name(particle, "ref")
                if reference is not None:
                    self.element_named(reference, made)
                    return
                qualified = self.components.is_qualified(particle, "elementFormDefault")
                namespace = self.components.namespace(particle) if qualified else ""
                self.declared(particle, clark(namespace, particle.get("name") or ""), made)
            elif tag == xs("group"):
                group = self.find("group", self.components.name(particle, "ref"))
                for child in group:
                    if child.tag in _PARTICLES:
                        self.particle(child, made)
            elif tag == xs("choice"):
                self.choose(particle, made)
            elif tag == xs("any"):
                self.wildcard(particle)
            else:
                for child in particle:
                    if child.tag in _PARTICLES:
                        self.particle(child, made)

    def choose(self, choice: Element, made: Element) -> None:
        branches = [child for child in choice if child.tag in _PARTICLES]
        if not branches:
            return
        # A branch that leads back into itself is taken last: that is how recursion ends.
        branches.sort(key=self.within)
        for branch in branches:
            if self.attempt(made, lambda: self.particle(branch, made)):  # noqa: B023
                return
        raise NoSample("no branch of a choice can be made")

    @staticmethod
    def wildcard(particle: Element) -> None:
        raise NoSample("a required wildcard does not say what stands there")
