"""A message without what its Body holds: every other octet stays as it came.

The Body's tags stay, so that the signature's reference to it still has its target.  What a signature covers besides,
headers and Timestamp, keeps its canonical form, because no exclusive canonical form of a header depends on the Body
beside it; and the Body's own digest stands in the record's leaf.  So the signature itself can still be verified: its
value over SignedInfo, each header's digest, and that SignedInfo names the Body's digest that the leaf has.

Where the Body cannot be cut out with certainty (the message came as UTF-16, or is no SOAP envelope) nothing is kept.
"""

import re
from typing import Final

from esb.kernel.faults import Refusal
from esb.kernel.soap import open_envelope
from esb.kernel.xml import XmlLimits, parse_message

_TOKEN: Final = re.compile(
    rb"""<(?:!--.*?-->|!\[CDATA\[.*?\]\]>|\?.*?\?>|(/?)([^\s/>!?]+)(?:[^<>"']|"[^"<]*"|'[^'<]*')*>)""", re.DOTALL
)
_ANY: Final = 1 << 31
# The bus took or wrote the message itself, within its limits.
_LIMITS: Final = XmlLimits(_ANY, _ANY, _ANY, _ANY, 256)


def without_body(message: bytes) -> bytes:
    """Cut what stands between the Body's tags out of an envelope; b"" where that cannot be done."""
    tag = _body_tag(message)
    if tag is None:
        return b""
    if tag[0].endswith(b"/>"):
        cut = message
    else:
        # The last one: whatever else is called so, in text or beneath, stands before it.
        end = message.rfind(b"</" + tag[2], tag.end())
        if end < 0:
            return b""
        cut = message[: tag.end()] + message[end:]
    return cut if _is_empty(cut) else b""


def _body_tag(message: bytes) -> re.Match[bytes] | None:
    """The Body's opening tag: the first one of this local name right beneath the root."""
    depth = 0
    for token in _TOKEN.finditer(message):
        name = token[2]
        if name is None:
            continue
        if token[1]:
            depth -= 1
        elif depth == 1 and name.rpartition(b":")[2] == b"Body":
            return token
        elif not token[0].endswith(b"/>"):
            depth += 1
    return None


def _is_empty(cut: bytes) -> bool:
    """Whether it is a whole envelope whose Body holds nothing: nothing was left of it, and nothing else taken."""
    try:
        body = open_envelope(parse_message(cut, _LIMITS)).body
    except Refusal:
        return False
    return len(body) == 0 and not body.text
