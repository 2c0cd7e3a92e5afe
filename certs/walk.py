"""Reading a signature's elements by a fixed walk: exact children, exact attributes, exact text.

Everything in a ``wsse:Security`` header is hostile until its signature is verified, so nothing here searches: each
reader names what may stand in an element, and whatever else stands there is a refusal.
"""

import binascii
from typing import Final

from esb.kernel.faults import Refusal, Rule
from esb.kernel.xml import Element

_BLANK: Final = " \t\r\n"


def name_of(element: Element) -> str:
    """The local name of an element, shortened: fit for a refusal's particulars."""
    return str(element.tag).rpartition("}")[2][:64]


def children(element: Element, rule: Rule) -> list[Element]:
    """Return the child elements of an element that may hold no text but white space.

    Raises:
        Refusal: ``rule``, when there is text beside the children.
    """
    found = list(element)
    text = element.text
    if text and text.strip(_BLANK):
        raise _stray_text(element, rule)
    for child in found:
        text = child.tail
        if text and text.strip(_BLANK):
            raise _stray_text(element, rule)
    return found


def _stray_text(element: Element, rule: Rule) -> Refusal:
    name = name_of(element)
    return Refusal(rule, f"There is text between the parts of {name}: remove it.", {"element": name})


def check_attributes(element: Element, allowed: frozenset[str], rule: Rule) -> None:
    """Refuse an attribute that ``allowed`` (Clark names) does not list.

    Raises:
        Refusal: ``rule``.
    """
    for attribute in element.keys():  # noqa: SIM118  (an lxml element is not a mapping: iterating gives its children)
        if attribute not in allowed:
            name = name_of(element)
            raise Refusal(
                rule, f"{name} has an attribute that the profile does not know: remove it.", {"element": name}
            )


def text_of(element: Element, limit: int, rule: Rule, too_long: Rule) -> str:
    """Return the whole text of an element without children.

    The parser has dropped comments and merged CDATA, so ``.text`` of a childless element is all its text; a comment
    or a second element cannot hide a part of a value.

    Raises:
        Refusal: ``rule`` for a child element, ``too_long`` for more than ``limit`` characters.
    """
    if len(element):
        name = name_of(element)
        raise Refusal(rule, f"{name} holds an element where only text may stand.", {"element": name})
    text = element.text or ""
    if len(text) > limit:
        name = name_of(element)
        raise Refusal(too_long, f"The value of {name} is longer than the limit.", {"element": name})
    return text


def from_base64(text: str, element: Element, rule: Rule) -> bytes:
    """Decode xs:base64Binary: the alphabet, correct padding and XML white space, nothing else.

    Raises:
        Refusal: ``rule``.
    """
    try:
        octets = text.encode("ascii")
        try:
            return binascii.a2b_base64(octets, strict_mode=True)
        except binascii.Error:
            return binascii.a2b_base64(b"".join(octets.split()), strict_mode=True)
    except (UnicodeEncodeError, binascii.Error):
        name = name_of(element)
        raise Refusal(rule, f"The value of {name} is not base64.", {"element": name}) from None
