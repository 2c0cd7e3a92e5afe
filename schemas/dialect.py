"""Telling XSD 1.1 from 1.0: libxml2 judges by 1.0 alone, and must not judge by half of what a schema says."""

from collections.abc import Iterator
from typing import Final

from esb.kernel.namespaces import XSD
from esb.kernel.xml import Element

_VERSIONING: Final = "http://www.w3.org/2007/XMLSchema-versioning"
_NEW_ELEMENTS: Final = frozenset(
    f"{{{XSD}}}{name}"
    for name in (
        "assert",
        "assertion",
        "alternative",
        "override",
        "openContent",
        "defaultOpenContent",
        "explicitTimezone",
    )
)
_NEW_ATTRIBUTES: Final = {
    "notNamespace": ("any", "anyAttribute"),
    "notQName": ("any", "anyAttribute"),
    "xpathDefaultNamespace": ("schema", "selector", "field"),
    "defaultAttributes": ("schema",),
    "defaultAttributesApply": ("complexType",),
    "inheritable": ("attribute",),
    "targetNamespace": ("element", "attribute"),
}
_OWNERS: Final = {
    attribute: frozenset(f"{{{XSD}}}{owner}" for owner in owners) for attribute, owners in _NEW_ATTRIBUTES.items()
}
_NEW_TYPES: Final = frozenset({"dateTimeStamp", "dayTimeDuration", "yearMonthDuration", "anyAtomicType", "error"})
_TYPE_ATTRIBUTES: Final = ("type", "base", "itemType", "memberTypes")
_ADVICE: Final = "is of XSD 1.1, which few toolkits read: write the schema in XSD 1.0"


def beyond_1_0(root: Element) -> Iterator[tuple[int, str]]:
    """Yield line and sentence for each thing in a schema document that only XSD 1.1 knows.

    What both versions spell alike but 1.1 allows more of (a repeated element in xs:all) is left to the compilers,
    which refuse it.
    """
    for element in root.iter(f"{{{XSD}}}*"):
        line = element.sourceline or 0
        local = str(element.tag).rpartition("}")[2]
        if element.tag in _NEW_ELEMENTS:
            yield line, f"xs:{local} {_ADVICE}"
        for attribute, owners in _OWNERS.items():
            if attribute in element.attrib and element.tag in owners:
                yield line, f"{attribute} on xs:{local} {_ADVICE}"
        if element.get(f"{{{_VERSIONING}}}minVersion", "1.0") not in ("1.0", ""):
            yield line, f"vc:minVersion {_ADVICE}"
        for attribute in _TYPE_ATTRIBUTES:
            for name in (element.get(attribute) or "").split():
                prefix, _, type_name = name.rpartition(":")
                if type_name in _NEW_TYPES and element.nsmap.get(prefix or None) == XSD:
                    yield line, f"the type xs:{type_name} {_ADVICE}"
