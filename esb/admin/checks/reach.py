"""Check ``reach``: the endpoint speaks SOAP: a plain request is answered by an envelope, a fault's being one too."""

from typing import Final

from esb.admin.checks.model import Context, Finding, NotTried, Result, judged, not_applicable
from esb.admin.checks.wire import Answer, WireFailed
from esb.kernel.encoding import as_utf8
from esb.kernel.faults import Refusal
from esb.kernel.soap import Envelope, SoapVersion, open_envelope
from esb.kernel.xml import XmlLimits, parse_message

NAME: Final = "reach"
TITLE: Final = "The endpoint answers SOAP"
REASONS: Final = frozenset(
    {"not-soap", "redirect", "timeout", "too-large", "not-reached", "tls-failed", "address-forbidden"}
)

_MEDIA: Final = {version.media_type: version for version in SoapVersion}
_MEND: Final = {
    "address-forbidden": "give an address that the bus may connect to, or ask the operator to allow its network",
    "not-reached": "let the bus's address through the firewall, and start the service",
    "timeout": "answer within the time",
    "tls-failed": "mend TLS, as the check before says",
    "too-large": "answer with less",
}
_CAUSES: Final = {
    "address": "address-forbidden",
    "refused": "not-reached",
    "closed": "not-reached",
    "timeout": "timeout",
    "tls": "tls-failed",
    "size": "too-large",
}


def check(context: Context) -> Result:
    """Fails when nothing answers, or what answers is no SOAP envelope."""
    terms = context.subject.terms
    if not terms.endpoint or terms.adapter != "soap":
        return not_applicable(NAME, "no endpoint is asked for")
    version = terms.provider_version
    try:
        version = version or min(context.contract.provider_versions, key=lambda one: one.value)
        action, content = context.operation.soap_action, context.request
    except NotTried:
        # The endpoint can be asked all the same: whoever speaks SOAP answers an empty Body with a fault.
        version, action, content = version or SoapVersion.V11, "", b""
    envelope = (
        f'<soap:Envelope xmlns:soap="{version.value}"><soap:Body>'.encode() + content + b"</soap:Body></soap:Envelope>"
    )
    try:
        answer = context.line.post(terms.endpoint, envelope, soap_headers(version, action))
    except WireFailed as error:
        rule = _CAUSES[error.cause]
        return judged(NAME, [Finding(rule, str(error), _MEND[rule])], {})
    facts = {
        "status": answer.status,
        "media": answer.headers.get("content-type", ""),
        "bytes": len(answer.body),
        "seconds": round(answer.seconds, 4),
    }
    findings = _judge(answer, facts)
    return judged(NAME, findings, facts)


def soap_headers(version: SoapVersion, action: str) -> dict[str, str]:
    """The HTTP headers of a request: SOAPAction quoted (WS-I R1109, R2744), or the action parameter of SOAP 1.2."""
    if version is SoapVersion.V11:
        return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
    return {"Content-Type": "application/soap+xml; charset=utf-8" + (f'; action="{action}"' if action else "")}


def _judge(answer: Answer, facts: dict[str, object]) -> list[Finding]:
    media, _, parameters = answer.headers.get("content-type", "").partition(";")
    mend = "answer the POST itself with a SOAP envelope"
    if 300 <= answer.status < 400:
        return [Finding("redirect", f"it answers HTTP {answer.status} and leads elsewhere", "give the final address")]
    if media.strip().lower() not in _MEDIA:
        return [Finding("not-soap", f"it answers HTTP {answer.status} with {media.strip()[:60] or 'no type'}", mend)]
    try:
        envelope = read_envelope(answer.body, parameters)
    except Refusal as refusal:
        return [Finding("not-soap", f"its answer is no SOAP envelope ({refusal.rule.id}: {refusal.reason})", mend)]
    payload = envelope.payload
    facts["fault"] = payload is not None and payload.tag == envelope.version.fault_tag
    return []


def read_envelope(body: bytes, parameters: str = "") -> Envelope:
    """An answer as the bus reads it.  Raises :class:`~esb.kernel.faults.Refusal`."""
    _, _, charset = parameters.partition("charset=")
    data = as_utf8(body, charset.strip().strip('"') or None)
    return open_envelope(parse_message(data, XmlLimits()), data)
