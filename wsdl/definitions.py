"""The components of a WSDL that may be spread over several documents, found by their qualified names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from esb.kernel.namespaces import WSDL, XSD
from esb.kernel.xml import Element
from esb.wsdl.documents import DEFINITIONS, Way, schemas_of
from esb.wsdl.refuse import place, shown

KINDS = ("message", "portType", "binding", "service")


def wsdl(local: str) -> str:
    """The Clark name of an element of WSDL 1.1."""
    return f"{{{WSDL}}}{local}"


@dataclass(slots=True)
class Definitions:
    """Every message, port type, binding and service of a set of documents, and every global element of its schemas.

    Attributes:
        components: by kind and Clark name, in document order.
        documents: the name of the document that a component stands in, by the same key.
        elements: Clark names of the global elements.
        problems: what was found wrong so far, by whoever reads them.
    """

    components: dict[tuple[str, str], Element] = field(default_factory=dict)
    documents: dict[tuple[str, str], str] = field(default_factory=dict)
    elements: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def all(self, kind: str) -> Iterator[tuple[str, Element]]:
        """The components of a kind with their Clark names."""
        for (own, name), element in self.components.items():
            if own == kind:
                yield name, element

    def document(self, kind: str, name: str) -> str:
        """The name of the document where a component stands."""
        return self.documents.get((kind, name), "")

    def find(self, kind: str, element: Element, attribute: str, document: str) -> str | None:
        """The Clark name of the component that a QName attribute names; None, and a problem, when there is none."""
        name = qname(element, element.get(attribute) or "")
        if name is not None and (kind, name) in self.components:
            return name
        self.problems.append(
            f"{place(document, element)}: {attribute}={shown(element.get(attribute) or '')} "
            f"names no {kind} of this contract: correct the name or its prefix"
        )
        return None


def qname(element: Element, text: str) -> str | None:
    """A QName in an attribute's value as a Clark name; None when its prefix is not declared or it is empty."""
    prefix, colon, local = text.strip().rpartition(":")
    if not local:
        return None
    namespace = element.nsmap.get(prefix if colon else None)
    if namespace is None:
        return None if colon else local
    return f"{{{namespace}}}{local}"


def clark(namespace: str, local: str) -> str:
    """``{namespace}local``, or ``local`` alone without a namespace."""
    return f"{{{namespace}}}{local}" if namespace else local


def local(name: str) -> str:
    """The local part of a Clark name."""
    return name.rpartition("}")[2]


def namespace_of(name: str) -> str:
    """The namespace of a Clark name, "" for none."""
    return name[1:].rpartition("}")[0] if name.startswith("{") else ""


def gather(roots: Mapping[str, Element], schemas: tuple[str, ...]) -> Definitions:
    """Index a closed set.

    Args:
        roots: every document by its flat name.
        schemas: names of the schema documents that everything hangs on.
    """
    found = Definitions()
    for document, root in roots.items():
        if root.tag != DEFINITIONS:
            continue
        namespace = root.get("targetNamespace", "")
        for kind in KINDS:
            for element in root.iterchildren(wsdl(kind)):
                key = (kind, clark(namespace, (element.get("name") or "").strip()))
                if key in found.components:
                    found.problems.append(
                        f"{place(document, element)}: there are two of {kind} {shown(element.get('name') or '')}: "
                        "give each its own name"
                    )
                found.components.setdefault(key, element)
                found.documents.setdefault(key, document)
    for _, schema, namespace in reachable(roots, schemas):
        for holder in (schema, *schema.iterchildren(Way.REDEFINE.value)):
            found.elements.update(
                clark(namespace, (element.get("name") or "").strip())
                for element in holder.iterchildren(f"{{{XSD}}}element")
            )
    return found


def reachable(roots: Mapping[str, Element], schemas: tuple[str, ...]) -> Iterator[tuple[str, Element, str]]:
    """Every schema document of a closed set: its name, its root, and the namespace it is used under.

    A chameleon, a document without a namespace that others include, comes once for each namespace it takes on.
    """
    seen: set[tuple[str, str]] = set()
    queue: list[tuple[str, str]] = []
    for name in schemas:
        queue += [(name, schema.get("targetNamespace", "")) for schema in schemas_of(roots[name])]
    while queue:
        name, namespace = queue.pop(0)
        if (name, namespace) in seen or name not in roots:
            continue
        seen.add((name, namespace))
        schema = roots[name]
        yield name, schema, namespace
        for way in (Way.IMPORT, Way.INCLUDE, Way.REDEFINE):
            for element in schema.iterchildren(way.value):
                target = element.get("schemaLocation")
                if target is not None:
                    queue.append((target, element.get("namespace", "") if way is Way.IMPORT else namespace))
