"""Check ``exchange``: one signed exchange passes through a bus to the provider and back, as every later one will."""

from typing import Final

from esb.admin.checks.model import Context, Finding, NotTried, Result, judged, not_applicable

NAME: Final = "exchange"
TITLE: Final = "A signed exchange passes through the bus"
REASONS: Final = frozenset(
    {
        *("trial-request", "answer-fault", "receipt"),
        *("PRV-01", "PRV-02", "PRV-03", "PRV-04", "PRV-06", "PRV-07", "SCH-01", "SCH-02"),
    }
)
"""What a provider or its application is wrong in; a trial request that no message may be is told by its own rule."""


def check(context: Context) -> Result:
    """Fails when the bus refuses, or the signed answer or its receipt does not hold."""
    terms = context.subject.terms
    if not terms.endpoint or terms.adapter != "soap":
        return not_applicable(NAME, "no endpoint is asked for")
    try:
        exchanged = context.try_once()
    except NotTried as error:
        return not_applicable(NAME, str(error))
    findings = []
    if exchanged.refusal:
        rule, _, reason = exchanged.refusal.partition(": ")
        findings.append(
            Finding(
                rule,
                f"{context.operation.name}: {reason}",
                "mend what the rule says; where the service needs other values, name a trial request",
            )
        )
    findings += [
        Finding("receipt", problem, "tell the operator: this is the bus's own") for problem in exchanged.receipt
    ]
    return judged(NAME, findings, {"operation": context.operation.name, **exchanged.facts})
