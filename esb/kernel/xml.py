"""The only XML parser of the bus: bounded, without DTD, without network.

Everything that reads XML goes through here, so that no other module can forget a flag.  A message is parsed once
(:func:`parse_message`); registry documents (WSDL, XSD) by :func:`parse_document`; schemas are compiled from a closed
set of documents by :func:`compile_schema`.  All of it may be called in any thread.
"""

import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

from lxml import etree

from esb.kernel import rules
from esb.kernel.encoding import declaration
from esb.kernel.faults import EsbError, Refusal
from esb.kernel.interning import forget_names

Element = etree._Element  # lxml's own type, named once here


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """What a message may hold; counted before anything is canonicalized (attacks: counts).

    Attributes:
        max_bytes: size of the document in bytes.
        max_elements: number of elements.
        max_attributes: attributes of one element, namespace declarations apart.
        max_namespaces: namespace declarations on one element and its ancestors, repeated ones too.
        max_depth: nesting of elements; libxml2 reads none deeper than 256.
        max_declared: characters of namespace names over all names that have one.  Exclusive canonical XML may declare
            a namespace again on each element that uses it: 30 KB with one long name can grow to 40 MB.
    """

    max_bytes: int = 10 * 1024 * 1024
    max_elements: int = 200_000
    max_attributes: int = 256
    max_namespaces: int = 128
    max_depth: int = 200
    max_declared: int = 32 * 1024 * 1024


class DocumentInvalid(EsbError):
    """A registry document (WSDL, XSD) is not XML that the bus reads; the text says where and why."""


class SchemaInvalid(EsbError):
    """A schema does not compile; ``errors`` is what libxml2 said, one entry each, where it came to read the schema."""

    def __init__(self, text: str, errors: tuple[etree._LogEntry, ...] = ()) -> None:
        super().__init__(text)
        self.errors = errors


# What is never closed reaches to the end: else each of a million openings would be searched to the end for its close.
_NO_TAGS: Final = re.compile(rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_WHITESPACE: Final = b" \t\r\n"
_LIBXML2_DEPTH: Final = 256
_UTF7: Final = re.compile(r"utf-?7", re.IGNORECASE)
_PROBLEMS: Final = {value: name for name, value in vars(etree.ErrorTypes).items() if isinstance(value, int)}
_OVER_LIBXML2: Final = frozenset({etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_NAME_TOO_LONG})


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


class _Parsers(threading.local):
    """One parser a thread: a shared one would make threads wait for each other."""

    # Names that a thread has parsed stay in its dictionary (see interning) and take up to ten times their own room.
    # To begin again costs some 15 microseconds, which once in so many bytes nobody feels.
    _PARSED_BEFORE_FORGETTING: Final = 4 * 1024 * 1024

    def __init__(self) -> None:
        self._left = 0
        self._parser: etree.XMLParser | None = None

    def parser_for(self, size: int) -> etree.XMLParser:
        """The calling thread's parser, for a message of ``size`` bytes."""
        parser = self._parser
        if parser is None or self._left <= 0:
            forget_names()
            # A parser holds on to the dictionary that it began with, so a new one goes with a new dictionary.
            self._parser = parser = _message_parser()
            self._left = self._PARSED_BEFORE_FORGETTING
        self._left -= size
        return parser


_PARSERS: Final = _Parsers()


def _prolog_end(data: bytes, at: int) -> int:
    """Where the root element (or a DOCTYPE) begins: from ``at`` past white space, comments and PIs."""
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
    _, declared = declaration(data)
    # "<!DOCTYPE" may lawfully stand inside CDATA or a comment; as markup it can only stand before the root.
    # One octet is found at many times the speed of several, and few messages hold "!", or "?" after the declaration.
    doctype = b"!" in data and b"<!DOCTYPE" in data
    if doctype and data.startswith(b"<!DOCTYPE", _prolog_end(data, declared)):
        raise Refusal(rules.XML_NO_DTD, "Remove the document type declaration: SOAP messages have none.")
    tags = data.count(b"<")  # no fewer than there are
    if tags > limits.max_elements:
        _check_elements(data, limits)
    try:
        root = etree.fromstring(data, _PARSERS.parser_for(len(data)))
    except etree.XMLSyntaxError as error:
        raise _unparsed(error) from None
    # The parser reads UTF-8 whatever the document says, so without those octets there was none.
    if doctype and root.getroottree().docinfo.internalDTD is not None:
        raise Refusal(rules.XML_NO_DTD, "Remove the document type declaration: SOAP messages have none.")
    if data.find(b"?", declared) >= 0 and data.find(b"<?", declared) >= 0:
        _refuse_instructions(root)
    _check_counts(root, data, tags, limits)
    return root


def _unparsed(error: etree.XMLSyntaxError) -> Refusal:
    # The error's own text can quote the message, which may hold personal data; the name of its type cannot.
    line, column = error.position
    particulars = {"line": str(line), "column": str(column), "problem": _PROBLEMS.get(error.code, "ERR")}
    if error.code in _OVER_LIBXML2:
        return Refusal(rules.XML_COUNTS, "The message is nested too deep, or a name or value is too long.", particulars)
    return Refusal(rules.XML_WELL_FORMED, "The message is not well-formed XML.", particulars)


def _refuse_instructions(root: Element) -> None:
    before = root.getprevious()
    after = root.getnext()
    if before is not None or after is not None or next(root.iter(etree.ProcessingInstruction), None) is not None:
        raise Refusal(rules.XML_NO_PI, "Remove the processing instruction: SOAP messages have none.")


def _check_elements(data: bytes, limits: XmlLimits) -> None:
    """Count the elements before the tree is built, which takes some forty times the room of their tags."""
    tags = _NO_TAGS.sub(b"", data)
    if tags.count(b"<") - tags.count(b"</") > limits.max_elements:
        raise Refusal(rules.XML_COUNTS, "The message holds too many elements.", {"limit": str(limits.max_elements)})


def _check_counts(root: Element, data: bytes, tags: int, limits: XmlLimits) -> None:
    # Each limit is exact.  A scan of the bytes tells first whether it can be passed at all, for an ordinary message
    # holds too few tags or equals signs for that; libxml2 itself counts where it can, at a tenth of a walk's cost.
    if tags > 2 * limits.max_depth and _deeper_than(limits.max_depth)(root):
        raise Refusal(rules.XML_COUNTS, "The message is nested too deep.", {"limit": str(limits.max_depth)})
    values = data.count(b"=")
    if values > limits.max_attributes and _more_attributes_than(limits.max_attributes)(root):
        raise Refusal(rules.XML_COUNTS, "An element has too many attributes.", {"limit": str(limits.max_attributes)})
    if values > limits.max_namespaces and data.count(b"xmlns") > limits.max_namespaces:
        _check_declarations(root, limits)
    if len(data) * (tags + values) > limits.max_declared:
        _check_canonical_size(root, tags + values, limits)


@lru_cache(maxsize=8)
def _deeper_than(depth: int) -> etree.XPath:
    return etree.XPath(f"boolean({'/*' * (min(depth, _LIBXML2_DEPTH) + 1)})")


@lru_cache(maxsize=8)
def _more_attributes_than(count: int) -> etree.XPath:
    return etree.XPath(f"boolean(//@*[{count + 1}])")


def _check_declarations(root: Element, limits: XmlLimits) -> None:
    in_scope = 0
    for event, _ in etree.iterwalk(root, events=("start-ns", "end-ns")):
        in_scope += 1 if event == "start-ns" else -1
        if in_scope > limits.max_namespaces:
            raise Refusal(
                rules.XML_COUNTS, "Too many namespace declarations are in scope.", {"limit": str(limits.max_namespaces)}
            )


def _check_canonical_size(root: Element, names: int, limits: XmlLimits) -> None:
    walk: Any = etree.iterwalk(root, events=("start-ns",))  # what an event gives depends on its kind
    uris = (declared[1] for _, declared in walk)
    if max(map(len, uris), default=0) * names <= limits.max_declared:
        return
    declared = 0
    for element in root.iter(etree.Element):
        # Clark names; an attribute without a namespace has no "}".
        declared += sum(name.find("}") + 1 for name in (str(element.tag), *map(str, element.keys())))
        if declared > limits.max_declared:
            raise Refusal(
                rules.XML_COUNTS,
                "The message's namespace names are too long for so many elements.",
                {"limit": str(limits.max_declared)},
            )


_descendants: Final = etree.XPath("count(descendant-or-self::*)")


def count_elements(root: Element) -> int:
    """How many elements a tree has, itself included."""
    return int(_descendants(root))


def bindings(root: Element) -> Iterator[tuple[Element, Mapping[str, str]]]:
    """Each element of a tree in document order, with the prefixes bound there ("" is the default namespace).

    The mapping is one and the same, changed on the way: lxml's own ``nsmap`` is made anew for each element from all
    its ancestors, which for a large tree takes seconds.
    """
    bound = {prefix or "": uri for prefix, uri in root.nsmap.items()}
    hidden: list[tuple[str, str]] = []
    walk: Any = etree.iterwalk(root, events=("start-ns", "end-ns", "start"))
    for event, value in walk:
        if event == "start-ns":
            prefix, uri = value
            hidden.append((prefix, bound.get(prefix, "")))
            bound[prefix] = uri
        elif event == "end-ns":
            prefix, uri = hidden.pop()
            bound[prefix] = uri
        else:
            yield value, bound


def canonicalize(element: Element, prefixes: Iterable[str] = ()) -> bytes:
    """Exclusive canonical XML 1.0 without comments, of ``element`` and what is in it, without its tail.

    ``prefixes`` is the InclusiveNamespaces PrefixList.  "#default", which lxml cannot pass on, has no effect here:
    ``esb/certs/canonical.py`` serves it.

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
            inclusive_ns_prefixes=[prefix for prefix in prefixes if _is_passed_on(prefix)] or None,
        )
    except etree.C14NError:
        raise Refusal(rules.XML_WELL_FORMED, "A signed part has no canonical form.") from None
    if not octets.startswith(b"<"):
        raise Refusal(rules.XML_WELL_FORMED, "A signed part has no canonical form.")
    return octets


def _is_passed_on(prefix: str) -> bool:
    # lxml leaves out a prefix that the calling thread has not met, though the element may have been parsed in another
    # thread, or before names were forgotten.  An element of that name makes it known.
    try:
        etree.Element(prefix)
    except ValueError:
        return False  # no name, so no prefix that could be declared
    return True


def parse_document(data: bytes, name: str) -> Element:
    """Parse a registry document (WSDL, XSD) given in any encoding that libxml2 reads but UTF-7.

    Raises:
        DocumentInvalid: it is not well-formed, or has a document type declaration.  ``name`` stands in the text.
    """
    # After parsing, for there are encodings in which a search for the octets of "<!DOCTYPE" finds nothing.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise DocumentInvalid(f"{name}: is not well-formed XML: {error.msg}") from None
    described = root.getroottree().docinfo
    if described.internalDTD is not None:
        raise DocumentInvalid(f"{name}: has a document type declaration (<!DOCTYPE …>): remove it, contracts have none")
    if _UTF7.search(described.encoding or ""):
        raise DocumentInvalid(f"{name}: is declared as UTF-7, which is not read: save it as UTF-8")
    return root


class _KeepsNothing:
    """A parser's target that takes no events, so that no tree is built."""

    def close(self) -> None:
        """The end of the document."""


def schema_parser(schema: etree.XMLSchema) -> etree.XMLParser:
    """A parser that judges what it is fed and keeps nothing of it; what it finds stands in its ``feed_error_log``.

    Feed it UTF-8 octets of one element.  Unlike a validation in place it builds no path for each error, which takes
    the square of the number of siblings, and it can be stopped.  It does not tell lines, and attributes of type xs:ID
    that repeat are not found: libxml2 knows both from a tree alone.
    """
    target: Any = _KeepsNothing()
    parser: Any = etree.XMLParser(
        schema=schema,
        target=target,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        collect_ids=False,
        encoding="utf-8",
    )
    return cast(etree.XMLParser, parser)  # which it is; only its type's stub has another name for it


class _ClosedSet(etree.Resolver):
    """Answers every reference from the documents given, and nothing else."""

    def __init__(self, fetch: Callable[[str], bytes | None]) -> None:
        self._fetch = fetch
        self.asked: set[str] = set()
        self.missing: list[str] = []

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        document = self._fetch(system_url or "")
        self.asked.add(system_url or "")
        if document is None:
            self.missing.append(system_url or "(no schemaLocation)")
            # An empty string would be parsed as a document; this one fails to parse, which fails the import.
            return self.resolve_string(b"<unresolved", context)
        return self.resolve_string(document, context, base_url=system_url)


# How often a compilation that another thread disturbed is begun again, and how long it waits before (seconds).
_ATTEMPTS: Final = 100
_BETWEEN: Final = 0.003


def compile_schema(
    main: bytes, base_url: str, fetch: Callable[[str], bytes | None], expected: Collection[str] = ()
) -> etree.XMLSchema:
    """Compile ``main`` with everything it imports, all of it from ``fetch``.

    Args:
        main: the schema document to begin with.
        base_url: its name; relative schemaLocations are resolved against it before ``fetch`` is asked.
        fetch: gives the document of that resolved name, or None when the closed set does not hold it.
        expected: resolved names that must be asked for.  lxml sets libxml2's document loader for the whole process
            while anything is parsed, and puts back what it found: a message that another thread was parsing when this
            began takes the loader away, and libxml2 passes over an import that cannot be loaded without a word.  So a
            compilation that did not ask for everything is begun again.

    Raises:
        SchemaInvalid: it does not parse or does not compile, or was disturbed each time.
    """
    problem = SchemaInvalid("the schema's documents could not be read undisturbed: try again when the bus is less busy")
    for _ in range(_ATTEMPTS):
        resolver = _ClosedSet(fetch)
        try:
            schema = _compile(main, base_url, resolver)
        except SchemaInvalid as error:
            problem = error
        else:
            if resolver.asked.issuperset(expected):
                return schema
        if resolver.asked.issuperset(expected) or threading.active_count() == 1:
            break  # undisturbed, so it is as it is
        time.sleep(_BETWEEN)
    raise problem


def _compile(main: bytes, base_url: str, resolver: _ClosedSet) -> etree.XMLSchema:
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
        errors = tuple(error.error_log) if isinstance(error, etree.XMLSchemaParseError) else ()
        raise SchemaInvalid(f"the schema does not compile: {error}", errors) from None
    if resolver.missing:
        raise SchemaInvalid(f"these documents are referred to but not in the set: {', '.join(resolver.missing)}")
    return schema
