"""What a WSDL or a schema document refers to, and where its schemas stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from esb.kernel.namespaces import WSDL, WSDL20, XSD
from esb.kernel.xml import DocumentInvalid, Element, parse_document
from esb.wsdl.refuse import ContractRefused, shown

DEFINITIONS: Final = f"{{{WSDL}}}definitions"
SCHEMA: Final = f"{{{XSD}}}schema"
_MOST_NAMESPACES: Final = 256
_WSDL_IMPORT: Final = f"{{{WSDL}}}import"
_TYPES: Final = f"{{{WSDL}}}types"


class Way(Enum):
    """How one document refers to another."""

    WSDL_IMPORT = f"{{{WSDL}}}import"
    IMPORT = f"{{{XSD}}}import"
    INCLUDE = f"{{{XSD}}}include"
    REDEFINE = f"{{{XSD}}}redefine"


_WAYS: Final = {way.value: way for way in Way}


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference: the element that makes it, the schema or definitions it stands in, and the attribute."""

    way: Way
    element: Element
    owner: Element
    attribute: str

    @property
    def location(self) -> str:
        """As written, "" when absent."""
        return (self.element.get(self.attribute) or "").strip()

    @property
    def namespace(self) -> str:
        """The namespace that is imported, "" for none; meaningless for include and redefine."""
        return self.element.get("namespace") or ""


def open_document(data: bytes, label: str) -> Element:
    """Parse a WSDL 1.1 or XSD document.

    Raises:
        ContractRefused: it is not XML, has a DTD in whatever encoding, or is something else, e.g. WSDL 2.0.
    """
    try:
        root = parse_document(data, label)
    except DocumentInvalid as error:
        raise ContractRefused([str(error)]) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise ContractRefused([f"{label}: has a document type declaration: remove it, contracts have none"])
    if root.tag in (DEFINITIONS, SCHEMA):
        _count_namespaces(root, label)
        return root
    if str(root.tag).startswith(f"{{{WSDL20}}}"):
        raise ContractRefused([f"{label}: is WSDL 2.0, which SOAP toolkits do not read: give the service's WSDL 1.1"])
    raise ContractRefused(
        [f"{label}: is neither a WSDL 1.1 nor a schema document (its root is {shown(str(root.tag))}): check the source"]
    )


def _count_namespaces(root: Element, label: str) -> None:
    # Whatever stands alone has to bring the declarations it inherited: thousands of them on a root would multiply.
    if len(root.nsmap) <= _MOST_NAMESPACES:
        for schema in schemas_of(root):
            if len(schema.nsmap) > _MOST_NAMESPACES or any(len(child.nsmap) > _MOST_NAMESPACES for child in schema):
                break
        else:
            return
    raise ContractRefused([f"{label}: more than {_MOST_NAMESPACES} namespaces are declared at one place"])


def schemas_of(root: Element) -> list[Element]:
    """The schema elements of a document: itself, or those inline in a WSDL's types, in document order."""
    if root.tag == SCHEMA:
        return [root]
    return [schema for types in root.iterchildren(_TYPES) for schema in types.iterchildren(SCHEMA)]


def references(root: Element) -> Iterator[Reference]:
    """Every reference that a document makes, in document order."""
    if root.tag == DEFINITIONS:
        for element in root.iterchildren(_WSDL_IMPORT):
            yield Reference(Way.WSDL_IMPORT, element, root, "location")
    for schema in schemas_of(root):
        for element in schema:
            way = _WAYS.get(str(element.tag))
            if way is not None:
                yield Reference(way, element, schema, "schemaLocation")
