"""Check ``schemas``: contents can be judged by the contract's schemas, within time and memory."""

from typing import Final

from esb.admin.checks.model import Context, Finding, Result, judged, not_applicable

NAME: Final = "schemas"
TITLE: Final = "Schemas compile, and are safe to judge by"
REASONS: Final = frozenset({"schema-unfit", "schema-not-judged"})


def check(context: Context) -> Result:
    """Fails by each problem that libxml2 and xmlschema find; what is not judged by is a warning."""
    if context.subject.contract is None:
        return not_applicable(NAME, "no contract is asked for")
    checked = context.schemas
    findings = [Finding("schema-unfit", problem, "mend the schema and file it again") for problem in checked.problems]
    findings += [
        Finding("schema-not-judged", note, "simplify the schema if this is to be judged", grave=False)
        for note in checked.notes
    ]
    return judged(NAME, findings, {"documents": len(context.subject.contract.documents)})
