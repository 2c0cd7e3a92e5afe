"""Reply: what leaves is recorded first; and the one place where a refusal becomes a SOAP fault with an HTTP status.

Internals never leak here: a fault holds the rule, its sentence and safe particulars, nothing of any exception's text.
"""

from hashlib import sha256
from typing import Final

from esb.audit.entry import Entry, Kind, clip, record_id
from esb.audit.leaf import leaf_bytes
from esb.audit.record import NotWritten, Record
from esb.certs.claimed import claimed_algorithm
from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.faults import Code, Refusal
from esb.kernel.message import Parsed, Replied, VerifiedSignature
from esb.kernel.soap import SoapVersion
from esb.stages import compose
from esb.stages.authenticate import SignedRefusal
from esb.stages.progress import Progress
from esb.stages.record import MICRO
from esb.stages.sign import Signed, addressing_headers, receipt_header
from esb.stages.status import fault_class, status_of
from esb.stages.subjects import subjects_refused
from esb.stages.validate import SchemaRefusal
from esb.stages.way import Way

# WSS 1.0 section 12: the standard's own names for what went wrong, where it has one.
_WSS: Final = {
    Code.SIGNATURE_MISSING: "wsse:InvalidSecurity",
    Code.SIGNATURE_INVALID: "wsse:FailedCheck",
    Code.PART_NOT_SIGNED: "wsse:InvalidSecurity",
    Code.ALGORITHM_FORBIDDEN: "wsse:UnsupportedAlgorithm",
    Code.CERTIFICATE_UNKNOWN: "wsse:SecurityTokenUnavailable",
    Code.CERTIFICATE_EXPIRED: "wsse:InvalidSecurityToken",
    Code.CERTIFICATE_REVOKED: "wsse:InvalidSecurityToken",
    Code.CERTIFICATE_NOT_YET_VALID: "wsse:InvalidSecurityToken",
    Code.KEY_USAGE_FORBIDDEN: "wsse:InvalidSecurityToken",
    Code.MESSAGE_EXPIRED: "wsu:MessageExpired",
}
_DECLARED: Final = {"wsse": ns.WSSE, "exch": ns.EXCHANGE}


async def reply(message: Signed, way: Way) -> Replied:
    """Record what leaves, then let it go.

    Raises:
        Refusal: BUS-01 when the log cannot take the record: then it does not leave.
    """
    outcome = await way.evidence.write(Record(message.entry, message.leaf, message.received, message.envelope, None))
    if isinstance(outcome, NotWritten):
        raise Refusal(
            rules.BUS_EVIDENCE, "The answer could not be recorded, so it is not given: ask the operator.", {}, 5
        )
    return Replied(message.status, message.version, message.envelope, message.retry_after)


def refuse(refusal: Refusal, progress: Progress, way: Way) -> Signed:
    """The signed fault for a refusal, with its receipt and the entry that goes on record.

    Args:
        progress: how far the message had come; nothing in it is trusted beyond what its types say.
    """
    version = progress.version
    now = way.clock.now()
    content, prefixes, declared = fault_content(refusal, progress.exchange, progress.stage, version)
    body, part = compose.body_element(version, f"body-{progress.exchange}", content, prefixes, declared)
    entry = _refusal_entry(refusal, progress, part.sha256.hex(), now, way)
    leaf = leaf_bytes(entry)
    receipt, receipt_part = receipt_header(progress.accepted, entry, leaf, progress.at, now)
    headers, parts = ((), ()) if progress.authenticated is None else addressing_headers(progress.authenticated, "")
    security = way.signer_for(_algorithm(refusal, progress)).security_header(
        version, (part, receipt_part, *parts), now, way.answer_lifetime, progress.exchange, None
    )
    raw = progress.raw
    return Signed(
        version=version,
        status=status_of(refusal.code, version, refusal.blame),
        envelope=compose.envelope(version, (security, receipt, *headers), body),
        entry=entry,
        leaf=leaf,
        received=raw if len(raw) <= way.keep_refused and progress.accepted is None else b"",
        retry_after=refusal.retry_after,
    )


def _algorithm(refusal: Refusal, progress: Progress) -> str:
    """What the refused message is signed with, or claims to be; "" before that could be read, so that shedding load
    never costs an RSA signature."""
    signature = _signature(refusal, progress)
    if signature is not None:
        return signature.algorithm
    message = progress.message
    return claimed_algorithm(message.received.data) if type(message) is Parsed else ""


def _signature(refusal: Refusal, progress: Progress) -> VerifiedSignature | None:
    """The verified signature: it names its consumer even where the message goes no further."""
    if isinstance(refusal, SignedRefusal):
        return refusal.signature
    return None if progress.authenticated is None else progress.authenticated.signature


def fault_content(
    refusal: Refusal, exchange: str, stage: str, version: SoapVersion
) -> tuple[bytes, tuple[str, ...], tuple[tuple[str, str], ...]]:
    """A soap:Fault as canonical octets for inside the Body, the PrefixList it needs, and what the Body declares.

    Code names are qualified names in text, whose prefixes canonical XML does not see: the PrefixList keeps them.
    """
    code = refusal.code
    blame = fault_class(code, version, refusal.blame)
    name = _WSS.get(code)
    if name is None and version is SoapVersion.V12:
        name = f"exch:{code.value}"
    prefix = "" if name is None else name.partition(":")[0]
    # Where the Body declares exch, exch:Fault inside does not: canonical form declares a prefix once.
    detail = _detail(refusal, exchange, stage, "" if prefix == "exch" else f' xmlns:exch="{ns.EXCHANGE}"')
    reason = compose.text(_xml(refusal.reason))
    if version is SoapVersion.V11:
        content = (
            f"<soap:Fault><faultcode>{name or f'soap:{blame}'}</faultcode>"
            f'<faultstring xml:lang="en">{reason}</faultstring>'
            f"<detail>{detail}</detail></soap:Fault>"
        )
    else:
        content = (
            f"<soap:Fault><soap:Code><soap:Value>soap:{blame}</soap:Value>"
            f"<soap:Subcode><soap:Value>{name}</soap:Value></soap:Subcode></soap:Code>"
            f'<soap:Reason><soap:Text xml:lang="en">{reason}</soap:Text></soap:Reason>'
            f"<soap:Detail>{detail}</soap:Detail></soap:Fault>"
        )
    uri = _DECLARED.get(prefix)
    if uri is None:  # soap and wsu are the Body's own
        return content.encode(), (), ()
    return content.encode(), (prefix,), ((prefix, uri),)


def _detail(refusal: Refusal, exchange: str, stage: str, declaration: str) -> str:
    violations = refusal.violations if isinstance(refusal, SchemaRefusal) else ()
    return "".join(
        (
            f"<exch:Fault{declaration}>",
            compose.field("code", refusal.code.value),
            compose.field("rule", refusal.rule.id),
            compose.field("exchange", exchange),
            compose.field("stage", stage),
            compose.field("retryable", refusal.retry.value),
            "" if refusal.retry_after is None else compose.field("retryAfter", str(refusal.retry_after)),
            *(
                f'<exch:particular name="{compose.attribute(_xml(name))}">{compose.text(_xml(value))}</exch:particular>'
                for name, value in refusal.particulars.items()
            ),
            *(
                f"<exch:violation>{compose.field('line', str(each.line))}{compose.field('column', str(each.column))}"
                f"{compose.field('path', _xml(each.path))}{compose.field('expected', _xml(each.expected))}"
                "</exch:violation>"
                for each in violations
            ),
            "</exch:Fault>",
        )
    )


def _xml(value: str) -> str:
    """A stranger's text with what XML 1.0 cannot hold taken out, and bounded."""
    short = value[:512]
    if short.isprintable():
        return short
    return "".join(each if each.isprintable() else "\ufffd" for each in short)


def _refusal_entry(refusal: Refusal, progress: Progress, body_sha256: str, now: float, way: Way) -> Entry:
    authenticated = progress.authenticated
    authorized = progress.authorized
    accepted = progress.accepted
    exchange = None if authenticated is None else authenticated.exchange
    signature = _signature(refusal, progress)
    grant = None if authorized is None else authorized.grant
    subject, unnamed = subjects_refused(progress, way)
    return Entry(
        record=record_id(progress.exchange, Kind.REFUSAL),
        exchange=progress.exchange,
        kind=Kind.REFUSAL,
        at=int(now * MICRO),
        consumer=signature.signer.owner if signature else "",
        client="" if authorized is None else authorized.client,
        service=clip(progress.path) if authorized is None else authorized.service.id.text,
        operation="" if authorized is None else authorized.operation.name,
        message_id="" if authenticated is None else authenticated.message_id,
        grant=None if grant is None else grant.id,
        purpose="" if grant is None else grant.purpose,
        legal_basis="" if grant is None else grant.legal_basis,
        case_number=(exchange and exchange.case_number) or "",
        officer=(exchange and exchange.officer) or "",
        on_behalf_of=(exchange and exchange.on_behalf_of) or "",
        outcome=refusal.code.value,
        rule=refusal.rule.id,
        reason=clip(refusal.reason),
        stage=progress.stage,
        certificate=signature.signer.sha256.hex() if signature else "",
        signature=signature.identity.hex() if signature else "",
        message_sha256=sha256(progress.raw).hexdigest(),
        body_sha256=body_sha256,
        request_leaf="" if accepted is None else accepted.leaf.hex(),
        duration_us=int((now - progress.at) * MICRO),
        provider_us=None,
        peer=progress.peer,
        subject=subject,
        unnamed=unnamed,
        kept=way.keeping.text(_retention(progress, signature, way), progress.at),
    )


def _retention(progress: Progress, signature: VerifiedSignature | None, way: Way) -> str:
    """What is to be kept of a refusal: as of an answer, where the request is on record; else by who was refused."""
    if progress.accepted is not None and progress.authorized is not None:
        return progress.authorized.service.retention
    return way.keeping.strangers if signature is None else way.keeping.refused
