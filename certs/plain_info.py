"""The commonest SignedInfo, read from its canonical octets: a shortcut, and the strictest reading there is.

Most clients write one form: exclusive canonicalization without a PrefixList, a signature algorithm without parameters,
references with one plain transform each.  Its canonical octets are then a constant text with a few holes.  Matching
that text reads exactly the octets that the signature covers, and saves the walk of the tree; where they came as they
are (:mod:`esb.certs.verbatim`), canonicalizing them is saved as well.  What does not match, by whatever little, goes
the way of :func:`esb.certs.signed_info.read_signed_info`, which refuses or accepts; the two agree on everything that
is read here (tests/properties).
"""

import binascii
import re
from typing import Final

from esb.certs.profile import DIGEST_SIZES, SIGNATURES, SignatureLimits
from esb.certs.signed_info import Reference, SignedInfo
from esb.certs.verbatim import verbatim
from esb.kernel.namespaces import DS, EXC_C14N
from esb.kernel.xml import Element, canonicalize

_ALGORITHMS: Final = {uri.encode(): algorithm for uri, algorithm in SIGNATURES.items()}
_DIGESTS: Final = {uri.encode(): uri for uri in DIGEST_SIZES}
_NAME: Final = re.compile(rb"[A-Za-z0-9_.:-]{1,256}")


class _Form:
    """The constant text as written with one prefix (``ds:`` or none), cut at its holes."""

    __slots__ = ("head", "method_end", "prefix", "reference", "reference_end", "tail", "transforms", "value")

    def __init__(self, prefix: str) -> None:
        p = prefix + ":" if prefix else ""
        declaration = f"xmlns:{prefix}" if prefix else "xmlns"
        self.prefix = prefix
        self.head = (
            f'<{p}SignedInfo {declaration}="{DS}"><{p}CanonicalizationMethod Algorithm="{EXC_C14N}">'
            f'</{p}CanonicalizationMethod><{p}SignatureMethod Algorithm="'
        ).encode()
        self.method_end = f'"></{p}SignatureMethod>'.encode()
        self.reference = f'<{p}Reference URI="#'.encode()
        self.transforms = (
            f'"><{p}Transforms><{p}Transform Algorithm="{EXC_C14N}"></{p}Transform></{p}Transforms>'
            f'<{p}DigestMethod Algorithm="'
        ).encode()
        self.value = f'"></{p}DigestMethod><{p}DigestValue>'.encode()
        self.reference_end = f"</{p}DigestValue></{p}Reference>".encode()
        self.tail = f"</{p}SignedInfo>".encode()


_FORMS: Final = (_Form("ds"), _Form(""))


def read_plain(element: Element, limits: SignatureLimits, data: bytes) -> tuple[SignedInfo, bytes] | None:
    """Read a ds:SignedInfo of the commonest form.

    Args:
        data: the message that it was parsed from, where :func:`esb.certs.verbatim.may_be_verbatim`; else nothing.

    Returns:
        What it says and its canonical octets; None when it is of another form, lawful or not.

    Raises:
        Refusal: MSG-05 when it has no canonical form.
    """
    if len(element) - 2 > limits.references:
        return None
    if data:
        for form in _FORMS:
            octets = verbatim(data, element, form.prefix, "SignedInfo", DS)
            info = None if octets is None else _match(form, octets)
            if octets is not None and info is not None:
                return info, octets
    # Were there a PrefixList for the SignedInfo itself, these octets would not be its form; but then they hold an
    # InclusiveNamespaces, and do not match.
    octets = canonicalize(element)
    for form in _FORMS:
        info = _match(form, octets)
        if info is not None:
            return info, octets
    return None


def _match(form: _Form, octets: bytes) -> SignedInfo | None:
    if not octets.startswith(form.head):
        return None
    at = len(form.head)
    end = octets.find(b'"', at)
    algorithm = _ALGORITHMS.get(octets[at:end])
    if algorithm is None or not octets.startswith(form.method_end, end):
        return None
    at = end + len(form.method_end)
    references = []
    while octets.startswith(form.reference, at):
        at += len(form.reference)
        end = octets.find(b'"', at)
        name = octets[at:end]
        if not octets.startswith(form.transforms, end) or not _NAME.fullmatch(name):
            return None
        at = end + len(form.transforms)
        end = octets.find(b'"', at)
        digest = _DIGESTS.get(octets[at:end])
        if digest is None or not octets.startswith(form.value, end):
            return None
        at = end + len(form.value)
        end = octets.find(b"<", at)
        try:
            value = binascii.a2b_base64(octets[at:end], strict_mode=True)
        except binascii.Error:
            return None
        if len(value) != DIGEST_SIZES[digest] or not octets.startswith(form.reference_end, end):
            return None
        references.append(Reference(name.decode(), (), False, digest, value))
        at = end + len(form.reference_end)
    if not references or octets[at:] != form.tail:
        return None
    return SignedInfo((), algorithm, tuple(references))
