"""Rearranging a closed set of schema documents so that libxml2 reads all of it.

libxml2 silently skips the second document that is imported for one namespace, and follows schemaLocations of its own
accord.  So nothing is left to it: each namespace gets one document (an umbrella of includes where there are several),
one main document imports every namespace, and the provider's own references lose their locations.  Lines stay where
the provider wrote them, so that what a compiler says can be found again.  What would take too long to judge by is left
out here, so that the check at registration and the bus at work read the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import quoteattr

from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.namespaces import XML, XSD
from esb.kernel.xml import DocumentInvalid, Element, SchemaInvalid, parse_document
from esb.schemas.dialect import beyond_1_0
from esb.schemas.part import Part
from esb.schemas.relax import relax

BASE: Final = "contract:///"
MAIN: Final = "main.xsd"
_SCHEMA: Final = f"{{{XSD}}}schema"
_IMPORT: Final = f"{{{XSD}}}import"
_INCLUDE: Final = f"{{{XSD}}}include"
_REDEFINE: Final = f"{{{XSD}}}redefine"
_OWN_XML_XSD: Final = Path(__file__).parent / "xsd" / "xml.xsd"


class Unfit(SchemaInvalid):
    """A set of schemas cannot be judged by; ``problems`` says why, one sentence each, with document and line."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Documents that compile offline, beginning at :data:`MAIN`.

    Attributes:
        documents: by arranged name.
        parts: what the provider wrote, rewritten; for looking up names and lines.
        notes: what the documents say but values are not judged by, one sentence each (see :mod:`esb.schemas.relax`).
    """

    documents: Mapping[str, bytes]
    parts: tuple[Part, ...]
    notes: tuple[str, ...]

    def fetch(self, url: str) -> bytes | None:
        """The document that libxml2 asks for by resolved URL, None when the set does not hold it."""
        return self.documents.get(url.removeprefix(BASE))

    def origin(self, name: str) -> str:
        """The provider's name for an arranged document (its URL, path or bare name)."""
        bare = name.rpartition("/")[2]
        return next((part.origin for part in self.parts if part.name == bare), bare)


def arrange(contract: Contract, *, unlooped: bool = True) -> Arrangement:
    """Put a contract's schemas together for libxml2 (and for xmlschema).

    ``unlooped`` is whether repeated models are written so that libxml2 matches them quickly; what they let through is
    the same, but xmlschema could no longer tell a type that restricts another from one that does not.

    Raises:
        Unfit: a document is missing, is not a schema, or is written in XSD 1.1.
    """
    gathering = _Gathering(contract)
    for name in contract.schemas:
        gathering.take(name, None, f"the contract {contract.main}")
    if gathering.problems:
        raise Unfit(tuple(gathering.problems))
    parts = list(gathering.parts.values())
    if any(_mentions_xml(part.root) for part in parts) and all(part.namespace != XML for part in parts):
        root = parse_document(_OWN_XML_XSD.read_bytes(), "xml.xsd")
        parts.append(Part("xml.xsd", XML, root, "xml.xsd"))
    notes = relax(tuple(parts), unlooped=unlooped)
    redefined = _redefined(parts)
    for part in parts:
        _rewrite(part, keep_includes=part in redefined)
    return Arrangement(_documents(parts, redefined), tuple(parts), notes)


class _Gathering:
    """Follows includes, redefines and imports from the roots, each document once for each namespace."""

    def __init__(self, contract: Contract) -> None:
        self._documents = contract.documents
        self.parts: dict[tuple[str, str], Part] = {}
        self.problems: list[str] = []

    def take(self, name: str, namespace: str | None, asked_by: str) -> Part | None:
        """The part for a document; ``namespace`` is the includer's, None when the document's own counts."""
        data = self._documents.get(name)
        if data is None:
            self.problems.append(f"{asked_by}: refers to {name}, which is not in the set: add it")
            return None
        # The parts found so far answer first: a circle of includes ends here, and no document is parsed twice.
        known = self.parts.get((name, namespace)) if namespace is not None else None
        if known is not None:
            return known
        try:
            root = parse_document(data, name)
        except DocumentInvalid as error:
            self.problems.append(str(error))
            return None
        if root.tag != _SCHEMA:
            self.problems.append(f"{name}: is not an XML Schema: its root is not xs:schema")
            return None
        own = root.get("targetNamespace") or ""
        effective = own or namespace or ""
        if namespace is not None and own not in ("", namespace):
            self.problems.append(f"{asked_by}: includes {name}, but that has another target namespace ({own})")
            return None
        known = self.parts.get((name, effective))
        if known is not None:
            return known
        self.problems.extend(f"{name}, line {line}: {text}" for line, text in beyond_1_0(root))
        part = Part(name, effective, root, f"s{len(self.parts) + 1}.xsd")
        self.parts[(name, effective)] = part
        self._follow(part)
        return part

    def _follow(self, part: Part) -> None:
        for reference in part.root.iterchildren(_IMPORT, _INCLUDE, _REDEFINE):
            location = reference.get("schemaLocation")
            where = f"{part.origin}, line {reference.sourceline}"
            if reference.tag == _IMPORT:
                # A location that the set does not hold is no more than a hint when the namespace has documents
                # otherwise; whether it has is known when something refers to it.
                if location is not None and location in self._documents:
                    self._take_import(location, reference.get("namespace") or "", where)
                continue
            if location is None:
                self.problems.append(f"{where}: xs:{etree.QName(reference).localname} has no schemaLocation: give one")
                continue
            drawn = self.take(location, part.namespace, where)
            if drawn is not None and drawn is not part:
                (part.includes if reference.tag == _INCLUDE else part.redefines).append((reference, drawn))

    def _take_import(self, location: str, namespace: str, where: str) -> None:
        taken = self.take(location, None, where)
        if taken is not None and taken.namespace != namespace:
            self.problems.append(
                f"{where}: imports {location} for namespace {namespace or '(none)'}, "
                f"but that has the target namespace {taken.namespace or '(none)'}"
            )


def _mentions_xml(root: Element) -> bool:
    return any(element.get("namespace") == XML for element in root.iterchildren(_IMPORT))


def _redefined(parts: list[Part]) -> set[Part]:
    """Parts that come in through an xs:redefine; an include beside it would define their components twice."""
    found: set[Part] = set()
    waiting = [target for part in parts for _, target in part.redefines]
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            waiting.extend(target for _, target in (*part.includes, *part.redefines))
    return found


def _rewrite(part: Part, *, keep_includes: bool) -> None:
    for reference in list(part.root.iterchildren(_IMPORT, _INCLUDE)):
        if reference.tag == _IMPORT:
            # By name alone: the main document brings every namespace in.
            reference.attrib.pop("schemaLocation", None)
        elif not keep_includes:
            _remove(reference)
    if keep_includes:
        for reference, target in part.includes:
            reference.set("schemaLocation", target.name)
    for reference, target in part.redefines:
        reference.set("schemaLocation", target.name)


def _remove(element: Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _documents(parts: list[Part], redefined: set[Part]) -> dict[str, bytes]:
    documents = {part.name: with_lines(part.root) for part in parts}
    by_namespace: dict[str, list[Part]] = {}
    for part in parts:
        if part not in redefined:
            by_namespace.setdefault(part.namespace, []).append(part)
    imports = []
    for number, (namespace, members) in enumerate(by_namespace.items(), start=1):
        distinct = _distinct(members, documents)
        if len(distinct) == 1 and (distinct[0].root.get("targetNamespace") or "") == namespace:
            location = distinct[0].name
        else:
            location = f"ns{number}.xsd"
            documents[location] = _umbrella(namespace, [part.name for part in distinct])
        attribute = f" namespace={quoteattr(namespace)}" if namespace else ""
        imports.append(f'<xs:import{attribute} schemaLocation="{location}"/>')
    documents[MAIN] = (
        f'<xs:schema xmlns:xs="{XSD}" targetNamespace="urn:shluz:arranged">{"".join(imports)}</xs:schema>'
    ).encode()
    return documents


def _distinct(members: list[Part], documents: Mapping[str, bytes]) -> list[Part]:
    # The same document under two names (a types file reached by two paths) defines its components once.
    first: dict[bytes, Part] = {}
    for part in members:
        first.setdefault(documents[part.name].strip(), part)
    return list(first.values())


def _umbrella(namespace: str, names: list[str]) -> bytes:
    attribute = f" targetNamespace={quoteattr(namespace)}" if namespace else ""
    includes = "".join(f'<xs:include schemaLocation="{name}"/>' for name in names)
    return f'<xs:schema xmlns:xs="{XSD}"{attribute}>{includes}</xs:schema>'.encode()


def with_lines(root: Element) -> bytes:
    """Serialize a schema document so that each element stands on the line on which it was parsed.

    What was dropped (comments, removed references, breaks within a tag) is made up for with line breaks before the
    next element; white space means nothing in a schema.
    """
    line = 1
    before = max(0, (root.sourceline or 1) - line)
    line += before
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            if element is not root:
                missing = max(0, (element.sourceline or 0) - line)
                if missing:
                    _break_lines_before(element, missing)
                    line += missing
            line += (element.text or "").count("\n")
        elif element is not root:
            line += (element.tail or "").count("\n")
    return b"\n" * before + etree.tostring(root, encoding="utf-8", with_tail=False)


def _break_lines_before(element: Element, count: int) -> None:
    previous = element.getprevious()
    if previous is not None:
        previous.tail = (previous.tail or "") + "\n" * count
        return
    parent = element.getparent()
    if parent is not None:
        parent.text = (parent.text or "") + "\n" * count
