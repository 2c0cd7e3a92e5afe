"""Finding the wsse:Security header that is addressed to the bus, and the few elements in it, by a fixed walk.

WSS 1.1 section 5 lets a receiver refuse what it does not understand.  The bus does: besides the Signature, the
Timestamp and BinarySecurityTokens, only a wsse11:SignatureConfirmation may stand there, and it is passed over.  A
UsernameToken is refused on purpose: the bus knows its consumers by certificate, and a password has no place in
evidence.
"""

from typing import Final

from esb.certs.profile import SignatureLimits
from esb.certs.walk import check_attributes, children, name_of
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.frozen import frozen
from esb.kernel.namespaces import DS, WSSE, WSSE11, WSU
from esb.kernel.soap import Envelope, is_for_bus, role_of
from esb.kernel.xml import Element

_SECURITY: Final = f"{{{WSSE}}}Security"
_SIGNATURE: Final = f"{{{DS}}}Signature"
_TIMESTAMP: Final = f"{{{WSU}}}Timestamp"
_TOKEN: Final = f"{{{WSSE}}}BinarySecurityToken"
_CONFIRMATION: Final = f"{{{WSSE11}}}SignatureConfirmation"
_PARTS: Final = [f"{{{DS}}}SignedInfo", f"{{{DS}}}SignatureValue", f"{{{DS}}}KeyInfo"]
_IDS: Final = frozenset({"Id", f"{{{WSU}}}Id"})


@frozen
class SecurityHeader:
    """The Security header addressed to the bus, taken apart; ``tokens`` are its BinarySecurityTokens."""

    element: Element
    signature: Element
    timestamp: Element
    tokens: tuple[Element, ...]


@frozen
class SignatureParts:
    """The three children of a ds:Signature."""

    signed_info: Element
    value: Element
    key_info: Element


def find_security(envelope: Envelope, limits: SignatureLimits, actor: str | None = None) -> SecurityHeader:
    """Find the one Security header addressed to the bus.  Those for other actors are not looked into.

    Args:
        actor: to find the one that is addressed to somebody else instead: whom.

    Raises:
        Refusal: SIG-01 (no such header or several; no Signature or several), SIG-02 (something else in it), TIM-01
            (not exactly one Timestamp), SIG-11 (too many header blocks or tokens).
    """
    if len(envelope.blocks) > limits.headers:
        raise Refusal(rules.SIG_LIMITS, "The Header holds too many blocks.", {"limit": str(limits.headers)})
    found: Element | None = None
    for block in envelope.blocks:
        if block.tag == _SECURITY and _is_meant(block, envelope, actor):
            if found is not None:
                raise Refusal(rules.SIG_PRESENT, "Two wsse:Security headers are addressed to the bus: send one.")
            found = block
    if found is None:
        raise Refusal(rules.SIG_PRESENT, "Sign the message: no wsse:Security header is addressed to the bus.")
    return _open(found, limits)


def has_security(envelope: Envelope, actor: str) -> bool:
    """Whether a message has a Security header that is addressed to somebody else: to whom."""
    return any(block.tag == _SECURITY and _is_meant(block, envelope, actor) for block in envelope.blocks)


def _is_meant(block: Element, envelope: Envelope, actor: str | None) -> bool:
    return is_for_bus(block, envelope.version) if actor is None else role_of(block, envelope.version) == actor


def _open(security: Element, limits: SignatureLimits) -> SecurityHeader:
    signatures: list[Element] = []
    timestamps: list[Element] = []
    tokens: list[Element] = []
    inside = children(security, rules.SIG_STRUCTURE)
    if not any(child.tag == _SIGNATURE for child in inside):
        raise Refusal(rules.SIG_PRESENT, "The Security header holds no ds:Signature: sign the message.")
    for child in inside:
        tag = child.tag
        if tag == _SIGNATURE:
            signatures.append(child)
        elif tag == _TIMESTAMP:
            timestamps.append(child)
        elif tag == _TOKEN:
            tokens.append(child)
        elif tag != _CONFIRMATION:
            name = name_of(child)
            raise Refusal(
                rules.SIG_STRUCTURE,
                "The Security header holds an element that the profile does not list: send Signature, Timestamp and "
                "BinarySecurityToken only.",
                {"element": name},
            )
    if len(tokens) > limits.tokens:
        raise Refusal(rules.SIG_LIMITS, "The Security header holds too many tokens.", {"limit": str(limits.tokens)})
    if len(signatures) != 1:
        raise Refusal(rules.SIG_PRESENT, "The Security header holds several ds:Signature: send one.")
    if len(timestamps) != 1:
        raise Refusal(rules.TIM_ONE, "The Security header must hold exactly one wsu:Timestamp.")
    return SecurityHeader(security, signatures[0], timestamps[0], tuple(tokens))


def open_signature(signature: Element) -> SignatureParts:
    """Take a ds:Signature apart: SignedInfo, SignatureValue and KeyInfo, in this order; no Object, nothing twice.

    Raises:
        Refusal: SIG-02.
    """
    check_attributes(signature, _IDS, rules.SIG_STRUCTURE)
    parts = children(signature, rules.SIG_STRUCTURE)
    if [part.tag for part in parts] != _PARTS:
        raise Refusal(
            rules.SIG_STRUCTURE,
            "A ds:Signature must hold exactly SignedInfo, SignatureValue and KeyInfo, in this order.",
        )
    return SignatureParts(*parts)
