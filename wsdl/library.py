"""What contracts may share: the types of ``urn:shluz:types:1``, and classifiers, lists of codes with their names.

Both are files of the product, published by every bus, and never change but by additions that break nobody.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from esb.kernel.faults import EsbError

TYPES: Final = "urn:shluz:types:1"
"""The namespace of the shared types."""

TYPES_NAME: Final = "types-1.xsd"
"""The file that holds them, and its name wherever it is published."""

_FOLDER: Final = Path(__file__).parent / "library"


class ClassifierUnknown(EsbError):
    """There is no classifier of the name asked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A code with its name in Azerbaijani and English."""

    code: str
    az: str
    en: str


@dataclass(frozen=True, slots=True)
class Classifier:
    """A list of codes.

    Attributes:
        version: grows with every addition.
        source: where the codes are from.
    """

    code: str
    version: int
    az: str
    en: str
    source: str
    entries: tuple[Entry, ...]

    @property
    def plain(self) -> dict[str, Any]:
        """As plain JSON."""
        entries = [{"code": each.code, "az": each.az, "en": each.en} for each in self.entries]
        return {
            "code": self.code,
            "version": self.version,
            "az": self.az,
            "en": self.en,
            "source": self.source,
            "entries": entries,
        }


@cache
def types_document() -> bytes:
    """The schema document of the shared types."""
    return (_FOLDER / TYPES_NAME).read_bytes()


@cache
def classifiers() -> Mapping[str, Classifier]:
    """Every classifier by its code, in order."""
    found = {}
    for path in sorted(_FOLDER.glob("*.json")):
        read = json.loads(path.read_text("utf-8"))
        entries = tuple(Entry(each["code"], each["az"], each["en"]) for each in read["entries"])
        found[read["code"]] = Classifier(read["code"], read["version"], read["az"], read["en"], read["source"], entries)
    return MappingProxyType(found)


def classifier(code: str) -> Classifier:
    """A classifier.  Raises :class:`ClassifierUnknown`."""
    try:
        return classifiers()[code]
    except KeyError:
        known = ", ".join(classifiers())
        raise ClassifierUnknown(f"There is no classifier {code[:64]!r}; there are {known}.") from None


def published() -> Mapping[str, tuple[str, bytes]]:
    """What the bus publishes under /schemas/: media type and content by path."""
    found = {TYPES_NAME: ("text/xml; charset=utf-8", types_document())}
    for code, each in classifiers().items():
        text = json.dumps(each.plain, ensure_ascii=False, indent=2) + "\n"
        found[f"classifiers/{code}.json"] = ("application/json", text.encode())
    return MappingProxyType(found)
