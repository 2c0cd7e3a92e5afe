"""A lawful value for a simple type, from its base and its facets (XML Schema part 2)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Final

from esb.kernel.namespaces import XSD
from esb.kernel.xml import Element
from esb.wsdl.pattern import NoSample, match_for

_TEXT: Final = frozenset(
    {"string", "normalizedString", "token", "anySimpleType", "Name", "NCName", "NMTOKEN", "ID", "IDREF", "ENTITY"}
    | {"language", "QName", "anyURI", "NOTATION"}
)
_OTHER: Final[Mapping[str, str]] = {
    "boolean": "true",
    "dateTime": "2026-01-15T09:30:00Z",
    "date": "2026-01-15",
    "time": "09:30:00",
    "duration": "P1D",
    "gYear": "2026",
    "gYearMonth": "2026-01",
    "gMonth": "--01",
    "gMonthDay": "--01-15",
    "gDay": "---15",
    "base64Binary": "AAAA",
    "hexBinary": "00",
    "language": "az",
    "anyURI": "urn:example:value",
    "NMTOKENS": "value",
    "IDREFS": "value",
    "ENTITIES": "value",
}
_LEAST: Final[Mapping[str, int]] = {"positiveInteger": 1, "negativeInteger": -1, "nonPositiveInteger": -1}
_NUMBERS: Final = frozenset(
    {"decimal", "float", "double", "integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger"}
    | {"nonPositiveInteger", "negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"}
)
_REAL: Final = frozenset({"decimal", "float", "double"})


@dataclass(frozen=True, slots=True)
class Facets:
    """Facets gathered from the derived type inwards; the nearest value of each counts."""

    enumeration: tuple[str, ...] = ()
    pattern: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    def with_outer(self, restriction: Element) -> "Facets":
        """These facets, completed by those of the type that is restricted further."""
        found: dict[str, list[str]] = {}
        for child in restriction:
            tag = str(child.tag)
            if tag.startswith(f"{{{XSD}}}") and child.get("value") is not None:
                found.setdefault(tag.rpartition("}")[2], []).append(child.get("value") or "")
        listed, patterns = found.pop("enumeration", []), found.pop("pattern", [])
        return replace(
            self,
            enumeration=self.enumeration or tuple(listed),
            pattern=self.pattern if self.pattern is not None else (patterns[0] if patterns else None),
            values={name: values[0] for name, values in found.items()} | dict(self.values),
        )

    def whole(self, name: str, default: int) -> int:
        """A facet that is a whole number."""
        try:
            return int(self.values.get(name, default))
        except ValueError:
            return default


def built_in(name: str, facets: Facets) -> str:
    """A value of the built-in type ``name`` (local part) under facets.  Raises :class:`NoSample`."""
    if facets.enumeration:
        return facets.enumeration[0]
    length = facets.whole("length", -1)
    least = max(facets.whole("minLength", 0), length)
    most = length if length >= 0 else facets.whole("maxLength", 256)
    if facets.pattern is not None:
        return match_for(facets.pattern, least, most)
    if name in _NUMBERS:
        return _number(name, facets)
    if name in _OTHER and name not in _TEXT:
        return _lengthened(name, least) if name in ("base64Binary", "hexBinary") else _dated(name, facets)
    if name not in _TEXT and name not in _OTHER:
        raise NoSample(f"the type {name} is not one of XML Schema's")
    return _text(name, least, most)


def _text(name: str, least: int, most: int) -> str:
    value = _OTHER.get(name, "value")
    return (value + "x" * max(0, least - len(value)))[: max(most, 0)]


def _lengthened(name: str, least: int) -> str:
    if name == "hexBinary":
        return "00" * max(least, 1)
    return base64.b64encode(bytes(least or 3)).decode()


def _dated(name: str, facets: Facets) -> str:
    # A bound of a date is itself lawful when inclusive; samples do not reckon with exclusive ones.
    return facets.values.get("minInclusive") or facets.values.get("maxInclusive") or _OTHER[name]


def _number(name: str, facets: Facets) -> str:
    step = Decimal(1)
    if name in _REAL:
        step = Decimal(1).scaleb(-min(facets.whole("fractionDigits", 2), 6))
    try:
        low = _bound(facets, "minInclusive", "minExclusive", step)
        high = _bound(facets, "maxInclusive", "maxExclusive", -step)
    except InvalidOperation:
        raise NoSample("a bound of a number is not a number") from None
    value = Decimal(_LEAST.get(name, 1))
    if low is not None and value < low:
        value = low.quantize(step, ROUND_CEILING) if step < 1 or low % 1 else low
    if high is not None and value > high:
        value = high
    return format(value.normalize(), "f") if value == value.to_integral_value() else format(value, "f")


def _bound(facets: Facets, inclusive: str, exclusive: str, step: Decimal) -> Decimal | None:
    if inclusive in facets.values:
        return Decimal(facets.values[inclusive].strip())
    if exclusive in facets.values:
        return Decimal(facets.values[exclusive].strip()) + step
    return None
