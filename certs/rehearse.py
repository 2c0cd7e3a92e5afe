"""Rehearsing a next key: an answer that was given is signed once more with it, and verified as a consumer would.

Nothing of this is on the way of a message: what is rehearsed with is what the evidence log holds of it.
"""

import hashlib
from typing import Final

from esb.certs.sign import PartDigest, Signer
from esb.certs.verify import Verifier
from esb.kernel import namespaces as ns
from esb.kernel.directory import CertificateIndex
from esb.kernel.faults import EsbError
from esb.kernel.message import VerifiedSignature
from esb.kernel.soap import open_envelope
from esb.kernel.xml import Element, XmlLimits, canonicalize, parse_message

_OPEN: Final = b"<wsse:Security"
_CLOSE: Final = b"</wsse:Security>"
_ID: Final = f"{{{ns.WSU}}}Id"
_REFERENCE: Final = f"{{{ns.DS}}}Reference"
_INCLUSIVE: Final = f"{{{ns.EXC_C14N}}}InclusiveNamespaces"
_LIFETIME: Final = 300.0


class NotAnAnswer(EsbError):
    """What was given is not an answer that the bus signed."""


def resign(answer: bytes, signer: Signer, created: float) -> bytes:
    """The same answer, with the same parts signed, by another key of the bus.

    Args:
        answer: an envelope as it left the bus.
        created: Unix seconds, for the new Timestamp.

    Raises:
        NotAnAnswer: it carries no signature of the bus.
        Refusal: it cannot be parsed.
    """
    start, end = answer.find(_OPEN), answer.find(_CLOSE)
    if start < 0 or end < start:
        raise NotAnAnswer("the answer carries no signature to rehearse with")
    root = parse_message(answer, XmlLimits())
    envelope = open_envelope(root, answer)
    marked = {part.get(_ID): part for part in (*envelope.blocks, envelope.body)}
    parts = [
        _part(marked[identifier], identifier, reference)
        for reference in root.iter(_REFERENCE)
        if (identifier := (reference.get("URI") or "#")[1:]) in marked
    ]
    if not parts:
        raise NotAnAnswer("the answer's signature covers nothing that stands in it")
    digest = hashlib.sha256(answer).hexdigest()
    security = signer.security_header(envelope.version, parts, created, _LIFETIME, f"R-{digest[:32]}", None)
    return answer[:start] + security + answer[end + len(_CLOSE) :]


def rehearse(
    answer: bytes, signer: Signer, created: float, verifier: Verifier, certificates: CertificateIndex
) -> VerifiedSignature:
    """Sign an answer with a next key and verify that; what was verified.

    Args:
        certificates: an index in which the next certificate stands.

    Raises:
        NotAnAnswer: there is nothing to rehearse with.
        Refusal: the signature does not hold, with the rule that it breaks.
    """
    again = resign(answer, signer, created)
    return verifier.verify(open_envelope(parse_message(again, XmlLimits()), again), certificates)


def _part(element: Element, identifier: str, reference: Element) -> PartDigest:
    inclusive = next(reference.iter(_INCLUSIVE), None)
    prefixes = () if inclusive is None else tuple((inclusive.get("PrefixList") or "").split())
    return PartDigest(identifier, hashlib.sha256(canonicalize(element, prefixes)).digest(), prefixes)
