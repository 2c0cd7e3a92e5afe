"""Record: evidence before the act.  A request is durable before it leaves for the provider, and the insert itself is
the replay check."""

from base64 import b64encode
from hashlib import sha256

from esb.audit.entry import Entry, Kind, clip, record_id
from esb.audit.leaf import leaf_bytes, leaf_hash
from esb.audit.record import Duplicate, NotWritten, Record, StoreUnavailable, replay_key
from esb.audit.seal import BodyUnreadable
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.message import Accepted, Authenticated, Authorized, Replied, Validated
from esb.stages.status import status_again
from esb.stages.subjects import NOBODY, subjects_asked
from esb.stages.way import Way

MICRO = 1_000_000


async def record_request(message: Validated, way: Way) -> Accepted | Replied:
    """Make the request's record durable; a lawful retry gets the recorded answer instead of going on.

    Raises:
        Refusal: TIM-04 for a replay, BUS-01 when the log cannot take the record.
    """
    authorized = message.authorized
    authenticated = authorized.authenticated
    received = authenticated.parsed.received
    digest = sha256(received.raw).digest()
    entry = request_entry(message, digest, way)
    leaf = leaf_bytes(entry)
    outcome = await way.evidence.write(
        Record(entry, leaf, received.raw, b"", replay_key(authenticated.consumer, authenticated.message_id))
    )
    if isinstance(outcome, Duplicate):
        return await _again(outcome, authorized, digest, way)
    if isinstance(outcome, NotWritten):
        raise Refusal(rules.BUS_EVIDENCE, "The request could not be recorded, so it was not sent on: try again.", {}, 5)
    return Accepted(message, entry.record, leaf_hash(leaf), digest)


def request_entry(message: Validated, digest: bytes, way: Way) -> Entry:
    """The facts of an accepted request."""
    authorized = message.authorized
    authenticated = authorized.authenticated
    received = authenticated.parsed.received
    exchange = authenticated.exchange
    grant = authorized.grant
    paths = authorized.operation.subjects
    subject, unnamed = NOBODY if paths is None else subjects_asked(authenticated, paths.request, way)
    return Entry(
        record=record_id(received.exchange, Kind.REQUEST),
        exchange=received.exchange,
        kind=Kind.REQUEST,
        at=int(received.at * MICRO),
        consumer=authenticated.consumer,
        client=authorized.client,
        service=authorized.service.id.text,
        operation=authorized.operation.name,
        message_id=authenticated.message_id,
        grant=grant.id,
        purpose=grant.purpose,
        legal_basis=grant.legal_basis,
        case_number=exchange.case_number or "",
        officer=exchange.officer or "",
        on_behalf_of=exchange.on_behalf_of or "",
        outcome="accepted",
        rule="",
        reason=clip("; ".join(f"{each.path}: {each.expected}" for each in message.warnings)),
        stage="record",
        certificate=authenticated.signature.signer.sha256.hex(),
        signature=authenticated.signature.identity.hex(),
        message_sha256=digest.hex(),
        body_sha256=authenticated.signature.body.sha256.hex(),
        request_leaf="",
        duration_us=int((way.clock.now() - received.at) * MICRO),
        provider_us=None,
        peer=received.peer.address,
        subject=subject,
        unnamed=unnamed,
        kept=way.keeping.text(authorized.service.retention, received.at),
    )


async def _again(seen: Duplicate, authorized: Authorized, digest: bytes, way: Way) -> Replied:
    message = authorized.authenticated
    received = message.parsed.received
    same = seen.message_sha256 == digest.hex()
    if same and _is_consumers_connection(message, way):
        try:
            answer = await way.evidence.answer_of(seen.exchange)
        except (StoreUnavailable, BodyUnreadable) as error:
            raise Refusal(
                rules.BUS_EVIDENCE, "This message is on record, but its answer cannot be read now: try again.", {}, 5
            ) from error
        if answer:
            way.log("answered again", exchange=seen.exchange, consumer=message.consumer)
            status, retry_after = status_again(answer, received.version)
            return Replied(status, received.version, answer, retry_after)
        if authorized.operation.output is None:
            # Its first record is durable, which is all that a one-way request is told (ANS-05).
            return Replied(202, received.version, b"")
        if answer is not None:
            raise Refusal(
                rules.TIM_REPLAY,
                "This message was answered, and the answer is not kept: ask anew, under an id of its own.",
                {"firstExchange": seen.exchange},
            )
        raise Refusal(rules.TIM_REPLAY, "This message was recorded and has no answer yet: ask again shortly.", {}, 2)
    reason = "This message was received before." if same else "This message id was used before for another message."
    raise Refusal(
        rules.TIM_REPLAY,
        reason + " Give each request an id and a Timestamp of its own.",
        {
            "firstExchange": seen.exchange,
            "messageIdDigest": b64encode(sha256(message.message_id.encode()).digest()[:9]).decode(),
        },
    )


def _is_consumers_connection(message: Authenticated, way: Way) -> bool:
    shown = message.parsed.received.peer.certificate_sha256
    if shown is None:
        return False
    known = way.directory.certificates.by_sha256.get(shown)
    return known is not None and known.owner == message.consumer and known.revoked is None
