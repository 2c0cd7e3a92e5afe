"""A contract's schema components by name, with what derives from and stands in for each."""

from dataclasses import dataclass, field
from typing import Final

from esb.kernel.contract import Contract
from esb.kernel.namespaces import XSD
from esb.kernel.xml import Element
from esb.wsdl.definitions import clark, namespace_of, qname
from esb.wsdl.inline import Merged, merge


def xs(name: str) -> str:
    """The Clark name of an element of XML Schema."""
    return f"{{{XSD}}}{name}"


_KINDS: Final = {
    xs("element"): "element",
    xs("attribute"): "attribute",
    xs("simpleType"): "type",
    xs("complexType"): "type",
    xs("group"): "group",
    xs("attributeGroup"): "attributeGroup",
}
_DERIVATIONS: Final = tuple(
    f"{content}{xs(way)}"
    for content in (f"{xs('complexContent')}/", f"{xs('simpleContent')}/")
    for way in ("extension", "restriction")
)


def resolve(element: Element, text: str, home: str) -> str | None:
    """The Clark name that a QName means at an element of a schema whose components are in namespace ``home``.

    In a chameleon, a document without a namespace, a name without one means ``home`` (XML Schema part 1, 4.2.1).
    """
    name = qname(element, text)
    if name is not None and not namespace_of(name) and not element.getroottree().getroot().get("targetNamespace"):
        return clark(home, name)
    return name


@dataclass(slots=True)
class Components:
    """Global components.

    Attributes:
        by_name: by kind (element, attribute, type, group, attributeGroup) and Clark name.
        members: by Clark name of a head, the elements that may stand in for it directly.
        derived: by Clark name of a complex type, the global types derived from it directly.
        home: the namespace that a document's components are in, by its root.
    """

    by_name: dict[tuple[str, str], Element] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    derived: dict[str, list[str]] = field(default_factory=dict)
    home: dict[Element, Merged] = field(default_factory=dict)

    def name(self, element: Element, attribute: str) -> str | None:
        """The Clark name that a QName attribute means, None when it is absent or undeclared."""
        text = element.get(attribute)
        return None if text is None else self.resolve(element, text)

    def resolve(self, element: Element, text: str) -> str | None:
        """The Clark name that a QName means at ``element``, None when its prefix is undeclared."""
        return resolve(element, text, self.namespace(element))

    def namespace(self, element: Element) -> str:
        """The target namespace that holds for an element of a schema."""
        return self.home[self._root(element)].namespace

    def is_qualified(self, local: Element, default: str) -> bool:
        """Whether a local declaration is in the target namespace; ``default`` names the schema's attribute."""
        return (local.get("form") or self._root(local).get(default) or "unqualified") == "qualified"

    @staticmethod
    def _root(element: Element) -> Element:
        return element.getroottree().getroot()


def index(contract: Contract) -> Components:
    """The components of a contract's schemas, with includes and redefines carried out."""
    found = Components()
    every = merge(contract)
    for merged in every:
        for root in merged.roots:
            found.home[root] = merged
    for merged in every:
        for component in merged.components:
            kind = _KINDS.get(str(component.tag))
            if kind is None:
                continue
            name = clark(merged.namespace, component.get("name") or "")
            found.by_name.setdefault((kind, name), component)
            if kind == "element":
                head = found.name(component, "substitutionGroup")
                if head is not None:
                    found.members.setdefault(head, []).append(name)
            for path in _DERIVATIONS if kind == "type" else ():
                for derivation in component.findall(path):
                    base = found.name(derivation, "base")
                    if base is not None:
                        found.derived.setdefault(base, []).append(name)
    return found
