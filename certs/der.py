"""Just enough DER (X.690) to write a small structure and to look at the outside of one.

Whole structures are read and written by ``cryptography``; this serves the two places that it leaves out: the
encryption of a key file with a strong derivation, and the ``#hex`` values of distinguished names.
"""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

MALFORMED = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""The errors with which ``cryptography`` says that a certificate, request or list is not what it should be.

It reads most fields only when they are asked for, so these come from loading and from looking alike.
"""

SEQUENCE = 0x30
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06


def encode(tag: int, *contents: bytes) -> bytes:
    """One element: the one-octet ``tag``, the definite length of ``contents`` joined, and they themselves."""
    body = b"".join(contents)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + len(body).to_bytes(size, "big") + body


def encode_integer(number: int) -> bytes:
    """A non-negative INTEGER."""
    return encode(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def decode(data: bytes) -> tuple[int, bytes, bytes]:
    """Take the first element off ``data``.

    Returns:
        Its tag, its content and what follows it.

    Raises:
        ValueError: not a one-octet tag with a definite length inside ``data``.
    """
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        raise ValueError("not a DER element")
    length, start = data[1], 2
    if length >= 0x80:
        size = length & 0x7F
        start += size
        if not 1 <= size <= 4 or len(data) < start:
            raise ValueError("not a definite DER length")
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise ValueError("a DER element goes on beyond the end")
    return data[0], data[start : start + length], data[start + length :]
