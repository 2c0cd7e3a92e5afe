"""Check ``fin``: where the contract means a person, a FIN has the FIN's pattern (bulletin: FIN conformity)."""

from typing import Final

from esb.admin.checks.model import Context, Finding, NotTried, Result, judged, not_applicable
from esb.admin.subject_paths import proposals
from esb.kernel.contract import Contract
from esb.kernel.fin import FIN_LETTERS, FIN_PATTERN
from esb.wsdl.persons import FinField, person_fields

NAME: Final = "fin"
TITLE: Final = "A FIN is held to its pattern"
REASONS: Final = frozenset({"fin-pattern", "fin-missing"})

_TAKEN: Final = (
    "5ABC123",
    *(f"{'0' * at}{letter}{'0' * (6 - at)}" for letter in FIN_LETTERS for at in range(7)),
)
_REFUSED: Final = (
    "",
    "5ABC12",
    "5ABC1234",
    "5abc123",
    "5ABC12I",
    "IABC123",
    "5ABC12O",
    "OABC123",
    "5ABC12 ",
    "5ABC-12",
    "5ƏBC123",
    "5ABC12İ",
    "5ABC12٣",
    "٣ABC123",
)


def check(context: Context) -> Result:
    """Fails by each FIN whose type takes what is none, or not what is one; asking without a FIN is a warning."""
    try:
        found = person_fields(context.contract)
    except NotTried as error:
        return not_applicable(NAME, str(error))
    if not found.fins and not found.asked_otherwise:
        return not_applicable(NAME, "the contract does not speak of persons")
    findings = [finding for field in found.fins if (finding := _judge(field)) is not None]
    if found.asked_otherwise and not found.asks_by_fin:
        findings.append(
            Finding(
                "fin-missing",
                f"a person is asked for by {', '.join(found.asked_otherwise[:8])} and not by FIN",
                "let the request take a FIN: names and document numbers are not unique, and they change",
                grave=False,
            )
        )
    facts = {"fins": [f"{one.name} ({one.where})" for one in found.fins], "paths": _paths(context.contract)}
    return judged(NAME, findings, facts)


def _paths(contract: Contract) -> list[str]:
    """Where messages seem to name persons, as `esb service subject` takes it once the service is registered."""
    return [
        f"{operation} --{direction} {path.text}"
        for operation, paths in proposals(contract)
        for direction, those in (("request", paths.request), ("answer", paths.answer))
        for path in those
    ]


def _judge(field: FinField) -> Finding | None:
    mend = f"restrict it by the pattern {FIN_PATTERN}"
    wrong = next((value for value in _REFUSED if field.takes(value)), None)
    if wrong is not None:
        return Finding("fin-pattern", f"{field.name} ({field.where}) takes {wrong!r}, which is no FIN", mend)
    right = next((value for value in _TAKEN if not field.takes(value)), None)
    if right is not None:
        return Finding("fin-pattern", f"{field.name} ({field.where}) refuses {right!r}, which is a FIN", mend)
    return None
