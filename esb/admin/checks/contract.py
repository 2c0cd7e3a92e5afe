"""Check ``contract``: WS-I Basic Profile 1.1 and 1.2, by the ids of its statements."""

from typing import Final

from esb.admin.checks.model import Context, Finding, Result, judged, not_applicable
from esb.wsdl.conformance import breaches
from esb.wsdl.profile import STATEMENTS

NAME: Final = "contract"
TITLE: Final = "WSDL keeps WS-I Basic Profile"
REASONS: Final = frozenset(STATEMENTS)


def check(context: Context) -> Result:
    """Fails by each MUST that is broken; a SHOULD is a warning."""
    if context.subject.contract is None:
        return not_applicable(NAME, "no contract is asked for")
    findings = [
        Finding(one.statement.id, f"{one.where}: {one.found} ({one.statement.text})", f"{one.mend}", one.statement.must)
        for one in breaches(context.subject.contract)
    ]
    return judged(NAME, findings, {"profile": "WS-I Basic Profile 1.1, 1.2", "statements": len(STATEMENTS)})
