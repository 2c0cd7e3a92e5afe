"""Check ``served``: the bus can serve what the contract says: document/literal over HTTP, one element a message."""

from typing import Final

from esb.admin.checks.model import Context, Finding, Result, judged, not_applicable

NAME: Final = "served"
TITLE: Final = "The bus can serve the contract"
REASONS: Final = frozenset({"not-served"})


def check(context: Context) -> Result:
    """Fails by each reason for which reading the contract refuses it."""
    if context.subject.contract is None:
        return not_applicable(NAME, "no contract is asked for")
    findings = []
    for problem in context.refused:
        what, _, mend = problem.rpartition(": ")
        findings.append(Finding("not-served", what or problem, mend))
    facts = {} if findings else {"operations": [one.name for one in context.contract.operations]}
    return judged(NAME, findings, facts)
