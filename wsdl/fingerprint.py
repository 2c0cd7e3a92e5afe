"""What a contract is about, for finding others like it: names of its data elements, and the build of its types."""

import hashlib
from dataclasses import dataclass

from esb.kernel.contract import Contract
from esb.kernel.xml import Element
from esb.wsdl.components import xs
from esb.wsdl.documents import SCHEMA, open_document

_FEWEST = 2  # elements of a type that say something by their names


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A contract's data.

    Attributes:
        elements: local names of elements that hold a value, and of attributes.
        types: a digest for each complex type, the same for types whose children have the same names and kinds.
        operations: names of the operations.
    """

    elements: frozenset[str]
    types: frozenset[str]
    operations: tuple[str, ...]


def fingerprint(contract: Contract) -> Fingerprint:
    """Read a contract's data off its schema documents; some milliseconds."""
    elements: set[str] = set()
    types: set[str] = set()
    for name, data in contract.documents.items():
        root = open_document(data, name)
        for schema in (root,) if root.tag == SCHEMA else ():
            for element in schema.iter(xs("element"), xs("attribute")):
                own = element.get("name")
                # A message's wrapper and a structure say how data travels; what holds a value says which data.
                if own is not None and element.getparent() is not schema and not _holds_elements(element):
                    elements.add(own)
            for kind in schema.iter(xs("complexType")):
                built = _build(kind)
                if len(built) >= _FEWEST:
                    types.add(hashlib.sha256("\n".join(built).encode()).hexdigest()[:16])
    return Fingerprint(frozenset(elements), frozenset(types), tuple(each.name for each in contract.operations))


def _holds_elements(element: Element) -> bool:
    return element.find(f".//{xs('element')}") is not None


def _build(kind: Element) -> list[str]:
    """The children of a type by name and the local name of their type, in order of their names."""
    found = []
    for child in kind.iter(xs("element"), xs("attribute")):
        name = (child.get("name") or child.get("ref") or "").rpartition(":")[2]
        typed = (child.get("type") or "").rpartition(":")[2]
        found.append(f"{name.casefold()} {typed.casefold()}")
    return sorted(found)
