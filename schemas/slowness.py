r"""Where a schema's patterns can take long, and whether a message's values are short enough for them.

A pattern with polynomially many ways passes registration: ".+@.+" is lawful and harmless for an address, but takes
minutes for a megabyte of "@".  So the values that such patterns will meet are measured before they are judged.  One
value may be as long as :data:`MOST_STEPS` allow at the worst: 14,000 characters where a pattern has two ways that part
(".+@.+"), 580 where it has three (".+@.+\..+").  Many values whose worst cases add up to more are judged under a
limit of time instead, for the worst case is seldom met and long lists of addresses are lawful.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from esb.kernel.namespaces import XSD, XSI
from esb.kernel.xml import Element
from esb.schemas.content import nests_loops
from esb.schemas.part import Part
from esb.schemas.patterns import Catastrophic, Effort, effort
from esb.schemas.regex import PatternInvalid

MOST_STEPS: Final = 200_000_000  # about a second and a half in libxml2, if it comes to the worst
_QUICK: Final = Effort(0, 1)
_BEYOND: Final = Effort(60, 1)  # for what the check refuses; more than any budget from two characters on
_TYPE: Final = f"{{{XSI}}}type"
_PATTERN: Final = f"{{{XSD}}}pattern"
_DECLARATIONS: Final = tuple(f"{{{XSD}}}{kind}" for kind in ("element", "attribute", "simpleType", "complexType"))
_REFERENCES: Final = (("type", "type"), ("base", "type"), ("itemType", "type"), ("memberTypes", "type"))


@dataclass(frozen=True, slots=True)
class Slowness:
    """What it can cost to match the values of elements and attributes, by local name; others cost nothing.

    Attributes:
        elements, attributes: those whose type, however derived, has a pattern with more than one way to match.
        worst: of all, for an element whose xsi:type chooses its type.
        models: whether there are content models, too, that an invalid content can take long by.
    """

    elements: Mapping[str, Effort]
    attributes: Mapping[str, Effort]
    worst: Effort
    models: bool = False

    def measure(self, payload: Element) -> tuple[Element | None, bool]:
        """The first element with a value too long to be matched, if any, and whether all together may take long."""
        if self.worst == _QUICK:
            return None, self.models
        total = 0
        for element in payload.iter(etree.Element):
            local = str(element.tag).rpartition("}")[2]
            cost = self.worst if _TYPE in element.attrib else self.elements.get(local)
            steps = cost.steps(len(element.text)) if cost is not None and element.text else 0
            for name, value in element.attrib.items():
                cost = self.attributes.get(str(name).rpartition("}")[2])
                if cost is not None:
                    steps += cost.steps(len(value))
            if steps > MOST_STEPS:
                return element, True
            total += steps
        return None, self.models or total > MOST_STEPS


def slowness(parts: tuple[Part, ...]) -> Slowness:
    """Find the slow patterns of arranged schemas and every declaration that can come by one.

    Names are taken without their namespaces and nesting without its limits: a name that is slow somewhere counts as
    slow everywhere, which errs to the safe side.
    """
    found: dict[tuple[str, str], Effort] = {}
    users: list[tuple[tuple[str, str], set[tuple[str, str]]]] = []
    for part in parts:
        for declaration in part.root.iter(*_DECLARATIONS):
            name = declaration.get("name")
            if name is None:
                continue
            kind = etree.QName(declaration).localname
            key = (kind if kind in ("element", "attribute") else "type", name)
            own = _worst(_cost(pattern.get("value") or "") for pattern in declaration.iter(_PATTERN))
            found[key] = _worst((own, found.get(key, _QUICK)))
            users.append((key, _uses(declaration)))
    _spread(found, users)
    slow = {key: cost for key, cost in found.items() if cost != _QUICK}
    return Slowness(
        elements={name: cost for (kind, name), cost in slow.items() if kind == "element"},
        attributes={name: cost for (kind, name), cost in slow.items() if kind == "attribute"},
        worst=_worst(slow.values()),
        models=nests_loops(parts),
    )


def _cost(pattern: str) -> Effort:
    try:
        return effort(pattern)
    except (Catastrophic, PatternInvalid):
        return _BEYOND


def _worst(costs: Iterable[Effort]) -> Effort:
    degree, ways = 0, 1
    for cost in costs:
        degree, ways = max(degree, cost.degree), max(ways, cost.ways)
    return Effort(degree, ways)


def _uses(declaration: Element) -> set[tuple[str, str]]:
    """The types (and heads of substitution groups) that a declaration names, itself or inside."""
    used: set[tuple[str, str]] = set()
    for element in declaration.iter(f"{{{XSD}}}*"):
        for attribute, kind in _REFERENCES:
            # An element inside a complex type has its own entry: its type is not that of what is around it.
            if attribute != "type" or element is declaration:
                used.update((kind, name.rpartition(":")[2]) for name in (element.get(attribute) or "").split())
    if (head := declaration.get("substitutionGroup")) is not None:
        used.add(("element", head.rpartition(":")[2]))
    return used


def _spread(found: dict[tuple[str, str], Effort], users: list[tuple[tuple[str, str], set[tuple[str, str]]]]) -> None:
    changed = True
    while changed:
        changed = False
        for key, used in users:
            cost = _worst((found[key], *(found.get(name, _QUICK) for name in used)))
            if cost != found[key]:
                found[key] = cost
                changed = True
