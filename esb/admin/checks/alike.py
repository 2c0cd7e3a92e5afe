"""Check ``duplicates``: whether something like it is registered already, with the scores as evidence.

Likeness is for a person to judge, so that it is a warning, however high the score.
"""

from typing import Final

from esb.admin.checks.model import Context, Finding, NotTried, Result, judged, not_applicable

NAME: Final = "duplicates"
TITLE: Final = "Nothing like it is registered already"
REASONS: Final = frozenset({"duplicate-likely"})


def check(context: Context) -> Result:
    """Warns by each registered service or resource that this may be a duplicate of; never fails."""
    try:
        contract = context.contract
    except NotTried as error:
        if context.subject.resource is None:
            return not_applicable(NAME, str(error))
        contract = None
    found = context.alike(context.subject, contract)
    findings = [
        Finding(
            "duplicate-likely",
            f"{each.key} is like it, {each.score} of 100: {'; '.join(each.reasons)}",
            f"see whether {each.key} is enough, or say in the opinion why both are needed",
            grave=False,
        )
        for each in found
    ]
    return judged(NAME, findings, {"alike": [each.plain for each in found]})
