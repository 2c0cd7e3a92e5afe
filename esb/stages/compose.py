"""Envelopes as octets, written so that they are already canonical: nothing signed is built or serialized twice.

What is signed here keeps to one form: prefixes ``soap``, ``wsu``, ``exch``, namespace declarations in prefix order
and attributes after them (Canonical XML 1.0, section 2.2), so that the exclusive canonical form of a part equals the
octets that stand in the envelope.
"""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from esb.certs.sign import PartDigest
from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import XmlLimits, canonicalize, parse_message

_WSU: Final = f'xmlns:wsu="{ns.WSU}"'
_OPEN: Final = {version: f'<soap:Envelope xmlns:soap="{version.value}"' for version in SoapVersion}
_BODY: Final = {version: f'<soap:Body xmlns:soap="{version.value}" {_WSU} wsu:Id="' for version in SoapVersion}
_REDUNDANT: Final = (b"xmlns:soap=", b"xmlns:wsu=", b'xmlns=""')
_UNBOUNDED: Final = XmlLimits(max_bytes=1 << 31)


def text(value: str) -> str:
    """Character data in canonical form (Canonical XML 1.0, section 2.3)."""
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


def iso(at: float) -> str:
    """A time as xs:dateTime in UTC with milliseconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


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
    if any(mark in content for mark in _REDUNDANT):
        # The content declares what the Body now declares around it; its canonical form inside the Body is another.
        octets = canonicalize(parse_message(octets, _UNBOUNDED), prefixes)
    return octets, PartDigest(ident, sha256(octets).digest(), prefixes)


def header_element(local: str, ident: str, children: str) -> tuple[bytes, PartDigest]:
    """One of the bus's own header blocks (``exch:Receipt``, ``exch:Forwarded``), with what its signature needs."""
    octets = f'<exch:{local} xmlns:exch="{ns.EXCHANGE}" {_WSU} wsu:Id="{ident}">{children}</exch:{local}>'.encode()
    return octets, PartDigest(ident, sha256(octets).digest(), ())


def field(local: str, value: str | None) -> str:
    """``<exch:local>value</exch:local>``, or nothing for an absent value."""
    return "" if not value else f"<exch:{local}>{text(value)}</exch:{local}>"


def envelope(
    version: SoapVersion, headers: tuple[bytes, ...], body: bytes, scope: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """A whole envelope.  ``scope`` are prefix bindings to declare on its root, for values in what is carried."""
    declarations = "".join(f' xmlns:{prefix}="{attribute(uri)}"' for prefix, uri in scope if prefix != "soap")
    head = f"{_OPEN[version]}{declarations}>".encode()
    if not headers:
        return b"".join((head, body, b"</soap:Envelope>"))
    return b"".join((head, b"<soap:Header>", *headers, b"</soap:Header>", body, b"</soap:Envelope>"))
