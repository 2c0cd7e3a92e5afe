"""Verifying an exchange's messages against its records: by the bus's own verifier, offline.

What is read of a message is what its signature covers, and nothing else.  Of the certificates those count that the
caller gives; whether they counted at the time is judged apart (:mod:`esb.admin.evidence.paths`).
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from esb.audit.entry import Entry, Kind
from esb.audit.leaf import leaf_bytes, leaf_hash
from esb.certs.canonical import exclusive
from esb.certs.index import CertificateLoader, CertificateUnreadable
from esb.certs.profile import SignatureLimits
from esb.certs.security import has_security
from esb.certs.verify import Verifier
from esb.kernel import namespaces as ns
from esb.kernel.directory import CertificateUse
from esb.kernel.encoding import as_utf8
from esb.kernel.faults import EsbError, Refusal
from esb.kernel.message import VerifiedSignature
from esb.kernel.soap import Envelope, SoapVersion, open_envelope
from esb.kernel.xml import Element, XmlLimits, parse_message
from esb.stages.bridge import bridge_fault
from esb.stages.compose import body_element

# A message was within the bus's limits at its time, whatever they were; these bound what a forger could have put there.
_XML: Final = XmlLimits(max_bytes=128 * 1024 * 1024, max_elements=2_000_000, max_attributes=1_000, max_namespaces=1_000)
_SIGNATURE: Final = SignatureLimits(
    references=256, tokens=16, prefixes=256, headers=256, token_bytes=64 * 1024, value_bytes=16 * 1024
)
_EXCHANGE: Final = f"{{{ns.EXCHANGE}}}Exchange"
_RECEIPT: Final = f"{{{ns.EXCHANGE}}}Receipt"
_MESSAGE_IDS: Final = (f"{{{ns.WSA}}}MessageID", f"{{{ns.WSA_2004}}}MessageID")
_FIELDS: Final[Mapping[str, str]] = {"caseNumber": "case_number", "officer": "officer", "onBehalfOf": "on_behalf_of"}


class MessageUnproven(EsbError):
    """A message is not what its record says; the text says how."""


def verify_message(
    octets: bytes, certificates: Iterable[bytes], actor: str | None = None
) -> tuple[Envelope, VerifiedSignature]:
    """Verify a message's signature.

    Args:
        octets: as they were received or sent.
        certificates: DER of those that may have signed.
        actor: whom the signature is addressed to; None for the bus's own, and those that are addressed to it.

    Raises:
        MessageUnproven: it has no signature that holds, by none of them.
    """
    loader = CertificateLoader()
    try:
        known = [loader.known(der, "", CertificateUse.SIGNING, None, None) for der in certificates]
        data = as_utf8(octets)
        envelope = open_envelope(parse_message(data, _XML), data)
        return envelope, Verifier(_SIGNATURE).verify(envelope, loader.index(known), actor=actor)
    except (Refusal, CertificateUnreadable) as error:
        rule = f" ({error.rule.id})" if isinstance(error, Refusal) else ""
        text = error.reason if isinstance(error, Refusal) else str(error)
        raise MessageUnproven(f"its signature does not hold{rule}: {text}") from None


def has_owners_word(envelope: Envelope) -> bool:
    """Whether an answer carries a second signature, by the key that the bus keeps for the owner (ANS-07)."""
    return has_security(envelope, ns.OWNER_ACTOR)


def check_digest(octets: bytes, entry: Entry) -> None:
    """Check that a message is, octet for octet, the one that was recorded as received.

    Raises:
        MessageUnproven: it is another.
    """
    if sha256(octets).hexdigest() != entry.message_sha256:
        raise MessageUnproven("its SHA-256 is not the one that the record states")


def check_request(signature: VerifiedSignature, entry: Entry) -> tuple[str, ...]:
    """Check that a consumer's signature is the one of the record, and that the record says what was signed.

    Returns:
        The local names of the parts that are signed.

    Raises:
        MessageUnproven: it is another signature, by another certificate, over another Body or with other headers.
    """
    if signature.identity.hex() != entry.signature:
        raise MessageUnproven("it is under another signature than the record states")
    if signature.signer.sha256.hex() != entry.certificate:
        raise MessageUnproven("it is signed with another certificate than the record states")
    # The record of a refusal states the Body that was sent, not the one that was asked with.
    if entry.kind is Kind.REQUEST and signature.body.sha256.hex() != entry.body_sha256:
        raise MessageUnproven("its Body is not the one whose digest the record states")
    stated = _stated(signature)
    for name, value in stated.items():
        if getattr(entry, name) not in (value, "" if entry.kind is Kind.REFUSAL else value):
            raise MessageUnproven(f"the record states another {name} than the signed headers")
    blocks = tuple(str(block.element.tag).rpartition("}")[2] for block in signature.blocks)
    return ("Body", "Timestamp", *blocks)


def _stated(signature: VerifiedSignature) -> dict[str, str]:
    """What the signed headers say of what a record states too."""
    found = {"message_id": signature.identity.hex(), **dict.fromkeys(_FIELDS.values(), "")}
    addressed = ""
    for block in signature.blocks:
        if block.element.tag == _EXCHANGE:
            for child in block.element:
                local = str(child.tag).rpartition("}")[2]
                if local == "id":
                    found["message_id"] = _text(child)
                elif local in _FIELDS:
                    found[_FIELDS[local]] = _text(child)
        elif block.element.tag in _MESSAGE_IDS:
            addressed = _text(block.element)
    return {**found, "message_id": addressed or found["message_id"]}


def is_silent(entry: Entry) -> bool:
    """Whether a record states that nothing was sent: a one-way request is answered by HTTP 202 alone (ANS-05)."""
    bodies = (body_element(version, f"body-{entry.exchange}", b"")[1].sha256.hex() for version in SoapVersion)
    return entry.kind is Kind.ANSWER and entry.body_sha256 in bodies


def check_sent(sent: bytes, signature: VerifiedSignature | None, entry: Entry) -> None:
    """Check that what was sent is under the bus's signature of this exchange, with the Body that was recorded.

    Args:
        signature: None where nothing was sent (:func:`is_silent`).

    Raises:
        MessageUnproven: it is not.
    """
    if signature is None:
        if sent or not is_silent(entry):
            raise MessageUnproven("the record states a Body, and none is here")
        return
    if signature.signature.get("Id") != f"SIG-{entry.exchange}":
        raise MessageUnproven("it is under the bus's signature of another exchange")
    if signature.body.sha256.hex() != entry.body_sha256:
        raise MessageUnproven("its Body is not the one whose digest the record states")


def check_owners_word(signature: VerifiedSignature, entry: Entry) -> None:
    """Check that the second signature on an answer is over the Body that was recorded, in this exchange.

    Raises:
        MessageUnproven: it is not.
    """
    if signature.signature.get("Id") != f"SIG-owner-{entry.exchange}":
        raise MessageUnproven("the owner's word is of another exchange")
    if signature.body.sha256.hex() != entry.body_sha256:
        raise MessageUnproven("the owner's word is not over the Body whose digest the record states")


def check_receipt(signature: VerifiedSignature, own: Entry, request: Entry | None) -> None:
    """Check that the signed receipt binds an answer or refusal to its two records and to the request (ANS-02).

    Args:
        own: the record of what was sent.
        request: that of the request; None where it was refused before it was recorded.

    Raises:
        MessageUnproven: it does not.
    """
    receipts = [block.element for block in signature.blocks if block.element.tag == _RECEIPT]
    if len(receipts) != 1:
        raise MessageUnproven("it has no receipt under the bus's signature")
    said = {path: _path(receipts[0], path) for path in _receipt_paths()}
    wanted = {
        "exchange": own.exchange,
        "requestDigest": _base64(bytes.fromhex((request or own).message_sha256)),
        "requestRecord/id": "" if request is None else request.record,
        "requestRecord/leaf": "" if request is None else _base64(leaf_hash(leaf_bytes(request))),
        "answerRecord/id": own.record,
        "answerRecord/leaf": _base64(leaf_hash(leaf_bytes(own))),
    }
    for path, value in wanted.items():
        if said[path] != value:
            raise MessageUnproven(f"its receipt names another {path} than the records here")


def receipt_leaves(signature: VerifiedSignature) -> tuple[str, set[str]]:
    """What a receipt cites: the exchange, and the leaf hashes (hex) of its records.

    Raises:
        MessageUnproven: there is no receipt under the signature.
    """
    receipts = [block.element for block in signature.blocks if block.element.tag == _RECEIPT]
    if len(receipts) != 1:
        raise MessageUnproven("it has no receipt under the bus's signature")
    leaves = (_path(receipts[0], f"{name}/leaf") for name in ("requestRecord", "answerRecord"))
    try:
        return _path(receipts[0], "exchange"), {b64decode(leaf, validate=True).hex() for leaf in leaves if leaf}
    except ValueError:
        raise MessageUnproven("its receipt is not of the form that the bus writes") from None


def check_same_content(provider: Envelope, given: Envelope) -> bool:
    """Check that the consumer was given what the provider answered, element for element.

    Returns:
        Whether it is a fault that was put into the request's SOAP version (ANS-04): then it is so put here too.

    Raises:
        MessageUnproven: it was given something else.
    """
    one, other = provider.payload, given.payload
    if one is None or other is None:
        if one is not other:
            raise MessageUnproven("the one has content and the other has none")
        return False
    bridged = one.tag == provider.version.fault_tag and provider.version is not given.version
    if bridged:
        one = parse_message(bridge_fault(one, given.version), _XML)
    if exclusive(one, ()) != exclusive(other, ()):
        raise MessageUnproven("its content is not what the consumer was given")
    return bridged


def _receipt_paths() -> tuple[str, ...]:
    records = ("requestRecord", "answerRecord")
    return ("exchange", "requestDigest", *(f"{record}/{part}" for record in records for part in ("id", "leaf")))


def _path(element: Element, path: str) -> str:
    """The text at a path of the bus's own elements; "" where there is not exactly one."""
    at = element
    for local in path.split("/"):
        found = at.findall(f"{{{ns.EXCHANGE}}}{local}")
        if len(found) != 1:
            return ""
        at = found[0]
    return at.text or ""


def _text(element: Element) -> str:
    return (element.text or "").strip(" \t\r\n")


def _base64(octets: bytes) -> str:
    return b64encode(octets).decode()
