"""The commonest SignedInfo, read from its canonical octets: a shortcut, and the strictest reading there is.

Most clients write one form: exclusive canonicalization without a PrefixList, a signature algorithm without parameters,
references with one plain transform each.  Its canonical octets are then a constant text with a few holes.  Matching
that text reads exactly the octets that the signature covers, and saves the walk of the tree (some 24 us a message).
What does not match, by whatever little, goes the way of :func:`esb.certs.signed_info.read_signed_info`, which refuses
or accepts; the two agree on everything that is read here (tests/properties).
"""

import binascii
import re
from typing import Final

from esb.certs.profile import DIGEST_SIZES, SIGNATURES, SignatureLimits
from esb.certs.signed_info import Reference, SignedInfo
from esb.kernel.namespaces import DS, EXC_C14N
from esb.kernel.xml import Element, canonicalize


class _Form:
    """The constant text as written with one prefix (``ds:`` or none)."""

    def __init__(self, prefix: str) -> None:
        p = prefix + ":" if prefix else ""
        declaration = f"xmlns:{prefix}" if prefix else "xmlns"
        self.head: Final = re.compile(
            re.escape(
                f'<{p}SignedInfo {declaration}="{DS}"><{p}CanonicalizationMethod Algorithm="{EXC_C14N}">'
                f'</{p}CanonicalizationMethod><{p}SignatureMethod Algorithm="'
            ).encode()
            + rb'([^"]*)'
            + re.escape(f'"></{p}SignatureMethod>').encode()
        )
        self.reference: Final = re.compile(
            re.escape(f'<{p}Reference URI="#').encode()
            + rb"([A-Za-z0-9_.:-]{1,256})"
            + re.escape(
                f'"><{p}Transforms><{p}Transform Algorithm="{EXC_C14N}"></{p}Transform></{p}Transforms>'
                f'<{p}DigestMethod Algorithm="'
            ).encode()
            + rb'([^"]*)'
            + re.escape(f'"></{p}DigestMethod><{p}DigestValue>').encode()
            + rb"([A-Za-z0-9+/]{43,88}={0,2})"
            + re.escape(f"</{p}DigestValue></{p}Reference>").encode()
        )
        self.tail: Final = f"</{p}SignedInfo>".encode()


_FORMS: Final = (_Form("ds"), _Form(""))


def read_plain(element: Element, limits: SignatureLimits) -> tuple[SignedInfo, bytes] | None:
    """Read a ds:SignedInfo of the commonest form.

    Returns:
        What it says and its canonical octets; None when it is of another form, lawful or not.

    Raises:
        Refusal: MSG-05 when it has no canonical form.
    """
    if len(element) - 2 > limits.references:
        return None
    # Were there a PrefixList for the SignedInfo itself, these octets would not be its form; but then they hold an
    # InclusiveNamespaces, and do not match.
    octets = canonicalize(element)
    for form in _FORMS:
        head = form.head.match(octets)
        if head is not None:
            info = _read(form, octets, head)
            return None if info is None else (info, octets)
    return None


def _read(form: _Form, octets: bytes, head: re.Match[bytes]) -> SignedInfo | None:
    algorithm = SIGNATURES.get(head.group(1).decode())
    if algorithm is None:
        return None
    references = []
    at = head.end()
    while (found := form.reference.match(octets, at)) is not None:
        name, uri, text = found.groups()
        digest = uri.decode()
        try:
            value = binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            return None
        if len(value) != DIGEST_SIZES.get(digest):
            return None
        references.append(Reference(name.decode(), (), False, digest, value))
        at = found.end()
    if not references or octets[at:] != form.tail:
        return None
    return SignedInfo((), algorithm, tuple(references))
