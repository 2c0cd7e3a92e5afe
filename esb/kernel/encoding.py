"""In which encoding a document may come, and its way to UTF-8."""

import re
from typing import Final

from esb.kernel import rules
from esb.kernel.faults import Refusal

_DECLARATION: Final = re.compile(rb"<\?xml[ \t\r\n][^>]*?\?>")
_DECLARED_ENCODING: Final = re.compile(rb"""[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z0-9._-]+)["']""")
_UTF8_BOM: Final = b"\xef\xbb\xbf"
_MAYBE_DECLARED: Final = (b"<?", _UTF8_BOM)
_UTF16_NAMES: Final = {
    b"\xff\xfe": frozenset({"utf-16", "utf-16le"}),
    b"\xfe\xff": frozenset({"utf-16", "utf-16be"}),
}
_UTF8_NAMES: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


def as_utf8(data: bytes, charset: str | None = None) -> bytes:
    """Return the document in UTF-8, as the rules on encodings allow (MSG-02).

    UTF-8 (also declared as US-ASCII) comes back as it is; UTF-16 with a byte-order mark is transcoded and its
    XML declaration dropped.  ``charset`` is the HTTP charset parameter, if any.

    Raises:
        Refusal: MSG-02 for any other encoding, or for declarations that contradict each other.
    """
    named = None if charset is None else charset.lower()
    utf16_names = _UTF16_NAMES.get(data[:2])
    if utf16_names is not None:
        return _from_utf16(data, named, utf16_names)
    if named is not None and named not in _UTF8_NAMES:
        if named in ("utf-16", "utf-16le", "utf-16be"):
            raise Refusal(rules.HTTP_CHARSET, "The media type says UTF-16, but the document has no byte-order mark.")
        raise Refusal(
            rules.HTTP_CHARSET, "Send the message in UTF-8: this charset is not read.", {"charset": named[:40]}
        )
    encoding, _ = declaration(data)
    if encoding is not None and encoding not in _UTF8_NAMES:
        raise Refusal(
            rules.HTTP_CHARSET,
            "Send the message in UTF-8: the encoding that its XML declaration names is not read.",
            {"encoding": encoding[:40]},
        )
    return data


def _from_utf16(data: bytes, charset: str | None, lawful: frozenset[str]) -> bytes:
    if charset is not None and charset not in lawful:
        raise Refusal(
            rules.HTTP_CHARSET, "The media type says one encoding and the document's byte-order mark another."
        )
    try:
        octets = data.decode("utf-16").encode()
    except UnicodeDecodeError:
        raise Refusal(rules.HTTP_CHARSET, "The document begins like UTF-16 but is not valid UTF-16.") from None
    if octets.startswith(_UTF8_BOM):
        raise Refusal(rules.HTTP_CHARSET, "The document begins with two byte-order marks.")
    encoding, end = declaration(octets)
    if encoding is not None and encoding not in lawful:
        raise Refusal(
            rules.HTTP_CHARSET,
            "The document's byte-order mark says UTF-16 and its XML declaration another encoding.",
            {"encoding": encoding[:40]},
        )
    return octets[end:]


def declaration(data: bytes) -> tuple[str | None, int]:
    """The encoding that the XML declaration names, in lower case, and where the declaration (or the BOM) ends."""
    if not data.startswith(_MAYBE_DECLARED):
        return None, 0
    begin = len(_UTF8_BOM) if data.startswith(_UTF8_BOM) else 0
    declaration = _DECLARATION.match(data, begin)
    if declaration is None:
        return None, begin
    encoding = _DECLARED_ENCODING.search(declaration.group())
    return (None if encoding is None else encoding.group(1).decode("ascii").lower()), declaration.end()
