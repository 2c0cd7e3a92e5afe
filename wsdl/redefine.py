"""Carrying out xs:redefine, so that one inline schema can hold what took two documents (XML Schema part 1, 4.2.2).

The original component gets a name of its own, ``T.original``, and the redefining one, which names itself as its base
(or refers to itself, for groups), names the original instead.  Valid messages stay the same.
"""

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


def redefine(new: Element, components: list[Element], namespace: str) -> None:
    """Put ``new`` in the place of the component that it redefines.

    Args:
        new: a child of xs:redefine.
        components: every component of the namespace so far; changed in place.
        namespace: their target namespace; a chameleon's, its own references being without one.
    """
    if new.tag not in _TYPES | _GROUPS:
        return
    name = new.get("name") or ""
    original = next((old for old in components if _kind(old) == _kind(new) and old.get("name") == name), None)
    if original is not None:
        taken = {old.get("name") for old in components if _kind(old) == _kind(new)}
        fresh = f"{name}.original"
        while fresh in taken:
            fresh += ".original"
        if _renamed(new, name, fresh, namespace):
            original.set("name", fresh)
        else:
            components.remove(original)  # a group that restricts the old one without naming it
    components.append(new)


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


def _kind(element: Element) -> object:
    # Simple and complex types share one symbol space.
    return _TYPES if element.tag in _TYPES else element.tag
