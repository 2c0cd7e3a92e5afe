"""From libxml2's error to a violation that holds nothing of the message but names, positions and lines.

libxml2 quotes: "The value 'AB12345' is not accepted by the pattern …".  The value is personal data, and even an
element's or a namespace's name is whatever the sender wrote.  Therefore nothing is cut out of the text: the end of
it, which libxml2 alone writes, is matched against the forms below, and a name or facet in it is passed on only when
the schema's vocabulary holds it.  What is not recognised becomes a general sentence.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import Final

from lxml import etree

from esb.kernel.message import Violation
from esb.kernel.xml import Element
from esb.schemas.vocabulary import Vocabulary

_SHOWN: Final = 10  # names or values listed in one sentence
_LONGEST: Final = 300  # characters of one sentence
_CUT: Final = 60_000  # libxml2 cuts a message at 64,000 octets: its end is then the sender's text, not libxml2's
_TAIL: Final = 4_000  # libxml2's own words stand in the last characters; the rest is not searched
_STEP: Final = re.compile(r"(?:([^:/\[\]]+):)?([^:/\[\]]+)(?:\[([0-9]+)\])?")

_CONTENT: Final = re.compile(
    r": (?P<what>This element is not expected|Missing child element\(s\))\."
    r"(?: Expected is (?:one of )?\( (?P<names>.*) \)\.)?\Z",
    re.DOTALL,
)
_TYPE: Final = re.compile(
    r" (?:of|type) (?:the )?(?:local )?(?:(?:atomic|list|union) )?(?:simple )?type(?: '(?P<type>[^']*)')?\.\Z"
)
_LENGTH: Final = re.compile(
    r"; this (?:differs from the allowed|exceeds the allowed|underruns the allowed) "
    r"(?P<bound>maximum |minimum )?length of '(?P<length>[0-9]+)'\.\Z"
)
_BOUND: Final = re.compile(
    r" than the (?P<side>minimum|maximum) value allowed \('(?P<value>.*)'\)\.\Z"
    r"|must be (?P<strict>less|greater) than '(?P<limit>.*)'\.\Z",
    re.DOTALL,
)
_DIGITS: Final = re.compile(r"has more (?P<what>fractional digits|digits) than are allowed \('(?P<count>[0-9]+)'\)\.\Z")
_ATTRIBUTE: Final = re.compile(r"'(?P<name>[^']*)' is required but missing\.\Z")
_OWNER: Final = re.compile(r"\AElement '[^']*', attribute '(?P<name>[^']*)': ")
_CONSTRAINT: Final = re.compile(r"'(?P<name>[^']*)'(?: evaluate to a node)?\.\Z")
_FIXED: Final = re.compile(r" does not match the fixed value constraint '(?P<value>.*)'\.\Z", re.DOTALL)

_SENTENCES: Final = {
    "SCHEMAV_CVC_ELT_1": "an element that the schema declares globally",
    "SCHEMAV_CVC_ELT_2": "an element that may stand for this abstract one",
    "SCHEMAV_CVC_ELT_3_1": "no xsi:nil here: the element is not nillable",
    "SCHEMAV_CVC_ELT_3_2_1": "no content, as xsi:nil says",
    "SCHEMAV_CVC_ELT_3_2_2": "no xsi:nil: the element's value is fixed",
    "SCHEMAV_CVC_ELT_4_1": "an xsi:type that is a QName",
    "SCHEMAV_CVC_ELT_4_2": "an xsi:type that names a type of the schema",
    "SCHEMAV_CVC_ELT_4_3": "an xsi:type derived from the declared type",
    "SCHEMAV_CVC_TYPE_1": "a type that the schema defines",
    "SCHEMAV_CVC_TYPE_2": "an xsi:type that names a concrete type: the declared one is abstract",
    "SCHEMAV_CVC_TYPE_3_1_1": "no attributes but xsi's own: the type is simple",
    "SCHEMAV_CVC_TYPE_3_1_2": "no child elements: the type is simple",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_1": "no content: the element is empty",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_2": "no child elements: the content is simple",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "child elements only, without text between them",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "no attribute of this name",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_2": "no attribute of this name",
    "SCHEMAV_CVC_COMPLEX_TYPE_5_1": "no second attribute of type ID",
    "SCHEMAV_CVC_WILDCARD": "an element or attribute that the schema declares",
    "SCHEMAV_CVC_ID": "an ID that stands once in the message",
    "SCHEMAV_CVC_PATTERN_VALID": "a value of the form that the schema's pattern describes",
    "SCHEMAV_CVC_ENUMERATION_VALID": "one of the values that the schema lists",
    "SCHEMAV_CVC_IDC": "keys as the schema's identity constraint wants them",
}


def not_declared(payload: Element) -> Violation:
    """The violation of a payload that the published schema does not declare at all."""
    return Violation(payload.sourceline or 0, 0, "/*", _SENTENCES["SCHEMAV_CVC_ELT_1"])


def explain(entry: etree._LogEntry, element: Element | None, payload: Element, vocabulary: Vocabulary) -> Violation:
    """One libxml2 error as a violation, in the schema's own words.

    ``element`` is where it was found; None where the entry itself tells (after a validation in place).
    """
    kind = entry.type_name
    message = entry.message or ""
    if len(message.encode()) > _CUT:
        message = ""
    expected = _EXPLAINERS.get(kind, _general)(kind, message[-_TAIL:], vocabulary)
    if element is None:
        steps = _steps(entry.path or "")
        path, line = _path(steps, _walked(steps, payload), vocabulary), entry.line
    else:
        steps = _steps(etree.ElementTree(payload).getpath(element))
        path, line = _path(steps, _above(element, payload), vocabulary), element.sourceline or 0
    owner = _OWNER.match(message[:_TAIL])
    if owner is not None and owner["name"] in vocabulary.attributes:
        path += f"/@{_local(owner['name'])}"
    return Violation(line, max(0, entry.column), path, _short(expected))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 2] + " …"


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _steps(libxml2_path: str) -> list[re.Match[str]]:
    """The steps of a node path, up to the first that is none of an element's."""
    steps = []
    for step in libxml2_path.split("/")[1:]:
        match = _STEP.fullmatch(step)
        if match is None:
            break
        steps.append(match)
    return steps


def _walked(steps: list[re.Match[str]], payload: Element) -> Iterator[Element]:
    """The elements on a path, payload first."""
    here = payload
    yield here
    for step in steps[1:]:
        child = _child(here, step[1], step[2], int(step[3] or 1))
        if child is None:
            return
        here = child
        yield here


def _above(element: Element, payload: Element) -> list[Element]:
    """The elements on the way to an element, payload first."""
    return [*takewhile(lambda one: one is not payload.getparent(), (element, *element.iterancestors()))][::-1]


def _path(steps: list[re.Match[str]], elements: Iterable[Element], vocabulary: Vocabulary) -> str:
    """A path by local names; a name that the schema does not declare becomes ``*``."""
    shown = []
    for step, element in zip(steps, elements, strict=False):
        local = _local(str(element.tag))
        shown.append((local if local in vocabulary.locals else "*") + (f"[{step[3]}]" if step[3] else ""))
    return "/" + "/".join(shown)


def _child(parent: Element, prefix: str | None, name: str, position: int) -> Element | None:
    # libxml2 writes "*" for an element without a prefix though in a namespace, and then counts all elements.
    count = 0
    for child in parent.iterchildren(etree.Element):
        if name == "*" or (child.prefix == prefix and _local(str(child.tag)) == name):
            count += 1
            if count == position:
                return child
    return None


def _general(kind: str, _message: str, _vocabulary: Vocabulary) -> str:
    return _SENTENCES.get(kind, "what the schema declares here")


def _content(kind: str, message: str, vocabulary: Vocabulary) -> str:
    match = _CONTENT.search(message)
    if match is None:
        return _general(kind, message, vocabulary)
    if match["names"] is None:
        return "no element here" if match["what"].startswith("This") else "further child elements"
    names = match["names"].split(", ")
    known = [_local(name) for name in names if name in vocabulary.elements]
    if not known:
        return "an element that the schema's wildcard lets in"
    return _one_of("the element", known, len(names))


def _one_of(noun: str, known: list[str], total: int) -> str:
    listed = ", ".join(known[:_SHOWN]) + (" …" if total > min(len(known), _SHOWN) else "")
    return f"{noun} {listed}" if total == 1 else f"one of: {listed}"


def _datatype(kind: str, message: str, vocabulary: Vocabulary) -> str:
    match = _TYPE.search(message)
    if match is None or match["type"] is None:
        return (
            "a value of the declared type"
            if kind.startswith("SCHEMAV_CVC_DATATYPE")
            else _general(kind, message, vocabulary)
        )
    name = match["type"]
    return (
        f"a value of type {name if name.startswith('xs:') else _local(name)}"
        if name in vocabulary.types
        else "a value of the declared type"
    )


def _pattern(kind: str, message: str, vocabulary: Vocabulary) -> str:
    # A pattern may hold quotes: try the quotes from the left, so that the longest ending that is a pattern counts.
    ending = message.removesuffix("'.")
    opener = " the pattern '"
    at = message.find(opener)
    while at >= 0:
        if (pattern := ending[at + len(opener) :]) in vocabulary.facets:
            return f"a value that matches the pattern {pattern}"
        at = message.find(opener, at + 1)
    return _general(kind, message, vocabulary)


def _enumeration(kind: str, message: str, vocabulary: Vocabulary) -> str:
    ending = message.removesuffix("'}.")
    opener = " is not an element of the set {'"
    at = message.rfind(opener)
    if at < 0:
        return _general(kind, message, vocabulary)
    values = ending[at + len(opener) :].split("', '")
    if not all(value in vocabulary.facets for value in values):
        return _general(kind, message, vocabulary)
    return _one_of("the value", values, len(values))


def _length(kind: str, message: str, vocabulary: Vocabulary) -> str:
    match = _LENGTH.search(message)
    if match is None or match["length"] not in vocabulary.facets:
        return "a value of the length that the schema allows"
    side = {"maximum ": "at most ", "minimum ": "at least "}.get(match["bound"] or "", "exactly ")
    return f"a value with a length of {side}{match['length']}"


def _bound(kind: str, message: str, vocabulary: Vocabulary) -> str:
    match = _BOUND.search(message)
    if match is None:
        return "a value within the bounds that the schema sets"
    limit = match["value"] if match["value"] is not None else match["limit"]
    if limit not in vocabulary.facets:
        return "a value within the bounds that the schema sets"
    words = {"minimum": "at least", "maximum": "at most", "less": "less than", "greater": "greater than"}
    return f"a value {words[match['side'] or match['strict']]} {limit}"


def _digits(kind: str, message: str, vocabulary: Vocabulary) -> str:
    match = _DIGITS.search(message)
    if match is None or match["count"] not in vocabulary.facets:
        return "a number with no more digits than the schema allows"
    return f"a number with at most {match['count']} {match['what']}"


def _missing_attribute(kind: str, message: str, vocabulary: Vocabulary) -> str:
    match = _ATTRIBUTE.search(message)
    known = match is not None and match["name"] in vocabulary.attributes
    return f"the attribute {_local(match['name'])}" if match is not None and known else "a required attribute"


def _constraint(kind: str, message: str, vocabulary: Vocabulary) -> str:
    match = _CONSTRAINT.search(message)
    if match is None or match["name"] not in vocabulary.constraints:
        return _general(kind, message, vocabulary)
    return f"keys as the identity constraint {_local(match['name'])} wants them"


def _fixed(kind: str, message: str, vocabulary: Vocabulary) -> str:
    match = _FIXED.search(message)
    if match is None or match["value"] not in vocabulary.fixed:
        return "the value that the schema fixes"
    return f"the value {match['value']}"


_EXPLAINERS: Final[dict[str, Callable[[str, str, Vocabulary], str]]] = {
    "SCHEMAV_ELEMENT_CONTENT": _content,
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": _datatype,
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_2": _datatype,
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_3": _datatype,
    "SCHEMAV_CVC_PATTERN_VALID": _pattern,
    "SCHEMAV_CVC_ENUMERATION_VALID": _enumeration,
    "SCHEMAV_CVC_LENGTH_VALID": _length,
    "SCHEMAV_CVC_MINLENGTH_VALID": _length,
    "SCHEMAV_CVC_MAXLENGTH_VALID": _length,
    "SCHEMAV_CVC_MININCLUSIVE_VALID": _bound,
    "SCHEMAV_CVC_MAXINCLUSIVE_VALID": _bound,
    "SCHEMAV_CVC_MINEXCLUSIVE_VALID": _bound,
    "SCHEMAV_CVC_MAXEXCLUSIVE_VALID": _bound,
    "SCHEMAV_CVC_TOTALDIGITS_VALID": _digits,
    "SCHEMAV_CVC_FRACTIONDIGITS_VALID": _digits,
    "SCHEMAV_CVC_COMPLEX_TYPE_4": _missing_attribute,
    "SCHEMAV_CVC_IDC": _constraint,
    "SCHEMAV_CVC_ELT_5_2_2_1": _fixed,
    "SCHEMAV_CVC_ELT_5_2_2_2_1": _fixed,
    "SCHEMAV_CVC_ELT_5_2_2_2_2": _fixed,
    "SCHEMAV_CVC_AU": _fixed,
}
