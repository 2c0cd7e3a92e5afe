"""Which attributes hold identifiers (xs:ID), of which a document has each once.

libxml2 finds a repeated identifier in a tree only, so a streamed judgement looks for them itself.
"""

from collections.abc import Iterator
from typing import Final

from esb.kernel.namespaces import XSD
from esb.kernel.xml import Element
from esb.schemas.part import Part

_ATTRIBUTE: Final = f"{{{XSD}}}attribute"
_SIMPLE_TYPE: Final = f"{{{XSD}}}simpleType"
_NAMING: Final = ("type", "base", "memberTypes")


def identifiers(parts: tuple[Part, ...]) -> frozenset[str]:
    """Local names of the attributes whose type is xs:ID or comes of it somewhere in the schemas."""
    types = [kind for part in parts for kind in part.root.iter(_SIMPLE_TYPE) if kind.get("name")]
    derived: set[str] = set()
    known = -1
    while len(derived) > known:
        known = len(derived)
        derived.update(kind.get("name") or "" for kind in types if _comes_of(kind, derived))
    return frozenset(
        attribute.get("name") or ""
        for part in parts
        for attribute in part.root.iter(_ATTRIBUTE)
        if attribute.get("name") and _comes_of(attribute, derived)
    )


def _comes_of(declaration: Element, derived: set[str]) -> bool:
    """Whether a declaration names xs:ID or a type of it; types by local names, which errs to the safe side."""
    return any(
        local in derived or (local == "ID" and namespace == XSD)
        for element in declaration.iter()
        for namespace, local in _named(element)
    )


def _named(element: Element) -> Iterator[tuple[str | None, str]]:
    for attribute in _NAMING:
        for name in (element.get(attribute) or "").split():
            prefix, _, local = name.rpartition(":")
            yield element.nsmap.get(prefix or None), local
