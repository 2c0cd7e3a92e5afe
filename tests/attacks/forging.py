"""Messages whose signature is changed and then made again with a real key, so that its value is right for what it says.

What is refused is thus refused for its form, not for a broken value.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from lxml import etree
from support.client import GET_PERSON, NS, WSU_ID, Consumer
from support.handmade import Choices, _value, handmade

from esb.kernel.soap import SoapVersion

DS: Final = f"{{{NS['ds']}}}"
_PLAIN: Final = Choices()
Change = Callable[[Any, Any], object]
"""Changes a message: given its root and its ds:Signature."""


def forge(
    consumer: Consumer,
    version: SoapVersion,
    before: Change | None = None,
    after: Change | None = None,
    *,
    body: bytes = GET_PERSON,
    headers: Sequence[bytes] = (),
    choices: Choices = _PLAIN,
    digests: bool = False,
) -> bytes:
    """A message by hand: ``before`` the signature's value is made, ``after`` it.

    Args:
        digests: make the digests of plain references again too, after ``before``.
    """
    root = etree.fromstring(handmade(consumer, body, version, headers, choices))
    signature = root.find(".//ds:Signature", NS)
    if before is not None:
        before(root, signature)
        if digests:
            digest_again(root, signature)
        value = signature.find("ds:SignatureValue", NS)
        if value is not None and signature[0].tag == f"{DS}SignedInfo" and signature[1] is value:
            _value(signature, consumer, choices)
    if after is not None:
        after(root, signature)
    return etree.tostring(root)


def digest_again(root: Any, signature: Any) -> None:
    """SHA-256 of the exclusive form of whatever each reference names, if anything has that identifier."""
    for reference in signature.iter(f"{DS}Reference"):
        name = (reference.get("URI") or "")[1:]
        target = next((each for each in root.iter(etree.Element) if name in (each.get(WSU_ID), each.get("Id"))), None)
        value = reference.find("ds:DigestValue", NS)
        if target is not None and value is not None and name:
            octets = etree.tostring(target, method="c14n", exclusive=True)
            value.text = base64.b64encode(hashlib.sha256(octets).digest()).decode()


def element(text: str) -> Any:
    """An element of its text, with the usual prefixes bound."""
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
    found = etree.fromstring(f"<x {declared}>{text}</x>")[0]
    return found
