"""Canonical octets without canonicalizing: elements that came in exclusive canonical form already.

Most clients write SignedInfo and Timestamp in that very form, but for the namespace declaration, which stands on an
ancestor.  Where the octets of such an element can be told from the message without doubt, and a strict pattern of the
form matches them, they are its canonical octets, and a canonicalization is saved (some 10 us each).

An element's octets are told without doubt where its tag stands once in the whole message: "<" begins a tag and nothing
else where the message has no CDATA section and no comment, which the caller has made sure of.
"""

from esb.kernel.xml import Element


def may_be_verbatim(data: bytes) -> bool:
    """Whether "<" begins nothing but tags in a parsed message that has no document type declaration."""
    # One octet is found at many times the speed of two, and few messages hold it.
    return bool(data) and (b"!" not in data or b"<!" not in data)


def verbatim(data: bytes, element: Element, prefix: str, local: str, uri: str) -> bytes | None:
    """The octets of ``element`` as they came, declaring its namespace first as its canonical form does.

    Whether they are that form is not said: attributes and content are as they came, and are for the caller to match.

    Args:
        data: the message that ``element`` was parsed from, after :func:`may_be_verbatim`.
        prefix, local, uri: of the element; ``prefix`` is "" for the default namespace.

    Returns:
        None where its tag is not written with this prefix, or stands more than once.
    """
    if (element.prefix or "") != prefix:
        return None
    name = f"{prefix}:{local}".encode() if prefix else local.encode()
    opening = b"<" + name
    begin = data.find(opening)
    end = data.find(b"</" + name + b">", begin)
    if begin < 0 or end < 0 or data.find(opening, begin + 1) >= 0:
        return None
    inside = data[begin + len(opening) : end + len(name) + 3]
    declaration = f' xmlns:{prefix}="{uri}"'.encode() if prefix else f' xmlns="{uri}"'.encode()
    return opening + inside if inside.startswith(declaration) else opening + declaration + inside
