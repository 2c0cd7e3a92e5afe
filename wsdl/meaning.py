"""What the types of a contract let through, followed through bases, groups and references: values, content,
attributes.

Made for comparing two contracts (:mod:`esb.wsdl.compare_types`): how a type came to be does not matter there, only
what it lets through.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from esb.kernel.faults import EsbError
from esb.kernel.namespaces import XSD
from esb.kernel.xml import Element
from esb.wsdl.components import Components, xs
from esb.wsdl.definitions import clark, local, namespace_of
from esb.wsdl.values import STRING, UNION, Value, atomic, listed, restricted, union

Type: TypeAlias = Element | str
"""A definition of the contract's own, or the Clark name of one of XML Schema's."""

ANY_TYPE: Final = xs("anyType")
_PARTICLES: Final = frozenset(map(xs, ("element", "group", "choice", "sequence", "all", "any")))
_MODELS: Final = frozenset(map(xs, ("group", "choice", "sequence", "all")))
_MOST_PARTICLES: Final = 200_000  # with every group written out where it is referred to


class Unclear(EsbError):
    """A type cannot be followed: it refers to what the contract does not hold, or to itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Wildcard:
    """xs:any or xs:anyAttribute.

    Attributes:
        names: the namespaces listed ("" for none); None for every one but those in ``but``.
        process: ``strict``, ``lax`` or ``skip``.
    """

    names: frozenset[str] | None
    but: frozenset[str]
    process: str

    def lets(self, namespace: str) -> bool:
        """Whether a name of this namespace may stand here."""
        return namespace not in self.but if self.names is None else namespace in self.names

    @property
    def mentioned(self) -> frozenset[str]:
        """The namespaces that it names in any way."""
        return self.but | (self.names or frozenset())


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """One element particle: the declarations that may stand here by name (a head's substitutes among them), or a
    wildcard."""

    declared: Mapping[str, Element]
    wildcard: Wildcard | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Particle:
    """A content model as written: ``kind`` is leaf, sequence, choice or all; ``most`` None is unbounded."""

    kind: str
    least: int
    most: int | None
    inside: "tuple[Particle, ...]" = ()
    leaf: Leaf | None = None

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf below."""
        if self.leaf is not None:
            yield self.leaf
        for particle in self.inside:
            yield from particle.leaves()


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """An attribute that may or must be there."""

    required: bool
    value: Value
    default: str | None
    fixed: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What an element of a type may hold.

    Attributes:
        value: its text's type; None where it holds elements.
        model: its elements; None for none at all.
        mixed: whether text may stand between the elements.
    """

    value: Value | None
    model: Particle | None
    mixed: bool
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    wildcard: Wildcard | None = None


class Meaning:
    """Looks types up in one contract's components, each once."""

    def __init__(self, components: Components) -> None:
        self.components = components
        self._contents: dict[Type, Content] = {}
        self._open: set[Element] = set()
        self._particles = 0

    def named(self, kind: str, name: str | None) -> Element:
        """A global component.  Raises :class:`Unclear`."""
        found = self.components.by_name.get((kind, name or ""))
        if found is None:
            raise Unclear(f"the {kind} {name or ''} is not declared")
        return found

    def globals(self, kind: str) -> Mapping[str, Element]:
        """The global components of a kind by Clark name."""
        return {name: element for (own, name), element in self.components.by_name.items() if own == kind}

    def type(self, name: str | None) -> Type:
        """A type by its Clark name.  Raises :class:`Unclear`."""
        if name is not None and namespace_of(name) == XSD:
            return name
        return self.named("type", name)

    def type_of(self, declaration: Element) -> Type:
        """The type of an element declaration (XML Schema part 1, 3.3.2)."""
        if declaration.get("type") is not None:
            return self.type(self.components.name(declaration, "type"))
        for child in declaration:
            if child.tag in (xs("simpleType"), xs("complexType")):
                return child
        head = self.components.name(declaration, "substitutionGroup")
        if head is not None:
            with self._inside(declaration):
                return self.type_of(self.named("element", head))
        return ANY_TYPE

    def type_name(self, kind: Type) -> str | None:
        """The Clark name of a global type, None of an anonymous one."""
        if isinstance(kind, str):
            return kind
        name = kind.get("name")
        return None if name is None else clark(self.components.namespace(kind), name)

    def derived(self, kind: Type) -> Mapping[str, Element]:
        """The global complex types derived from a type, at any remove: what ``xsi:type`` may name in its place."""
        if kind == ANY_TYPE:
            return {name: one for name, one in self.globals("type").items() if one.tag == xs("complexType")}
        found: dict[str, Element] = {}
        waiting = [self.type_name(kind)]
        while waiting:
            for name in self.components.derived.get(waiting.pop() or "", ()):
                element = self.components.by_name.get(("type", name))
                if element is not None and name not in found:
                    found[name] = element
                    waiting.append(name)
        return found

    def blocked(self, element: Element) -> frozenset[str]:
        """The ways of derivation that an element declaration or a complex type lets nobody take (its ``block``)."""
        own = element.get("block")
        if own is None:
            own = element.getroottree().getroot().get("blockDefault") or ""
        every = ("extension", "restriction", "substitution")
        return frozenset(every if "#all" in own else own.split())

    # Values

    def value(self, kind: Type) -> Value:
        """A simple type's values.  Raises :class:`Unclear`."""
        if isinstance(kind, str):
            return atomic(local(kind))
        with self._inside(kind):
            for child in kind:
                if child.tag == xs("restriction"):
                    return self.restricted(child, self._base_value(child))
                if child.tag == xs("list"):
                    return listed(self._one_of(child, "itemType"))
                if child.tag == xs("union"):
                    names = (child.get("memberTypes") or "").split()
                    members = [self.value(self.type(self.components.resolve(child, name))) for name in names]
                    members += [self.value(each) for each in child.iterchildren(xs("simpleType"))]
                    return union(members)
        raise Unclear("a simple type says nothing of its values")

    def restricted(self, restriction: Element, base: Value) -> Value:
        """A value under a restriction's facets."""
        facets: dict[str, list[str]] = {}
        for child in restriction:
            tag = str(child.tag)
            text = child.get("value")
            if tag.startswith(f"{{{XSD}}}") and text is not None:
                if base.base in ("QName", "NOTATION") and tag == xs("enumeration"):
                    text = self.components.resolve(child, text) or text
                facets.setdefault(local(tag), []).append(text)
        return restricted(base, facets)

    def _one_of(self, element: Element, attribute: str) -> Value:
        if element.get(attribute) is not None:
            return self.value(self.type(self.components.name(element, attribute)))
        for child in element.iterchildren(xs("simpleType")):
            return self.value(child)
        raise Unclear("a simple type names no base")

    def _base_value(self, restriction: Element) -> Value:
        return self._one_of(restriction, "base")

    # Content

    def content(self, kind: Type) -> Content:
        """What an element of this type may hold.  Raises :class:`Unclear`."""
        known = self._contents.get(kind)
        if known is None:
            known = self._contents[kind] = self._content(kind)
        return known

    def _content(self, kind: Type) -> Content:
        if kind == ANY_TYPE:
            anything = Wildcard(None, frozenset(), "lax")
            leaf = Particle("leaf", 0, None, (), Leaf({}, anything))
            return Content(None, leaf, True, {}, anything)
        if isinstance(kind, str) or kind.tag == xs("simpleType"):
            return Content(self.value(kind), None, False)
        with self._inside(kind):
            for child in kind:
                if child.tag == xs("simpleContent"):
                    return self._simple(child)
                if child.tag == xs("complexContent"):
                    mixed = _true(child.get("mixed") or kind.get("mixed"))
                    return self._complex(child, mixed)
            attributes, wildcard = self._attributes(kind)
            return Content(None, self._model(kind), _true(kind.get("mixed")), attributes, wildcard)

    def _simple(self, holder: Element) -> Content:
        derivation = _derivation(holder)
        base = self.content(self.type(self.components.name(derivation, "base")))
        own, wildcard = self._attributes(derivation)
        if derivation.tag == xs("extension"):
            return Content(base.value, None, False, {**base.attributes, **own}, _joined(base.wildcard, wildcard))
        inner = next(derivation.iterchildren(xs("simpleType")), None)
        value = self.value(inner) if inner is not None else base.value
        if value is None:
            raise Unclear("a simple content has no type for its text")
        return Content(self.restricted(derivation, value), None, False, self._narrowed(base, derivation, own), wildcard)

    def _complex(self, holder: Element, mixed: bool) -> Content:
        derivation = _derivation(holder)
        base = self.content(self.type(self.components.name(derivation, "base")))
        own, wildcard = self._attributes(derivation)
        model = self._model(derivation)
        if derivation.tag == xs("restriction"):
            return Content(None, model, mixed, self._narrowed(base, derivation, own), wildcard)
        if base.value is not None:
            return Content(base.value, None, False, {**base.attributes, **own}, _joined(base.wildcard, wildcard))
        both = tuple(each for each in (base.model, model) if each is not None)
        whole = Particle("sequence", 1, 1, both) if len(both) > 1 else both[0] if both else None
        mixed = base.mixed if model is None else mixed
        return Content(None, whole, mixed, {**base.attributes, **own}, _joined(base.wildcard, wildcard))

    def _narrowed(self, base: Content, derivation: Element, own: Mapping[str, Attribute]) -> Mapping[str, Attribute]:
        gone = {
            self._attribute_name(each)
            for each in derivation.iterchildren(xs("attribute"))
            if each.get("use") == "prohibited"
        }
        return {name: each for name, each in {**base.attributes, **own}.items() if name not in gone}

    def _model(self, holder: Element) -> Particle | None:
        for child in holder:
            if child.tag in _MODELS:
                return self._particle(child)
        return None

    def _particle(self, element: Element) -> Particle | None:
        self._particles += 1
        if self._particles > _MOST_PARTICLES:
            raise Unclear("the content models are too large to be compared")
        least, most = _occurs(element)
        if most == 0:
            return None
        tag = element.tag
        if tag == xs("element"):
            return Particle("leaf", least, most, (), Leaf(self._standing(element)))
        if tag == xs("any"):
            return Particle("leaf", least, most, (), Leaf({}, self._wildcard(element)))
        if tag == xs("group"):
            group = self.named("group", self.components.name(element, "ref"))
            with self._inside(group):
                inner = self._model(group)
            return None if inner is None else Particle("sequence", least, most, (inner,))
        inside = (self._particle(child) for child in element if child.tag in _PARTICLES)
        return Particle(local(str(tag)), least, most, tuple(each for each in inside if each is not None))

    def _standing(self, particle: Element) -> Mapping[str, Element]:
        """The declarations that a particle lets stand, by name: its own, or the named one and its substitutes."""
        name = self.components.name(particle, "ref")
        if name is None:
            qualified = self.components.is_qualified(particle, "elementFormDefault")
            namespace = self.components.namespace(particle) if qualified else ""
            return {clark(namespace, particle.get("name") or ""): particle}
        found: dict[str, Element] = {}
        waiting = [name]
        head = self.named("element", name)
        while waiting:
            each = waiting.pop()
            element = self.named("element", each)
            if each not in found:
                found[each] = element
                if "substitution" not in self.blocked(head):
                    waiting += self.components.members.get(each, ())
        return {each: element for each, element in found.items() if not _true(element.get("abstract"))}

    def _wildcard(self, element: Element) -> Wildcard:
        own = self.components.namespace(element)
        said = (element.get("namespace") or "##any").split()
        process = element.get("processContents") or "strict"
        if said == ["##any"]:
            return Wildcard(None, frozenset(), process)
        if said == ["##other"]:
            return Wildcard(None, frozenset({own, ""}), process)
        names = {"##targetNamespace": own, "##local": ""}
        return Wildcard(frozenset(names.get(each, each) for each in said), frozenset(), process)

    # Attributes

    def _attributes(self, holder: Element) -> tuple[dict[str, Attribute], Wildcard | None]:
        found: dict[str, Attribute] = {}
        wildcard: Wildcard | None = None
        for child in holder:
            if child.tag == xs("attribute") and child.get("use") != "prohibited":
                found[self._attribute_name(child)] = self._attribute(child)
            elif child.tag == xs("attributeGroup"):
                group = self.named("attributeGroup", self.components.name(child, "ref"))
                with self._inside(group):
                    more, any_more = self._attributes(group)
                found = {**more, **found}
                # Several wildcards of one type mean what they have in common; one alone is by far the usual case.
                wildcard = (
                    any_more if wildcard is None else wildcard if any_more is None else _common(wildcard, any_more)
                )
            elif child.tag == xs("anyAttribute"):
                own = self._wildcard(child)
                wildcard = own if wildcard is None else _common(own, wildcard)
        return found, wildcard

    def _attribute_name(self, attribute: Element) -> str:
        reference = self.components.name(attribute, "ref")
        if reference is not None:
            return reference
        qualified = self.components.is_qualified(attribute, "attributeFormDefault")
        return clark(self.components.namespace(attribute) if qualified else "", attribute.get("name") or "")

    def _attribute(self, attribute: Element) -> Attribute:
        reference = self.components.name(attribute, "ref")
        declaration = attribute if reference is None else self.named("attribute", reference)
        default = attribute.get("default", declaration.get("default"))
        fixed = attribute.get("fixed", declaration.get("fixed"))
        return Attribute(attribute.get("use") == "required", self.attribute_value(declaration), default, fixed)

    def attribute_value(self, declaration: Element) -> Value:
        """The values of an attribute declaration.  Raises :class:`Unclear`."""
        if declaration.get("type") is not None:
            return self.value(self.type(self.components.name(declaration, "type")))
        for child in declaration.iterchildren(xs("simpleType")):
            return self.value(child)
        return atomic("anySimpleType")

    @contextmanager
    def _inside(self, element: Element) -> Iterator[None]:
        if element in self._open:
            raise Unclear("a definition leads back to itself")
        self._open.add(element)
        try:
            yield
        finally:
            self._open.discard(element)


def accepts_empty(value: Value) -> bool:
    """Whether an empty text is surely a value."""
    return value.variety not in (UNION,) and value.base in STRING and value.free


def _derivation(holder: Element) -> Element:
    for child in holder:
        if child.tag in (xs("extension"), xs("restriction")):
            return child
    raise Unclear("a type is derived from nothing")


def _occurs(element: Element) -> tuple[int, int | None]:
    most = (element.get("maxOccurs") or "1").strip()
    return int(element.get("minOccurs") or "1"), None if most == "unbounded" else int(most)


def _true(text: str | None) -> bool:
    return (text or "").strip() in ("true", "1")


def _joined(base: Wildcard | None, own: Wildcard | None) -> Wildcard | None:
    """The union of two namespace constraints, the weaker judgement holding: that of an extension."""
    if base is None or own is None:
        return own or base
    if base.names is not None and own.names is not None:
        return Wildcard(base.names | own.names, frozenset(), own.process)
    but = base.but & own.but if base.names is None and own.names is None else base.but | own.but
    listed_names = (base.names or frozenset()) | (own.names or frozenset())
    return Wildcard(None, but - listed_names, own.process)


def _common(one: Wildcard, other: Wildcard) -> Wildcard:
    if one.names is None and other.names is None:
        return Wildcard(None, one.but | other.but, one.process)
    names = one.names if one.names is not None else other.names or frozenset()
    beside = other if one.names is not None else one
    return Wildcard(frozenset(name for name in names if beside.lets(name)), frozenset(), one.process)
