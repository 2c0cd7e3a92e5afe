"""Verify: the provider's answer is parsed, its signature checked where the resource demands one, its content kept
as canonical octets."""

import re
from typing import Final

from esb.certs.canonical import exclusive
from esb.certs.standing import check_standing
from esb.certs.window import check_window
from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.directory import AnswerSignature
from esb.kernel.encoding import as_utf8
from esb.kernel.faults import Refusal
from esb.kernel.message import Answered, SignedPart, VerifiedAnswer
from esb.kernel.soap import Envelope, open_envelope
from esb.kernel.xml import Element, canonicalize, parse_message
from esb.stages.validate import uncovered_types
from esb.stages.way import Way

# A qualified name in a value, alone or in a list; beyond ASCII every octet of UTF-8 is taken for part of a name.
_NAME: Final = rb"[A-Za-z_\x80-\xff][\w.\x80-\xff-]*"
# In canonical form a character reference may stand before it too: &#xA; in an attribute's list.
_QNAME_VALUE: Final = re.compile(rb"""(?<=[">\s;])(%s):%s(?=[\s"<&])""" % (_NAME, _NAME))
_DECLARED: Final = re.compile(rb"xmlns:(%s)" % _NAME)
_MOST_PREFIXES: Final = 64  # what the signature profile takes in a PrefixList
_LISTABLE: Final = re.compile(r"[^\W\d][\w.-]{0,255}")
_OURS: Final = f"{{{ns.EXCHANGE}}}*"


def verify(message: Answered, way: Way) -> VerifiedAnswer:
    """Open a provider's answer.

    Raises:
        Refusal: PRV-03 when it is no envelope that the message rules allow, PRV-04 for its signature.
    """
    answer = message.answer
    if not answer.data:
        if message.routed.outgoing.operation.output is None:
            return VerifiedAnswer(message, answer.version, None, b"", (), False, False)
        raise Refusal(rules.PRV_ANSWER, "The provider's answer is empty.")
    try:
        data = as_utf8(answer.data, answer.charset)
        envelope = open_envelope(parse_message(data, way.xml), data)
    except Refusal as refusal:
        raise _unfit(refusal) from refusal
    signed = message.routed.outgoing.service.answer_signature is AnswerSignature.REQUIRED
    body = _check_signature(envelope, message, way) if signed else None
    payload = envelope.payload
    try:
        content, prefixes = (b"", ()) if payload is None else _content(payload, data, body)
    except Refusal as refusal:
        raise _unfit(refusal) from refusal
    is_fault = payload is not None and payload.tag == envelope.version.fault_tag
    if payload is not None and ns.EXCHANGE.encode() in content and next(payload.iter(_OURS), None) is not None:
        # Signed by the bus, it would be proof of a refusal or a receipt that the bus never gave.
        raise Refusal(rules.PRV_ANSWER, "The provider's answer speaks in the bus's own name.", {"because": "exch"})
    return VerifiedAnswer(message, envelope.version, payload, content, prefixes, is_fault, signed)


def _unfit(refusal: Refusal) -> Refusal:
    return Refusal(
        rules.PRV_ANSWER,
        "The provider's answer is not a SOAP envelope that the bus passes on.",
        {"because": refusal.rule.id, **refusal.particulars},
    )


def _check_signature(envelope: Envelope, message: Answered, way: Way) -> SignedPart:
    """Verify who signed an answer; returns the Body as signed."""
    directory = way.directory
    owner = message.routed.outgoing.service.id.member
    now = way.clock.now()
    try:
        signature = way.verifier.verify(envelope, directory.certificates)
        check_standing(signature.signer, now)
        check_window(signature.created, signature.expires, now, way.window, way.skew)
        _check_types(signature.body, message, way)
    except Refusal as refusal:
        raise Refusal(
            rules.PRV_SIGNATURE,
            "The provider's signature on its answer does not hold: " + refusal.reason,
            {"because": refusal.rule.id},
        ) from refusal
    if signature.signer.owner != owner:
        raise Refusal(
            rules.PRV_SIGNATURE,
            "The answer is signed by another member than the owner.",
            {"signer": signature.signer.owner},
        )
    return signature.body


def _check_types(body: SignedPart, message: Answered, way: Way) -> None:
    """An answer's unsigned prefixes decide as little as a request's (SIG-14): the bus would sign what they mean."""
    if ns.XSI.encode() not in body.canonical:
        return
    judge = way.judges.get(message.routed.outgoing.service.contract)
    if judge is None:  # it judged the request, and was evicted since: nothing tells that a type stands alone
        raise Refusal(rules.SIG_PREFIX, "The contract is not at hand to say which types it has: ask again.")
    uncovered_types(body, judge, way.xml)


def _content(payload: Element, data: bytes, body: SignedPart | None) -> tuple[bytes, tuple[str, ...]]:
    """Canonical octets of the payload, with the declarations that its values need, and the prefixes of those.

    A value can be a qualified name (xsi:type, xs:QName), whose prefix canonical XML does not see; where a value looks
    like one and its prefix is declared, the declaration is kept.
    """
    octets = None if body is None else payload_of(body)
    if octets is None:
        octets = canonicalize(payload)
    declared = {*_DECLARED.findall(data)}
    if not any(_may_stand_in_value(prefix, octets) for prefix in declared):
        return octets, ()
    # Declarations are gathered once: an answer may hold a hundred thousand values that look like names.
    found = {match.decode() for match in declared.intersection(_QNAME_VALUE.findall(octets))}
    prefixes = tuple(sorted(prefix for prefix in found if _LISTABLE.fullmatch(prefix)))
    if not prefixes:
        return octets, ()
    if len(prefixes) > _MOST_PREFIXES:
        raise Refusal(rules.SIG_LIMITS, "Too many prefixes stand in values.", {"limit": str(_MOST_PREFIXES)})
    return exclusive(payload, prefixes), prefixes


def payload_of(body: SignedPart) -> bytes | None:
    """The canonical octets of a signed Body's payload, cut out of the Body's own.

    Returns:
        None where they may be others when the payload stands alone: with a PrefixList, or where it uses a prefix that
        the Body's tag declares already (W3C Exclusive XML Canonicalization 1.0, section 3).
    """
    octets = body.canonical
    end = octets.find(b">") + 1
    tag, content = octets[:end], octets[end : octets.rfind(b"</")].strip(b" \t\n")
    # A ">" may stand in an attribute's value; then a quote is still open.
    if body.prefixes or tag.count(b'"') % 2 or b' xmlns="' in tag or not content.startswith(b"<"):
        return None
    if not content.endswith(b">") or any(prefix + b":" in content for prefix in _DECLARED.findall(tag)):
        return None
    return content


def _may_stand_in_value(prefix: bytes, octets: bytes) -> bool:
    """Whether ``prefix:`` stands anywhere but in elements' tags.  Counting costs a tenth of looking at each value."""
    name = prefix + b":"
    return name in octets and octets.count(name) > octets.count(b"<" + name) + octets.count(b"</" + name)
