"""Envelopes as octets, written so that they are already canonical: nothing signed is built or serialized twice.

What is signed here keeps to one form: prefixes ``soap``, ``wsu``, ``exch``, namespace declarations in prefix order
and attributes after them (Canonical XML 1.0, section 2.2), so that the exclusive canonical form of a part equals the
octets that stand in the envelope.
"""

import re
from binascii import b2a_base64
from collections.abc import Collection
from functools import lru_cache
from hashlib import sha256
from itertools import count
from typing import Final

from esb.certs.canonical import exclusive
from esb.certs.sign import PartDigest
from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import Element, XmlLimits, parse_message

_WSU: Final = f'xmlns:wsu="{ns.WSU}"'
_BODY: Final = {version: f'<soap:Body xmlns:soap="{version.value}" {_WSU} wsu:Id="' for version in SoapVersion}
_REDUNDANT: Final = (b":soap=", b":wsu=", b'=""')
_MARKUP: Final = re.compile(r"[&<>\r]")
_ANY: Final = 1 << 31
# For what the bus wrote itself from messages that were within the limits.
UNBOUNDED: Final = XmlLimits(_ANY, _ANY, _ANY, _ANY, 256)


def text(value: str) -> str:
    """Character data in canonical form (Canonical XML 1.0, section 2.3)."""
    if value.isalnum() or not _MARKUP.search(value):
        return value
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def attribute(value: str) -> str:
    """An attribute value in canonical form, for use between double quotes."""
    return (
        value.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace('"', "&quot;")
        .replace("\t", "&#x9;")
        .replace("\n", "&#xA;")
        .replace("\r", "&#xD;")
    )


def body_element(
    version: SoapVersion,
    ident: str,
    content: bytes,
    prefixes: tuple[str, ...] = (),
    declared: tuple[tuple[str, str], ...] = (),
) -> tuple[bytes, PartDigest]:
    """A soap:Body around canonical content, with what its signature needs.

    Args:
        ident: its wsu:Id.
        content: canonical octets of the payload, or nothing.
        prefixes: PrefixList that keeps the declarations which only values in the content use.
        declared: further (prefix, URI) declarations for the Body itself.
    """
    opening = _BODY[version]
    if declared:
        bindings = sorted((*declared, ("soap", version.value), ("wsu", ns.WSU)))
        opening = "<soap:Body " + " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in bindings) + ' wsu:Id="'
    octets = f'{opening}{ident}">'.encode() + content + b"</soap:Body>"
    if _declares_again(content):
        # The content declares what the Body now declares around it; its canonical form inside the Body is another.
        octets = exclusive(parse_message(octets, UNBOUNDED), prefixes)
    return octets, PartDigest(ident, sha256(octets).digest(), prefixes)


def _declares_again(content: bytes) -> bool:
    """Whether it may declare a prefix of the Body's own again, or undeclare a default namespace."""
    at = content.find(b"xmlns")
    while at >= 0:
        if content.startswith(_REDUNDANT, at + 5):
            return True
        at = content.find(b"xmlns", at + 5)
    return False


def header_element(local: str, ident: str, children: str) -> tuple[bytes, PartDigest]:
    """One of the bus's own header blocks (``exch:Receipt``, ``exch:Forwarded``), with what its signature needs."""
    octets = f'<exch:{local} xmlns:exch="{ns.EXCHANGE}" {_WSU} wsu:Id="{ident}">{children}</exch:{local}>'.encode()
    return octets, PartDigest(ident, sha256(octets).digest(), ())


def field(local: str, value: str | None) -> str:
    """``<exch:local>value</exch:local>``, or nothing for an absent value."""
    return "" if not value else f"<exch:{local}>{text(value)}</exch:{local}>"


def free_prefix(wanted: str, uri: str, listed: Collection[str], *places: Element) -> str:
    """A prefix for ``uri`` that may be declared around signed parts without changing their canonical form.

    A PrefixList makes a part's form depend on what its prefixes are bound to around it; ``wanted`` is good where no
    list names it, or where it was bound to the same at all the ``places`` that the parts come from.
    """
    if wanted not in listed or (places and all(place.nsmap.get(wanted) == uri for place in places)):
        return wanted
    return next(name for number in count(1) if (name := f"{wanted}{number}") not in listed)


def digest_field(sha256_digest: bytes) -> str:
    """``<exch:requestDigest>``: the SHA-256 of the request's bytes as received."""
    value = b2a_base64(sha256_digest, newline=False).decode()
    return f'<exch:requestDigest algorithm="{ns.SHA256}">{value}</exch:requestDigest>'


def envelope(
    version: SoapVersion,
    headers: tuple[bytes, ...],
    body: bytes,
    scope: tuple[tuple[str, str], ...] = (),
    prefix: str = "soap",
) -> bytes:
    """A whole envelope.

    Args:
        scope: prefix bindings to declare on its root, for values in what is carried.
        prefix: what the envelope's own elements have; none of ``scope``.
    """
    opening, header, header_end, end = _around(version, scope, prefix)
    if not headers:
        return b"".join((opening, body, end))
    return b"".join((opening, header, *headers, header_end, body, end))


@lru_cache(maxsize=64)
def _around(version: SoapVersion, scope: tuple[tuple[str, str], ...], prefix: str) -> tuple[bytes, bytes, bytes, bytes]:
    bindings = "".join(f' xmlns:{name}="{attribute(uri)}"' for name, uri in ((prefix, version.value), *scope))
    tags = (f"<{prefix}:Envelope{bindings}>", f"<{prefix}:Header>", f"</{prefix}:Header>", f"</{prefix}:Envelope>")
    opening, header, header_end, end = (tag.encode() for tag in tags)
    return opening, header, header_end, end
