"""Sign: the answer gets its receipt, and the bus's signature over Body, Timestamp and receipt."""

from binascii import b2a_base64
from hashlib import sha256
from typing import Final

from esb.audit.entry import Entry, Kind, clip, record_id
from esb.audit.leaf import leaf_bytes, leaf_hash
from esb.certs.sign import PartDigest, Signer
from esb.certs.standing import check_standing
from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.clock import utc_text
from esb.kernel.directory import AnswerSignature, Service
from esb.kernel.faults import Refusal
from esb.kernel.frozen import frozen
from esb.kernel.message import Accepted, Authenticated, JudgedAnswer
from esb.kernel.soap import SoapVersion
from esb.stages import compose
from esb.stages.bridge import bridge_fault
from esb.stages.record import MICRO
from esb.stages.status import status_of_answer
from esb.stages.subjects import NOBODY, subjects_answered
from esb.stages.way import Way

_FAULT_ACTION: Final = {ns.WSA: ns.WSA + "/soap/fault", ns.WSA_2004: ns.WSA_2004 + "/fault"}


@frozen
class Signed:
    """An envelope that is ready to leave and the evidence that must be durable before it does.

    Attributes:
        envelope: what leaves; empty for a one-way operation, which is answered by HTTP 202 alone.
        entry, leaf: the record's facts and their canonical octets, whose hash the receipt already cites.
        received: the bytes that the record keeps as received: the provider's signed answer, or a refused message.
        judged: the answer that was signed; None for a fault of the bus.
    """

    version: SoapVersion
    status: int
    envelope: bytes
    entry: Entry
    leaf: bytes
    received: bytes
    retry_after: int | None = None
    judged: JudgedAnswer | None = None


def sign(message: JudgedAnswer, way: Way) -> Signed:
    """Put the answer into a signed envelope of the request's SOAP version, with ``exch:Receipt``."""
    verified = message.verified
    accepted = verified.answered.routed.accepted
    received = accepted.validated.authorized.authenticated.parsed.received
    version = received.version
    content = verified.content
    if verified.is_fault and verified.payload is not None and verified.version is not version:
        content = bridge_fault(verified.payload, version, verified.prefixes)
    body, body_part = compose.body_element(version, f"body-{received.exchange}", content, verified.prefixes)
    now = way.clock.now()
    answer = verified.answered.answer
    entry = answer_entry(message, sha256(answer.data).hexdigest(), body_part.sha256.hex(), now, way)
    leaf = leaf_bytes(entry)
    kept = answer.data if verified.provider_signed else b""
    if verified.answered.routed.outgoing.operation.output is None and not verified.is_fault:
        return Signed(version, 202, b"", entry, leaf, kept, judged=message)
    receipt, receipt_part = receipt_header(accepted, entry, leaf, received.at, now)
    authorized = accepted.validated.authorized
    action = "" if verified.is_fault else authorized.operation.output_action
    authenticated = authorized.authenticated
    headers, parts = addressing_headers(authenticated, action)
    security = way.signer_for(authenticated.signature.algorithm).security_header(
        version, (body_part, receipt_part, *parts), now, way.answer_lifetime, received.exchange, None
    )
    owners = (
        ()
        if verified.answered.routed.outgoing.service.answer_signature is not AnswerSignature.HOSTED
        else (_owners_security(message, body_part, way, now),)
    )
    # The bus's own first: stacks that know no actors take the first they meet.
    octets = compose.envelope(version, (security, *owners, receipt, *headers), body)
    return Signed(version, status_of_answer(verified.payload, version), octets, entry, leaf, kept, judged=message)


def _owners_security(message: JudgedAnswer, body: PartDigest, way: Way, now: float) -> bytes:
    """The owner's word: a second ``wsse:Security``, for an actor of its own, over the same Body."""
    received = message.verified.answered.routed.accepted.validated.authorized.authenticated.parsed.received
    signer = hosted_signer(message.verified.answered.routed.outgoing.service, way, now)
    return signer.security_header(
        received.version, (body,), now, way.answer_lifetime, f"owner-{received.exchange}", ns.OWNER_ACTOR
    )


def hosted_signer(service: Service, way: Way, now: float) -> Signer:
    """Who signs for a service's owner that signs nothing itself.

    Raises:
        Refusal: PRV-04 when its key is not at hand or its certificate does not count now.
    """
    hosted = way.hosted.get(service.id.member)
    known = None if hosted is None else way.directory.certificates.by_sha256.get(hosted.certificate)
    if hosted is None or known is None:
        raise Refusal(
            rules.PRV_SIGNATURE, "The key that the bus keeps for the resource's owner is not at hand: ask the operator."
        )
    try:
        check_standing(known, now)
    except Refusal as refusal:
        raise Refusal(
            rules.PRV_SIGNATURE,
            "The certificate of the resource's owner does not count now: ask the operator.",
            {"because": refusal.rule.id},
        ) from refusal
    return hosted.signer


def receipt_header(
    accepted: Accepted | None, entry: Entry, leaf: bytes, received_at: float, now: float
) -> tuple[bytes, PartDigest]:
    """``exch:Receipt``: binds what leaves to the request it answers and to both evidence records.

    Args:
        accepted: the recorded request; None when it was refused before it was recorded.
        entry, leaf: of the record of what leaves.
    """
    request = ""
    digest = bytes.fromhex(entry.message_sha256) if accepted is None else accepted.digest
    if accepted is not None:
        request = (
            f"<exch:requestRecord><exch:id>{accepted.record}</exch:id>"
            f"<exch:leaf>{_base64(accepted.leaf)}</exch:leaf></exch:requestRecord>"
        )
    # All of it is the bus's own: identifiers, digests and times, in which nothing needs escaping.
    children = (
        f"<exch:exchange>{entry.exchange}</exch:exchange>{compose.digest_field(digest)}{request}"
        f"<exch:answerRecord><exch:id>{entry.record}</exch:id>"
        f"<exch:leaf>{_base64(leaf_hash(leaf))}</exch:leaf></exch:answerRecord>"
        f"<exch:receivedAt>{utc_text(received_at)}</exch:receivedAt>"
        f"<exch:answeredAt>{utc_text(now)}</exch:answeredAt>"
    )
    return compose.header_element("Receipt", f"receipt-{entry.exchange}", children)


def _base64(octets: bytes) -> str:
    return b2a_base64(octets, newline=False).decode()


def answer_entry(message: JudgedAnswer, message_sha256: str, body_sha256: str, now: float, way: Way) -> Entry:
    """The facts of an answer."""
    verified = message.verified
    accepted = verified.answered.routed.accepted
    authorized = accepted.validated.authorized
    authenticated = authorized.authenticated
    received = authenticated.parsed.received
    exchange = authenticated.exchange
    paths = authorized.operation.subjects
    subject, unnamed = NOBODY if paths is None else subjects_answered(verified, paths.answer, way)
    return Entry(
        record=record_id(received.exchange, Kind.ANSWER),
        exchange=received.exchange,
        kind=Kind.ANSWER,
        at=int(now * MICRO),
        consumer=authenticated.consumer,
        client=authorized.client,
        service=authorized.service.id.text,
        operation=authorized.operation.name,
        message_id=authenticated.message_id,
        grant=authorized.grant.id,
        purpose=authorized.grant.purpose,
        legal_basis=authorized.grant.legal_basis,
        case_number=exchange.case_number or "",
        officer=exchange.officer or "",
        on_behalf_of=exchange.on_behalf_of or "",
        outcome="provider-fault" if verified.is_fault else "answered",
        rule="",
        reason=clip("; ".join(f"{each.path}: {each.expected}" for each in message.warnings)),
        stage="",
        certificate=authenticated.signature.signer.sha256.hex(),
        signature=authenticated.signature.identity.hex(),
        message_sha256=message_sha256,
        body_sha256=body_sha256,
        request_leaf=accepted.leaf.hex(),
        duration_us=int((now - received.at) * MICRO),
        provider_us=verified.answered.provider_us,
        peer=received.peer.address,
        subject=subject,
        unnamed=unnamed,
        kept=way.keeping.text(authorized.service.retention, received.at),
    )


def addressing_headers(message: Authenticated, action: str) -> tuple[tuple[bytes, ...], tuple[PartDigest, ...]]:
    """WS-Addressing headers of what answers ``message``, when it had an id (WS-Addressing 1.0 Core, section 3.4):
    RelatesTo and Action, without which a strict stack refuses the answer.

    Args:
        action: the answer's action; "" for a fault.
    """
    if message.addressed_id is None:
        return (), ()
    uri = message.addressing or ns.WSA
    ident = message.parsed.received.exchange
    octets: list[bytes] = []
    parts: list[PartDigest] = []
    for local, value in (("Action", action or _FAULT_ACTION[uri]), ("RelatesTo", message.addressed_id)):
        name = f"{local.lower()}-{ident}"
        block = (
            f'<wsa:{local} xmlns:wsa="{uri}" xmlns:wsu="{ns.WSU}" wsu:Id="{name}">{compose.text(value)}</wsa:{local}>'
        ).encode()
        octets.append(block)
        parts.append(PartDigest(name, sha256(block).digest(), ()))
    return tuple(octets), tuple(parts)
