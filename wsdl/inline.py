"""One schema for each namespace, with everything in it: the form in which every toolkit reads a WSDL's types.

Includes and redefines are carried out, chameleons take the namespace they are included into, imports name the
namespace alone.  Where documents of one namespace disagree on their defaults, the default is written on each
component, so that merging changes no meaning.
"""

from dataclasses import dataclass, field
from typing import Final

from esb.kernel.contract import Contract
from esb.kernel.namespaces import XSD
from esb.kernel.xml import Element
from esb.wsdl.definitions import reachable
from esb.wsdl.documents import Way, open_document
from esb.wsdl.read import open_documents
from esb.wsdl.redefine import by_name, is_component, redefine

_REFERENCES: Final = frozenset(way.value for way in Way)
_ELEMENT, _ATTRIBUTE, _COMPLEX, _SIMPLE = (
    f"{{{XSD}}}{name}" for name in ("element", "attribute", "complexType", "simpleType")
)
# Default on xs:schema → attribute that says it on a component.
_DEFAULTS: Final = {
    "elementFormDefault": "form",
    "attributeFormDefault": "form",
    "blockDefault": "block",
    "finalDefault": "final",
}
_FINAL_HERE: Final = {_ELEMENT, _COMPLEX, _SIMPLE}


@dataclass(slots=True)
class Merged:
    """All of one namespace.

    Attributes:
        documents: names of the documents that its components came from, in the order in which they are met.
        roots: their schema elements.
        components: definitions and declarations (and top annotations), out of their documents.
        defaults: the values that all documents agree on.
        imports: namespaces that its documents import.
    """

    namespace: str
    documents: list[str] = field(default_factory=list)
    roots: list[Element] = field(default_factory=list)
    components: list[Element] = field(default_factory=list)
    defaults: dict[str, str] = field(default_factory=dict)
    imports: list[str] = field(default_factory=list)


def merge(contract: Contract) -> list[Merged]:
    """Every namespace of the contract; what is imported comes before what imports it, but in circles.

    Stacks that look an import up among the schemas read so far (zeep) find it there and fetch nothing.
    """
    found: dict[str, Merged] = {}
    # Each use of a document is parsed anew: a chameleon's copies are changed apart.
    uses = [
        (name, open_document(contract.documents[name], name), namespace)
        for name, _, namespace in reachable(open_documents(contract), contract.schemas)
    ]
    for name, root, namespace in uses:
        merged = found.setdefault(namespace, Merged(namespace))
        merged.documents.append(name)
        merged.roots.append(root)
        merged.imports += [child.get("namespace", "") for child in root.iterchildren(Way.IMPORT.value)]
    for merged in found.values():
        _settle_defaults(merged)
        for root in merged.roots:
            merged.components += [child for child in root if child.tag not in _REFERENCES]
        # The documents that are redefined were met after those that redefine them.
        index = by_name(merged.components)
        gone: set[Element] = set()
        for root in reversed(merged.roots):
            for child in root.iterchildren(Way.REDEFINE.value):
                for new in filter(is_component, child):
                    merged.components.append(new)
                    replaced = redefine(new, index, merged.namespace)
                    if replaced is not None:
                        gone.add(replaced)
        merged.components = [component for component in merged.components if component not in gone]
    for merged in found.values():
        merged.imports = [n for n in dict.fromkeys(merged.imports) if n in found and n != merged.namespace]
    return _imported_first(found)


def _imported_first(found: dict[str, Merged]) -> list[Merged]:
    ordered: dict[str, Merged] = {}
    entered: set[str] = set()
    waiting = [(namespace, False) for namespace in reversed(found)]
    while waiting:
        namespace, left = waiting.pop()
        if left:
            ordered[namespace] = found[namespace]
        elif namespace not in entered:
            entered.add(namespace)
            waiting.append((namespace, True))
            waiting += [(other, False) for other in reversed(found[namespace].imports)]
    return list(ordered.values())


def _settle_defaults(merged: Merged) -> None:
    for name, attribute in _DEFAULTS.items():
        values = [root.get(name, "").strip() or _absent(name) for root in merged.roots]
        if len(set(values)) == 1:
            if values[0] != _absent(name):
                merged.defaults[name] = values[0]
            continue
        for root, value in zip(merged.roots, values, strict=True):
            if value != _absent(name):
                _write_default(root, name, attribute, value)


def _absent(name: str) -> str:
    return "unqualified" if name.endswith("FormDefault") else ""


def _write_default(root: Element, name: str, attribute: str, value: str) -> None:
    for element in root.iter(f"{{{XSD}}}*"):
        if name == "blockDefault":
            fits = element.tag in (_ELEMENT, _COMPLEX) and _may_say(element)
        elif name == "finalDefault":
            fits = element.tag in _FINAL_HERE and element.getparent() in _tops(root)
        else:
            wanted = _ELEMENT if name == "elementFormDefault" else _ATTRIBUTE
            fits = element.tag == wanted and element.get("ref") is None and element.getparent() not in _tops(root)
        if fits and element.get(attribute) is None:
            element.set(attribute, value)


def _may_say(element: Element) -> bool:
    # An anonymous complex type has no block attribute, and a reference none either.
    if element.tag == _ELEMENT:
        return element.get("ref") is None
    return element.get("name") is not None


def _tops(root: Element) -> tuple[Element, ...]:
    return (root, *root.iterchildren(Way.REDEFINE.value))
