"""What a schema itself says, as sets: the only words that may stand in a violation.

libxml2's messages quote the message that was judged.  A piece of such a text is passed on only when it is found
here, for then it is the published schema's own word and no one's personal data.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from esb.kernel.namespaces import XML, XSD, XSI
from esb.kernel.xml import Element
from esb.schemas.identifiers import identifiers
from esb.schemas.part import Part

_SCHEMA: Final = f"{{{XSD}}}schema"
_REDEFINE: Final = f"{{{XSD}}}redefine"
_BUILT_IN: Final = """
anyType anySimpleType string boolean decimal float double duration dateTime time date gYearMonth gYear gMonthDay gDay
gMonth hexBinary base64Binary anyURI QName NOTATION normalizedString token language NMTOKEN NMTOKENS Name NCName ID
IDREF IDREFS ENTITY ENTITIES integer nonPositiveInteger negativeInteger long int short byte nonNegativeInteger
unsignedLong unsignedInt unsignedShort unsignedByte positiveInteger
"""
_CONSTRAINTS: Final = frozenset({"key", "unique", "keyref"})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names and values that a contract's schemas declare.

    Attributes:
        globals: Clark names of global elements: what may stand in a Body.
        elements, attributes, types, constraints: names as libxml2 writes them, ``{namespace}local`` or ``local``
            (types also as ``xs:int``).
        locals: local names of all declared elements.
        type_namespaces: by local name, the namespaces of global types so named, XSD's own among them.
        facets: values of pattern, enumeration and bounds; ``fixed`` those of fixed elements and attributes.
        identifiers: local names of attributes of type xs:ID.
    """

    globals: frozenset[str]
    elements: frozenset[str]
    attributes: frozenset[str]
    types: frozenset[str]
    constraints: frozenset[str]
    locals: frozenset[str]
    type_namespaces: Mapping[str, frozenset[str]]
    facets: frozenset[str]
    fixed: frozenset[str]
    identifiers: frozenset[str]


def vocabulary(parts: tuple[Part, ...]) -> Vocabulary:
    """Collect the words of arranged schemas."""
    names: dict[str, set[str]] = defaultdict(set)
    type_namespaces: dict[str, set[str]] = {name: {XSD} for name in _BUILT_IN.split()}
    names["type"].update(f"xs:{name}" for name in _BUILT_IN.split())
    names["attribute"].update(f"{{{XSI}}}{name}" for name in ("type", "nil", "schemaLocation"))
    names["attribute"].update(f"{{{XML}}}{name}" for name in ("lang", "space", "base", "id"))
    for part in parts:
        for element in part.root.iter(f"{{{XSD}}}*"):
            _collect(element, part.namespace, names, type_namespaces)
    elements = frozenset(names["element"])
    return Vocabulary(
        globals=frozenset(names["global"]),
        elements=elements,
        attributes=frozenset(names["attribute"]),
        types=frozenset(names["type"]),
        constraints=frozenset(names["constraint"]),
        locals=frozenset(name.rpartition("}")[2] for name in elements),
        type_namespaces={name: frozenset(where) for name, where in type_namespaces.items()},
        facets=frozenset(names["facet"]),
        fixed=frozenset(names["fixed"]),
        identifiers=identifiers(parts),
    )


def _collect(
    element: Element, namespace: str, names: dict[str, set[str]], type_namespaces: dict[str, set[str]]
) -> None:
    kind = etree.QName(element).localname
    name = element.get("name")
    value = element.get("value")
    if value is not None:
        names["facet"].add(value)
    if kind in ("element", "attribute") and (fixed := element.get("fixed")) is not None:
        names["fixed"].add(fixed)
    if name is None:
        return
    full = clark(namespace, name)
    parent = element.getparent()
    at_top = parent is not None and parent.tag in (_SCHEMA, _REDEFINE)
    if kind in ("element", "attribute"):
        # A local declaration is in the namespace or not, as form and its defaults say; both spellings are the schema's.
        names[kind].update((full,) if at_top else (full, name))
        if at_top and kind == "element":
            names["global"].add(full)
    elif kind in ("simpleType", "complexType"):
        names["type"].add(full)
        type_namespaces.setdefault(name, set()).add(namespace)
    elif kind in _CONSTRAINTS:
        names["constraint"].add(full)


def clark(namespace: str, local: str) -> str:
    """``{namespace}local``, or ``local`` alone where there is no namespace."""
    return f"{{{namespace}}}{local}" if namespace else local
