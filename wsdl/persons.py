"""Where a contract means a person: which of its elements are a FIN by their names, and what values they take."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.namespaces import XSD
from esb.kernel.xml import Element, SchemaInvalid, compile_schema
from esb.wsdl.components import Components, index, xs
from esb.wsdl.definitions import local, namespace_of
from esb.wsdl.refuse import place, shown

_WORDS: Final = re.compile(r"[^\W\d_]+|\d+")
_HUMPS: Final = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FIN_WORDS: Final = frozenset({"fin", "pin"})
_FIN_NAMES: Final = frozenset({"fincode", "finkod", "finkodu", "fincod", "finnumber", "pincode", "pinkod", "pinkodu"})
_PERSON_WORDS: Final = frozenset({"passport", "pasport", "surname", "soyad", "soyadi", "lastname", "familyname"})
_FINS: Final = ("5ABC123", "0000000", "ZZZZZZZ")
_NO_FINS: Final = ("", "5ABC1234", "5abc-12")
_MOST_STEPS: Final = 20_000
_MOST_DEPTH: Final = 16  # restrictions of restrictions


@dataclass(frozen=True, slots=True)
class FinField:
    """An element or attribute that is a FIN by its name.

    Attributes:
        name: its local name.
        where: document's namespace and line, for people.
        takes: whether its type takes a value.
    """

    name: str
    where: str
    takes: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class PersonFields:
    """What of persons a contract speaks of.

    Attributes:
        fins: every FIN, in whatever message.
        asks_by_fin: whether any request takes one.
        asked_otherwise: names of elements by which requests ask for a person without one.
    """

    fins: tuple[FinField, ...]
    asks_by_fin: bool
    asked_otherwise: tuple[str, ...]


def means_fin(name: str) -> bool:
    """Whether a name means a FIN: ``fin``, ``FIN``, ``finKod``, ``personFin``, ``pin`` …, and not ``finish``."""
    words = _words(name)
    return any(word in _FIN_WORDS for word in words) or "".join(words) in _FIN_NAMES


def fin_problem(declaration: Element, name: str, components: Components) -> str:
    """Why an element or attribute cannot be named as the place of a FIN; "" where it can.

    Args:
        name: its local name.  A type that takes other texts too is let through where the name means a FIN.
    """
    if _is_complex(declaration, components):
        return "it holds elements and is no value"
    takes = _taker(declaration, components)
    refused = next((value for value in _FINS if not takes(value)), None)
    if refused is not None:
        return f"its type refuses {refused!r}, which is a FIN"
    other = next((value for value in _NO_FINS if takes(value)), None)
    if other is not None and not means_fin(name):
        return f"its type takes {other!r}, which is no FIN, and its name does not say that it is one"
    return ""


def person_fields(contract: Contract) -> PersonFields:
    """Find every FIN of a contract, and by what its requests ask for persons."""
    components = index(contract)
    declared = list(_declarations(components))
    fins = [
        FinField(name, _where(declaration, components), _taker(declaration, components))
        for name, declaration in declared
        if means_fin(name) and not _is_complex(declaration, components)
    ]
    asked = {name for operation in contract.operations for name in _reached(operation.input, components)}
    otherwise = sorted(
        name for name in asked if _PERSON_WORDS & {*_words(name), "".join(_words(name))} and not means_fin(name)
    )
    return PersonFields(tuple(fins), any(map(means_fin, asked)), tuple(otherwise))


def _words(name: str) -> tuple[str, ...]:
    # Azerbaijani letters count as their nearest Latin ones: FİN is a FIN.
    plain = unicodedata.normalize("NFKD", name.replace("ı", "i").replace("ə", "e").replace("Ə", "E"))
    ascii_ = plain.encode("ascii", "ignore").decode()
    return tuple(
        part.lower() for word in _WORDS.findall(ascii_.replace("_", " ")) for part in _HUMPS.split(word) if part
    )


def _declarations(components: Components) -> Iterator[tuple[str, Element]]:
    for root in components.home:
        for declaration in root.iter(xs("element"), xs("attribute")):
            if declaration.get("name"):
                yield declaration.get("name") or "", declaration


def _where(declaration: Element, components: Components) -> str:
    return place(f"schema of {shown(components.namespace(declaration))}", declaration)


def _is_complex(declaration: Element, components: Components) -> bool:
    """Whether a declaration holds elements, and so is a group of values and not a FIN itself."""
    inner = declaration.find(xs("complexType"))
    if inner is None:
        inner = components.by_name.get(("type", components.name(declaration, "type") or ""))
    return inner is not None and inner.tag == xs("complexType") and inner.find(xs("simpleContent")) is None


def _taker(declaration: Element, components: Components) -> Callable[[str], bool]:
    """Make the declaration's simple type anew, alone, and let libxml2 judge values by it."""
    definition = _simple(declaration, components, 0)
    if definition is None:
        return lambda value: True
    schema = etree.Element(xs("schema"), nsmap={"xs": XSD})
    element = etree.SubElement(schema, xs("element"), name="v")
    element.append(definition)
    try:
        compiled = compile_schema(etree.tostring(schema), "fin.xsd", lambda _: None)
    except SchemaInvalid:
        return lambda value: False

    def takes(value: str) -> bool:
        made = etree.Element("v")
        made.text = value
        return bool(compiled.validate(made))

    return takes


def _simple(holder: Element, components: Components, depth: int) -> Element | None:
    """An anonymous simpleType with all the restrictions of the one at ``holder``; None where nothing restricts it."""
    if depth > _MOST_DEPTH:
        return None
    inner = next(holder.iterchildren(xs("simpleType"), xs("complexType")), None)
    name = components.name(holder, "type") or components.name(holder, "base")
    if inner is None and name is not None:
        if namespace_of(name) == XSD:
            return None if local(name) in ("string", "anyType", "anySimpleType") else _based(f"xs:{local(name)}")
        inner = components.by_name.get(("type", name))
    if inner is None:
        return None
    content = inner.find(xs("simpleContent"))
    step = next((inner if content is None else content).iterchildren(xs("restriction"), xs("extension")), None)
    if step is None:
        return None  # a list or a union says nothing that a FIN could be held to
    below = _simple(step, components, depth + 1)
    made = _based("xs:string") if below is None else etree.Element(xs("simpleType"))
    restriction = made.find(xs("restriction")) if below is None else etree.SubElement(made, xs("restriction"))
    assert restriction is not None
    if below is not None:
        restriction.append(below)
    for facet in step:
        if facet.get("value") is not None and str(facet.tag).startswith(f"{{{XSD}}}"):
            etree.SubElement(restriction, str(facet.tag), value=facet.get("value") or "")
    return made


def _based(base: str) -> Element:
    made = etree.Element(xs("simpleType"), nsmap={"xs": XSD})
    etree.SubElement(made, xs("restriction"), base=base)
    return made


def _reached(element: str, components: Components) -> Iterable[str]:
    """Local names of every element and attribute that can stand inside a global element, its own name left out."""
    start = components.by_name.get(("element", element))
    found: set[str] = set()
    seen: set[Element] = set()
    waiting = [] if start is None else [start]
    while waiting and len(seen) < _MOST_STEPS:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        for node in at.iter(f"{{{XSD}}}*"):
            if node is not start and node.tag in (xs("element"), xs("attribute")) and node.get("name"):
                found.add(node.get("name") or "")
            for attribute, kind in (("type", "type"), ("base", "type"), ("ref", local(str(node.tag)))):
                name = components.name(node, attribute)
                target = None if name is None else components.by_name.get((kind, name))
                if target is not None:
                    waiting.append(target)
                    if attribute == "ref" and target.get("name") and kind in ("element", "attribute"):
                        found.add(target.get("name") or "")
    return found
