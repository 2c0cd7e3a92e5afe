"""Check ``answer``: what the provider answered, judged by its own contract."""

from typing import Final

from esb.admin.checks.model import Context, Finding, NotTried, Result, judged, not_applicable
from esb.admin.checks.reach import read_envelope
from esb.kernel.faults import Refusal
from esb.kernel.soap import Envelope, SoapVersion
from esb.kernel.xml import Element

NAME: Final = "answer"
TITLE: Final = "The answer keeps to the contract"
REASONS: Final = frozenset({"answer-envelope", "answer-element", "answer-schema", "answer-fault"})


def check(context: Context) -> Result:
    """Fails by each violation, and by a fault that the contract does not declare."""
    answered = [one.answer for one in context.tried if one.answer]
    if not answered:
        return not_applicable(NAME, "the provider has not answered")
    try:
        envelope = read_envelope(answered[0])
        judge, operation = context.judge, context.operation
    except Refusal as refusal:
        mend = "answer with a SOAP envelope that the message rules allow"
        return judged(NAME, [Finding("answer-envelope", f"{refusal.rule.id}: {refusal.reason}", mend)], {})
    except NotTried as error:
        return not_applicable(NAME, str(error))
    payload = envelope.payload
    facts = {"operation": operation.name, "bytes": len(answered[0])}
    if payload is not None and payload.tag == envelope.version.fault_tag:
        return judged(NAME, _fault(envelope, payload, context), facts)
    name = "" if payload is None else str(payload.tag)
    if name != operation.output:
        text = f"{operation.name} answers with {name or 'an empty Body'}, and the contract says {operation.output}"
        return judged(NAME, [Finding("answer-element", text, "answer with the element of the contract")], facts)
    violations = () if payload is None else judge.judge(payload)
    findings = [
        Finding("answer-schema", f"{one.path}: {one.expected}", "mend the service, or its schema") for one in violations
    ]
    return judged(NAME, findings, facts)


def _fault(envelope: Envelope, fault: Element, context: Context) -> list[Finding]:
    holder = fault.find("detail" if envelope.version is SoapVersion.V11 else f"{{{envelope.version.value}}}Detail")
    details = [] if holder is None else list(holder)
    declared = context.contract.faults.get(context.operation.name, ())
    if details and all(str(one.tag) in declared for one in details):
        return [
            Finding("answer-schema", f"{found.path}: {found.expected}", "mend the service, or its schema")
            for one in details
            for found in context.judge.judge(one)
        ]
    text = f"{context.operation.name} answers with a fault that the contract does not declare"
    return [Finding("answer-fault", text, "name a trial request that the service answers, or declare the fault")]
