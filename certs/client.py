"""A whole signed envelope, as any WS-Security client would send one: for the demo, trials and the bus as a client."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from esb.certs.sign import PartDigest, Signer
from esb.kernel.namespaces import WSU
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import XmlLimits, canonicalize, parse_message

_WSU_ID: Final = f"{{{WSU}}}Id"
_LIMITS: Final = XmlLimits()


@dataclass(frozen=True, slots=True)
class MarkedPart:
    """An element with a wsu:Id of its own: its canonical octets, ready to be placed, and what to sign of it."""

    octets: bytes
    digest: PartDigest


def mark(octets: bytes, identifier: str) -> MarkedPart:
    """Give an element a wsu:Id and bring it into exclusive canonical form.

    Args:
        octets: one element as a document in UTF-8; every prefix that it uses is declared in it.

    Raises:
        Refusal: MSG-05 when it is not well-formed, MSG-06 to MSG-08 as for any message.
        ValueError: it is not one element.
    """
    # The wrapper binds the prefix that the new attribute will have, where the element does not.
    wrapper = parse_message(b'<part xmlns:wsu="%s">%s</part>' % (WSU.encode(), octets), _LIMITS)
    if len(wrapper) != 1:
        raise ValueError("a part to be signed is one element")
    element = wrapper[0]
    element.set(_WSU_ID, identifier)
    canonical = canonicalize(element)
    return MarkedPart(canonical, PartDigest(identifier, hashlib.sha256(canonical).digest()))


def mark_body(version: SoapVersion, content: bytes, identifier: str) -> MarkedPart:
    """The same for a Body of ``version`` around ``content``: one element's octets, or nothing."""
    return mark(b'<soap:Body xmlns:soap="%s">%s</soap:Body>' % (version.value.encode(), content), identifier)


def signed_request(
    signer: Signer,
    version: SoapVersion,
    body_xml: bytes,
    header_blocks: Sequence[bytes],
    created: float,
    ident: str,
    lifetime: float = 300.0,
) -> bytes:
    """Write an envelope whose Body, Timestamp and every header block are signed.

    Args:
        body_xml: the Body's element as octets, or b"" for an empty Body.
        header_blocks: each as octets; every prefix that one uses is declared in it.
        created: Unix seconds.
        ident: makes the envelope's identifiers unique: letters, digits, ``.``, ``_``, ``-``.
        lifetime: seconds until Expires.

    Returns:
        The envelope in UTF-8.
    """
    blocks = [mark(block, f"H{number}-{ident}") for number, block in enumerate(header_blocks, 1)]
    body = mark_body(version, body_xml, f"Body-{ident}")
    parts = [body.digest, *[block.digest for block in blocks]]
    security = signer.security_header(version, parts, created, lifetime, ident, None)
    return b"".join(
        (
            f'<soap:Envelope xmlns:soap="{version.value}"><soap:Header>'.encode(),
            security,
            *[block.octets for block in blocks],
            b"</soap:Header>",
            body.octets,
            b"</soap:Envelope>",
        )
    )
