"""Carrying out xs:redefine, so that one inline schema can hold what took two documents (XML Schema part 1, 4.2.2).

The original component gets a name of its own, ``T.original``, and the redefining one, which names itself as its base
(or refers to itself, for groups), names the original instead.  Valid messages stay the same.
"""

from collections.abc import Iterable
from typing import Final

from esb.kernel.namespaces import XSD
from esb.kernel.xml import Element
from esb.wsdl.definitions import clark, qname

_DERIVATIONS: Final = tuple(
    path.format(f"{{{XSD}}}")
    for path in (
        "{0}restriction",
        "{0}complexContent/{0}restriction",
        "{0}complexContent/{0}extension",
        "{0}simpleContent/{0}restriction",
        "{0}simpleContent/{0}extension",
    )
)
_TYPES: Final = frozenset({f"{{{XSD}}}simpleType", f"{{{XSD}}}complexType"})
_GROUPS: Final = frozenset({f"{{{XSD}}}group", f"{{{XSD}}}attributeGroup"})


Index = dict[tuple[str, str], Element]


def by_name(components: Iterable[Element]) -> Index:
    """Components by symbol space and name, for :func:`redefine`."""
    index: Index = {}
    for component in components:
        index.setdefault((_space(component), component.get("name") or ""), component)
    return index


def redefine(new: Element, index: Index, namespace: str) -> Element | None:
    """Let ``new``, a child of xs:redefine, take the place of the component that it redefines.

    Args:
        index: every component of the namespace so far; changed in place.
        namespace: their target namespace; a chameleon's own references are without one.

    Returns:
        The component that is gone for good (a group narrowed without naming the old one), or None.
    """
    space, name = _space(new), new.get("name") or ""
    original = index.get((space, name))
    index[space, name] = new
    if original is None:
        return None
    fresh = f"{name}.original"
    while (space, fresh) in index:
        fresh += ".original"
    if not _renamed(new, name, fresh, namespace):
        return original
    original.set("name", fresh)
    index[space, fresh] = original
    return None


def is_component(element: Element) -> bool:
    """Whether a child of xs:redefine redefines something (an annotation does not)."""
    return element.tag in _TYPES | _GROUPS


def _renamed(new: Element, name: str, fresh: str, namespace: str) -> bool:
    if new.tag in _TYPES:
        places = [(found, "base") for path in _DERIVATIONS for found in new.findall(path)]
    else:
        places = [(found, "ref") for found in new.iter(str(new.tag)) if found is not new]
    own = {clark(namespace, name), name}  # a chameleon's reference to its own component has no namespace yet
    changed = False
    for element, attribute in places:
        text = (element.get(attribute) or "").strip()
        if qname(element, text) in own:
            prefix, colon, _ = text.rpartition(":")
            element.set(attribute, f"{prefix}{colon}{fresh}")
            changed = True
    return changed


def _space(element: Element) -> str:
    # Simple and complex types share one symbol space.
    return "type" if element.tag in _TYPES else str(element.tag)
