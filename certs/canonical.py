"""Exclusive canonicalization with a PrefixList that may hold ``#default``.

WSS4J lists ``#default`` where a default namespace is in scope (WS-I Basic Security Profile R5406).  libxml2 would heed
it, but lxml passes on only names that stand in the document, and ``#default`` never does: it is dropped without a word.
So the form is made without it and the default declarations, and nothing else, are then put where it says.
"""

import re
from collections.abc import Sequence
from typing import Final

from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.xml import Element, bindings, canonicalize, count_elements

DEFAULT: Final = "#default"

# libxml2 looks for each listed prefix at each element: a product above this takes seconds.
_FEW: Final = 8
_MOST_LOOKUPS: Final = 2_000_000

# In a canonical form "<" begins a tag and nothing else, and a default declaration comes first in its tag.
_TAG: Final = re.compile(rb'<(?:/[^>]*>|([^/ >]+)( xmlns="[^"]*")?)')
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}


def exclusive(element: Element, prefixes: Sequence[str]) -> bytes:
    """The exclusive canonical form of ``element`` (W3C Exclusive XML Canonicalization 1.0, section 3).

    Raises:
        Refusal: MSG-05 when it has none, SIG-11 when so long a PrefixList for so many elements takes too long.
    """
    if len(prefixes) > _FEW and len(prefixes) * count_elements(element) > _MOST_LOOKUPS:
        raise Refusal(
            rules.SIG_LIMITS,
            "A PrefixList is too long for so large a part: list only prefixes that values use.",
            {"limit": str(_MOST_LOOKUPS)},
        )
    if DEFAULT not in prefixes:
        return canonicalize(element, prefixes)
    return _with_default(element, canonicalize(element, [prefix for prefix in prefixes if prefix != DEFAULT]))


def _with_default(element: Element, octets: bytes) -> bytes:
    elements = bindings(element)
    rendered = [""]

    def place(tag: re.Match[bytes]) -> bytes:
        name = tag.group(1)
        if name is None:
            rendered.pop()
            return tag.group()
        # Treated inclusively: declared wherever it differs from what the parent's tag put in scope, used or not.
        default = next(elements)[1].get("", "")
        declared = default != rendered[-1]
        rendered.append(default)
        return b'<%s xmlns="%s"' % (name, _escape(default)) if declared else b"<" + name

    return _TAG.sub(place, octets)


def _escape(value: str) -> bytes:
    return "".join(_ESCAPES.get(character, character) for character in value).encode()
