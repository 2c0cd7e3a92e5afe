"""Giving every document a flat name and making every reference such a name, so that the set is closed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from lxml import etree

from esb.kernel.namespaces import XSD
from esb.kernel.xml import Element
from esb.wsdl.closure import Found
from esb.wsdl.documents import DEFINITIONS, SCHEMA, Way, schemas_of

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_NOT_COMPONENTS: Final = frozenset({f"{{{XSD}}}{name}" for name in ("import", "annotation")})


@dataclass(frozen=True, slots=True)
class Flat:
    """A closed set: documents by flat name, the main WSDL's name, and the schema documents that all hangs on."""

    documents: Mapping[str, bytes]
    main: str
    schemas: tuple[str, ...]


def flatten(found: Mapping[str, Found]) -> Flat:
    """Name the documents, rewrite their references, and set inline schemas beside them.

    The first of ``found`` is the main document.  A schema that only imports is not set beside: what it imports
    takes its place.  Schemas that are the same to the byte after rewriting, because a provider serves one file under
    two addresses, become one.
    """
    same = {key: key for key in found}
    names = _name_all(found)
    while True:
        _rewrite(found, names, same)
        texts: dict[bytes, str] = {}
        changed = False
        for key, document in found.items():
            if same[key] == key and document.root.tag == SCHEMA:
                first = texts.setdefault(serialize(document.root), key)
                if first != key:
                    same = {of: first if to == key else to for of, to in same.items()}
                    changed = True
        if not changed:
            break
    documents = {names[key]: serialize(document.root) for key, document in found.items() if same[key] == key}
    main = next(iter(found))
    schemas: list[str] = []
    for key, document in found.items():
        if document.root.tag == DEFINITIONS:
            _inline(document, names[key], documents, schemas)
            schemas += [
                names[same[target]]
                for reference, target in document.links
                if reference.way is Way.WSDL_IMPORT and target is not None and found[target].root.tag == SCHEMA
            ]
    return Flat(documents, names[main], tuple(dict.fromkeys(schemas)))


def serialize(root: Element) -> bytes:
    """A document as UTF-8 with an XML declaration; a part of one brings the namespace declarations it inherits."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, with_tail=False)


def _rewrite(found: Mapping[str, Found], names: Mapping[str, str], same: Mapping[str, str]) -> None:
    for document in found.values():
        for reference, target in document.links:
            if target is None:
                reference.element.attrib.pop(reference.attribute, None)
            else:
                reference.element.set(reference.attribute, names[same[target]])


def _inline(document: Found, name: str, documents: dict[str, bytes], schemas: list[str]) -> None:
    stem = name.rpartition(".")[0]
    number = 0
    for schema in schemas_of(document.root):
        if all(child.tag in _NOT_COMPONENTS for child in schema):
            schemas += [
                location
                for child in schema.iterchildren(Way.IMPORT.value)
                if (location := child.get("schemaLocation")) is not None
            ]
            continue
        number += 1
        own = free_name(f"{stem}-types-{number}.xsd", documents)
        documents[own] = serialize(schema)
        schemas.append(own)


def _name_all(found: Mapping[str, Found]) -> dict[str, str]:
    names: dict[str, str] = {}
    taken: dict[str, bytes] = {}
    for key, document in found.items():
        extension = ".wsdl" if document.root.tag == DEFINITIONS else ".xsd"
        names[key] = free_name(_stem(key) + extension, taken)
        taken[names[key]] = b""
    return names


def _stem(key: str) -> str:
    """``…/Service.svc?xsd=xsd0`` → ``Service.svc-xsd0``: a name that a person recognizes and every disk takes."""
    parts = urlsplit(key.removeprefix("known:"))
    last = unquote(parts.path.rstrip("/").rpartition("/")[2])
    last = re.sub(r"\.(wsdl|xsd|xml|asmx|svc)$", "", last, flags=re.IGNORECASE)
    query = unquote(parts.query.rpartition("=")[2]) if parts.query and parts.query.lower() != "wsdl" else ""
    query = re.sub(r"\.(wsdl|xsd|xml)$", "", query.rpartition("/")[2], flags=re.IGNORECASE)
    text = _UNSAFE.sub("-", f"{last}-{query}" if query else last).strip("-.")
    return text[:80] or "document"


def free_name(name: str, taken: Mapping[str, bytes]) -> str:
    """``name``, or with a number when the set has it already in any case."""
    folded = {other.casefold() for other in taken}
    stem, dot, extension = name.rpartition(".")
    candidate, number = name, 1
    while candidate.casefold() in folded:
        number += 1
        candidate = f"{stem}-{number}{dot}{extension}"
    return candidate
