"""The only XML parser of the bus: bounded, without DTD, without network.

Everything that reads XML goes through here, so that no other module can forget a flag.  A message is parsed once
(:func:`parse_message`); registry documents (WSDL, XSD) by :func:`parse_document`; schemas are compiled from a closed
set of documents by :func:`compile_schema`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from esb.kernel import rules
from esb.kernel.faults import EsbError, Refusal

Element = etree._Element  # lxml's own type, named once here


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """What a message may hold; counted before anything is canonicalized (attacks: counts).

    Attributes:
        max_bytes: size of the document in bytes.
        max_elements: number of elements.
        max_attributes: attributes of one element, namespace declarations apart.
        max_namespaces: namespace declarations in scope at one element.
        max_depth: nesting of elements.
    """

    max_bytes: int = 10 * 1024 * 1024
    max_elements: int = 200_000
    max_attributes: int = 256
    max_namespaces: int = 128
    max_depth: int = 200


class DocumentInvalid(EsbError):
    """A registry document (WSDL, XSD) is not XML that the bus reads; the text says where and why."""


class SchemaInvalid(EsbError):
    """A set of schema documents does not compile; the text says where and why."""


_DECLARATION: Final = re.compile(rb"<\?xml[ \t\r\n][^>]*?\?>")
_DECLARED_ENCODING: Final = re.compile(rb"""[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z0-9._-]+)["']""")
_UTF8_NAMES: Final = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
_WHITESPACE: Final = b" \t\r\n"
# Below these totals no single element can be over its limit by enough to matter, so the exact walk is skipped.
_FREE_NAMESPACES: Final = 64
_FREE_EQUALS: Final = 2_000


def _message_parser() -> etree.XMLParser:
    # Comments are dropped while parsing: canonical XML without comments has none, and a comment must not split a
    # signed text for a reader of .text.  Entities cannot exist without a DTD; DTDs are refused before parsing.
    # huge_tree is never set: libxml2's own ceilings on depth and name length stay.
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=False,
        remove_blank_text=False,
        recover=False,
        collect_ids=False,
        encoding="utf-8",
    )


_PARSER = _message_parser()


def as_utf8(data: bytes, charset: str | None = None) -> bytes:
    """Return the document in UTF-8, as the rules on encodings allow (MSG-02).

    UTF-8 (also declared as US-ASCII) comes back as it is; UTF-16 with a byte-order mark is transcoded and its
    XML declaration dropped.  ``charset`` is the HTTP charset parameter, if any.

    Raises:
        Refusal: MSG-02 for any other encoding, or for declarations that contradict each other.
    """
    if charset is not None:
        named = charset.lower()
        if named in ("utf-16", "utf-16le", "utf-16be") and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Refusal(rules.HTTP_CHARSET, "The media type says UTF-16, but the document has no byte-order mark.")
        if named not in ("utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be"):
            raise Refusal(
                rules.HTTP_CHARSET, "Send the message in UTF-8: this charset is not read.", {"charset": named[:40]}
            )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        if charset is not None and not charset.lower().startswith("utf-16"):
            raise Refusal(
                rules.HTTP_CHARSET, "The media type says one encoding and the document's byte-order mark another."
            )
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError:
            raise Refusal(rules.HTTP_CHARSET, "The document begins like UTF-16 but is not valid UTF-16.") from None
        if text.startswith("<?xml"):
            text = text[text.find("?>") + 2 :]
        return text.encode("utf-8", "strict") if not _has_surrogates(text) else _bad_text()
    if charset is not None and charset.lower().startswith("utf-16"):
        raise Refusal(rules.HTTP_CHARSET, "The media type says UTF-16, but the document is not.")
    head = data[3:] if data.startswith(b"\xef\xbb\xbf") else data
    if head.startswith(b"<?xml"):
        declaration = _DECLARATION.match(head[:200])
        if declaration is not None:
            encoding = _DECLARED_ENCODING.search(declaration.group())
            if encoding is not None and encoding.group(1).lower() not in _UTF8_NAMES:
                raise Refusal(
                    rules.HTTP_CHARSET,
                    "Send the message in UTF-8: the encoding that its XML declaration names is not read.",
                    {"encoding": encoding.group(1)[:40].decode("ascii")},
                )
    return data


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _bad_text() -> bytes:
    raise Refusal(rules.HTTP_CHARSET, "The document holds half of a UTF-16 surrogate pair.")


def _prolog_end(data: bytes) -> int:
    """Where the root element (or a DOCTYPE) begins: past BOM, declaration, white space, comments and PIs."""
    at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while at < len(data):
        if data[at] in _WHITESPACE:
            at += 1
        elif data.startswith(b"<!--", at):
            end = data.find(b"-->", at + 4)
            if end < 0:
                return at
            at = end + 3
        elif data.startswith(b"<?", at):
            end = data.find(b"?>", at + 2)
            if end < 0:
                return at
            at = end + 2
        else:
            return at
    return at


def parse_message(data: bytes, limits: XmlLimits) -> Element:
    """Parse one message, once.

    Args:
        data: the document in UTF-8 (see :func:`as_utf8`).
        limits: what it may hold.

    Returns:
        The root element.  Comments are gone; there is no DTD and no processing instruction.

    Raises:
        Refusal: MSG-04 to MSG-08.  Nothing outside ``data`` was read, whatever it said.
    """
    if len(data) > limits.max_bytes:
        raise Refusal(rules.SIZE, "The message is larger than the limit.", {"limit": str(limits.max_bytes)})
    # "<!DOCTYPE" may lawfully stand inside CDATA or a comment; as markup it can only stand before the root.
    if b"<!DOCTYPE" in data and data.startswith(b"<!DOCTYPE", _prolog_end(data)):
        raise Refusal(rules.XML_NO_DTD, "Remove the document type declaration: SOAP messages have none.")
    if data.count(b"<") > 2 * limits.max_elements + 16:
        raise Refusal(rules.XML_COUNTS, "The message holds too many elements.", {"limit": str(limits.max_elements)})
    try:
        root = etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise Refusal(
            rules.XML_WELL_FORMED,
            "The message is not well-formed XML.",
            {"line": str(line), "column": str(column), "problem": _syntax_problem(error)},
        ) from None
    except ValueError:
        # lxml says this of an empty document and of some impossible characters
        raise Refusal(rules.XML_WELL_FORMED, "The message is not an XML document.") from None
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None:
        raise Refusal(rules.XML_NO_DTD, "Remove the document type declaration: SOAP messages have none.")
    if b"<?" in data[5:]:
        _refuse_instructions(root)
    if data.count(b"xmlns") > _FREE_NAMESPACES or data.count(b"=") > _FREE_EQUALS or len(data) > 65_536:
        _count(root, limits)
    return root


def _syntax_problem(error: etree.XMLSyntaxError) -> str:
    # The error's own text can quote the message, which may hold personal data; its type name cannot.
    for entry in error.error_log or ():
        return str(entry.type_name)
    return "XML_ERR"


def _refuse_instructions(root: Element) -> None:
    before = root.getprevious()
    after = root.getnext()
    if before is not None or after is not None or next(root.iter(etree.ProcessingInstruction), None) is not None:
        raise Refusal(rules.XML_NO_PI, "Remove the processing instruction: SOAP messages have none.")


def _count(root: Element, limits: XmlLimits) -> None:
    elements = 0
    depth = 0
    declared: list[int] = []  # namespace declarations in scope, per open element
    in_scope = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            in_scope = declared.pop()
            continue
        elements += 1
        depth += 1
        declared.append(in_scope)
        in_scope += _own_declarations(element)
        if elements > limits.max_elements:
            raise Refusal(rules.XML_COUNTS, "The message holds too many elements.", {"limit": str(limits.max_elements)})
        if depth > limits.max_depth:
            raise Refusal(rules.XML_COUNTS, "The message is nested too deep.", {"limit": str(limits.max_depth)})
        if in_scope > limits.max_namespaces:
            raise Refusal(
                rules.XML_COUNTS, "Too many namespace declarations are in scope.", {"limit": str(limits.max_namespaces)}
            )
        if len(element.attrib) > limits.max_attributes:
            raise Refusal(
                rules.XML_COUNTS, "An element has too many attributes.", {"limit": str(limits.max_attributes)}
            )


def _own_declarations(element: Element) -> int:
    parent = element.getparent()
    own = element.nsmap
    if not own:
        return 0
    if parent is None:
        return len(own)
    inherited = parent.nsmap
    return sum(1 for prefix, uri in own.items() if inherited.get(prefix) != uri)


def canonicalize(element: Element, prefixes: Iterable[str] = ()) -> bytes:
    """Exclusive canonical XML 1.0 without comments, of ``element`` and what is in it, without its tail.

    ``prefixes`` is the InclusiveNamespaces PrefixList ("#default" for the default namespace).

    Raises:
        Refusal: MSG-05 when libxml2 cannot canonicalize it (a relative namespace name has no canonical form,
            and an empty result must never be digested as if it were the part).
    """
    try:
        octets = etree.tostring(
            element,
            method="c14n",
            exclusive=True,
            with_comments=False,
            inclusive_ns_prefixes=list(prefixes) or None,
        )
    except (etree.C14NError, ValueError, UnicodeError):
        raise Refusal(rules.XML_WELL_FORMED, "A signed part has no canonical form.") from None
    if not octets.startswith(b"<"):
        raise Refusal(rules.XML_WELL_FORMED, "A signed part has no canonical form.")
    return octets


def parse_document(data: bytes, name: str) -> Element:
    """Parse a registry document (WSDL, XSD) given in any encoding that libxml2 reads but UTF-7.

    Raises:
        DocumentInvalid: it is not well-formed, or has a document type declaration.  ``name`` stands in the text.
    """
    if b"<!DOCTYPE" in data or "<!DOCTYPE".encode("utf-16-le") in data or "<!DOCTYPE".encode("utf-16-be") in data:
        raise DocumentInvalid(f"{name}: has a document type declaration (<!DOCTYPE …>): remove it, contracts have none")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    declaration = _DECLARATION.match(data[:200].lstrip(b"\xef\xbb\xbf"))
    if declaration is not None:
        encoding = _DECLARED_ENCODING.search(declaration.group())
        if encoding is not None and encoding.group(1).lower() in (b"utf-7", b"utf7"):
            raise DocumentInvalid(f"{name}: is declared as UTF-7, which is not read: save it as UTF-8")
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise DocumentInvalid(f"{name}: is not well-formed XML: {error.msg}") from None
    except ValueError as error:
        raise DocumentInvalid(f"{name}: is not an XML document: {error}") from None


class _ClosedSet(etree.Resolver):
    """Answers every reference from the documents given, and nothing else."""

    def __init__(self, fetch: Callable[[str], bytes | None]) -> None:
        self._fetch = fetch
        self.missing: list[str] = []

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        document = self._fetch(system_url or "")
        if document is None:
            self.missing.append(system_url or "(no schemaLocation)")
            # An empty string would be parsed as a document; this one fails to parse, which fails the import.
            return self.resolve_string(b"<unresolved", context)
        return self.resolve_string(document, context, base_url=system_url)


def compile_schema(main: bytes, base_url: str, fetch: Callable[[str], bytes | None]) -> etree.XMLSchema:
    """Compile ``main`` with everything it imports, all of it from ``fetch``.

    Args:
        main: the schema document to begin with.
        base_url: its name; relative schemaLocations are resolved against it before ``fetch`` is asked.
        fetch: gives the document of that resolved name, or None when the closed set does not hold it.

    Raises:
        SchemaInvalid: it does not parse or does not compile.
    """
    resolver = _ClosedSet(fetch)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    parser.resolvers.add(resolver)
    try:
        schema = etree.XMLSchema(etree.fromstring(main, parser, base_url=base_url))
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError, ValueError) as error:
        if resolver.missing:
            raise SchemaInvalid(
                f"these documents are referred to but not in the set: {', '.join(resolver.missing)}"
            ) from None
        raise SchemaInvalid(f"the schema does not compile: {error}") from None
    if resolver.missing:
        raise SchemaInvalid(f"these documents are referred to but not in the set: {', '.join(resolver.missing)}")
    return schema
