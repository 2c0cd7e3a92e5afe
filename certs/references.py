"""Which elements a signature's references mean, and whether their digests are right.

A verified reference that means another element than the one that is then processed is signature wrapping.  Here a
reference cannot search: the few elements that may lawfully be signed are collected by identity first (the Body of this
Envelope, its header blocks, the Timestamp and the tokens of our Security header), and a reference either names one of
those or is refused.  What stages see later are these very elements, never the result of a second lookup.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from esb.certs.canonical import DEFAULT, exclusive
from esb.certs.keyinfo import KeyReference
from esb.certs.profile import DIGESTS
from esb.certs.security import SecurityHeader
from esb.certs.signed_info import Reference
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.frozen import frozen
from esb.kernel.message import SignedPart
from esb.kernel.namespaces import EXCHANGE, SHA256, WSA, WSA_2004, WSU
from esb.kernel.soap import Envelope
from esb.kernel.xml import Element, canonicalize

_WSU_ID: Final = f"{{{WSU}}}Id"
_ADDRESSING: Final = (f"{{{WSA}}}", f"{{{WSA_2004}}}")
_EXCHANGE: Final = f"{{{EXCHANGE}}}Exchange"


@frozen
class Target:
    """A reference and the element that it means; for the STR-Transform that is the token itself."""

    reference: Reference
    element: Element


def find_targets(
    envelope: Envelope, security: SecurityHeader, key: KeyReference, references: Sequence[Reference]
) -> tuple[Target, ...]:
    """Find what each reference means.

    Raises:
        Refusal: SIG-06 when it means nothing that may be signed or a part that another reference means already,
            MSG-14 when it could mean two parts, SIG-10 for an STR-Transform of a token that is not in the header.
    """
    named: dict[str, Element | None] = {}
    for part in (envelope.body, security.timestamp, *security.tokens, *envelope.blocks):
        # The Security header itself holds the Signature, which cannot sign itself.
        if part is not security.element:
            _name(named, part)
    if key.reference is not None:
        _name(named, key.reference)
    targets = []
    taken = set()
    for reference in references:
        element = named.get(reference.id)
        if element is None:
            if reference.id in named:
                raise _ambiguous(reference.id)
            raise Refusal(
                rules.SIG_REFERENCE,
                "A reference names nothing that may be signed: sign Body, Timestamp, header blocks or the token.",
                {"reference": f"#{reference.id}"},
            )
        if (element is key.reference) is not reference.token:
            raise Refusal(
                rules.SIG_REFERENCE,
                "The STR-Transform goes with the SecurityTokenReference of KeyInfo, and with nothing else.",
                {"reference": f"#{reference.id}"},
            )
        if element in taken:
            raise Refusal(
                rules.SIG_REFERENCE,
                "Two references name the same part: sign it once.",
                {"reference": f"#{reference.id}"},
            )
        taken.add(element)
        if reference.token:
            if key.token is None:
                raise Refusal(
                    rules.SIG_TRANSFORM,
                    "The STR-Transform is served for a token in the Security header only: leave it out.",
                    {"reference": f"#{reference.id}"},
                )
            element = key.token
        targets.append(Target(reference, element))
    return tuple(targets)


def _name(named: dict[str, Element | None], element: Element) -> None:
    """Enter an element under its identifiers; a name that two elements have means neither (None)."""
    wsu = element.get(_WSU_ID)
    plain = element.get("Id")
    if wsu is not None:
        named[wsu] = None if wsu in named else element
    if plain is not None and plain != wsu:
        named[plain] = None if plain in named else element


def _ambiguous(identifier: str) -> Refusal:
    return Refusal(
        rules.UNIQUE_IDS,
        "An identifier that the signature refers to stands more than once in the message: give every part its own.",
        {"id": identifier},
    )


def check_coverage(
    envelope: Envelope, security: SecurityHeader, targets: Sequence[Target], headers: bool = True
) -> None:
    """Say whether everything that a decision could rest on is signed.

    Args:
        headers: whether that is more than Body and Timestamp.

    Raises:
        Refusal: SIG-03 (Body), SIG-04 (Timestamp), SIG-05 (WS-Addressing and Exchange headers, for whatever actor).
    """
    signed = {target.element for target in targets}
    if envelope.body not in signed:
        raise Refusal(rules.SIG_BODY, "Sign the Body: the signature does not cover it.")
    if security.timestamp not in signed:
        raise Refusal(rules.SIG_TIMESTAMP, "Sign the Timestamp: the signature does not cover it.")
    for block in envelope.blocks if headers else ():
        if block not in signed:
            tag = str(block.tag)
            if tag == _EXCHANGE or tag.startswith(_ADDRESSING):
                name = tag.rpartition("}")[2][:64]
                raise Refusal(
                    rules.SIG_HEADERS, f"Sign the header {name}: the signature does not cover it.", {"header": name}
                )


def digest(target: Target, octets: bytes | None = None) -> SignedPart:
    """Canonicalize what a reference means, and compare its digest.

    Args:
        octets: its canonical form as the reference asks for it, where that is known already.

    Raises:
        Refusal: SIG-07, or MSG-05 when the part has no canonical form.
    """
    reference = target.reference
    if octets is None and reference.token:
        octets = _dereferenced(target.element, reference.prefixes)
    elif octets is None:
        octets = exclusive(target.element, reference.prefixes)
    computed = DIGESTS[reference.digest](octets).digest()
    if computed != reference.value:
        raise Refusal(
            rules.SIG_DIGEST,
            "The digest of a signed part is not the one that was signed: the part was changed on its way.",
            {"reference": f"#{reference.id}"},
        )
    sha256 = computed if reference.digest == SHA256 else hashlib.sha256(octets).digest()
    return SignedPart(target.element, reference.id, octets, reference.prefixes, sha256)


def digest_on_record(target: Target, sha256: bytes) -> SignedPart:
    """Compare the digest of a part that is not there any more with the one that a record has of it.

    Returns:
        The part, without octets.

    Raises:
        Refusal: SIG-07.
    """
    reference = target.reference
    if reference.digest != SHA256 or reference.value != sha256:
        raise Refusal(rules.SIG_DIGEST, "The digest of a signed part is not the one on record.", {})
    return SignedPart(target.element, reference.id, b"", reference.prefixes, sha256)


def _dereferenced(token: Element, prefixes: Sequence[str]) -> bytes:
    """The octets that the STR-Transform makes of a token (WSS 1.1 section 8.3).

    The token's first tag says which default namespace is in scope, used or not: ``xmlns=""`` where there is none,
    first in canonical order.  WSS4J's transform does the same.
    """
    octets = exclusive(token, (DEFAULT, *prefixes))
    name = octets[: octets.index(b">")].partition(b" ")[0]
    if octets.startswith(b' xmlns="', len(name)):
        return octets
    return name + b' xmlns=""' + octets[len(name) :]


def check_unique(envelope: Envelope, body: SignedPart, identifiers: Sequence[str]) -> None:
    """Say whether each identifier that the signature refers to stands once in the whole document.

    The targets were found without searching, so this protects not us but those who verify the same message later
    with a tool that does search: a carried signature, an evidence package.  It counts instead of walking: in the
    octets as they came where those are at hand and hold no character reference (which could spell the value
    otherwise), else in canonical forms, where an attribute of that very value always looks the same.  Only where the
    count is not one (the value may also stand in a text or in an unrelated attribute) is the document walked.

    Raises:
        Refusal: MSG-14.
    """
    if envelope.data and (b"&" not in envelope.data or b"&#" not in envelope.data):
        suspected = [identifier for identifier in identifiers if _quoted(envelope.data, identifier.encode()) != 1]
        if suspected:
            _walk_for_duplicates(envelope.root, frozenset(suspected))
        return
    octets = body.canonical
    header = b"" if envelope.header is None else canonicalize(envelope.header)
    outer = envelope.root.values()
    suspected = []
    for identifier in identifiers:
        attribute = b'="%s"' % identifier.encode()
        if octets.count(attribute) + header.count(attribute) != 1 or identifier in outer:
            suspected.append(identifier)
    if suspected:
        _walk_for_duplicates(envelope.root, frozenset(suspected))


def _quoted(data: bytes, value: bytes) -> int:
    count = data.count(b'"%s"' % value)
    return count + data.count(b"'%s'" % value) if b"'" in data else count


def _walk_for_duplicates(root: Element, suspected: frozenset[str]) -> None:
    seen: set[str] = set()
    for element in root.iter():
        values = element.values()
        if suspected.isdisjoint(values):
            continue
        # Any attribute that some processor takes for an identifier: wsu:Id, Id, ID, id, xml:id.
        own = {
            value
            for name, value in element.items()
            if value in suspected and str(name).rpartition("}")[2].lower() == "id"
        }
        if not own.isdisjoint(seen):
            raise _ambiguous(sorted(own & seen)[0])
        seen |= own
