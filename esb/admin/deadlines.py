"""Reminders of the procedure's time limits: those that come near, and those that have passed; each is told once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from esb.registry.acts import Act, acting
from esb.registry.applications import list_applications
from esb.registry.findings import expire_finding
from esb.registry.inspections import list_findings, list_inspections
from esb.registry.notices import OPERATOR, Topic, tell
from esb.registry.procedure import Limits, Party, whose_turn
from esb.registry.procedure_models import FindingState, InspectionState
from esb.registry.workdays import after_working_days, day_text


@dataclass(frozen=True, slots=True)
class _Due:
    about: str
    at: float
    to: frozenset[str]
    facts: dict[str, Any]


def remind(engine: Engine, author: str, now: float, limits: Limits | None = None) -> int:
    """Tell of every time limit that is near or has passed, and mark findings overdue; returns how many were told.

    Args:
        author: who acts: the bus's own timer.
        now: Unix seconds.
        limits: how far ahead; None for the defaults.

    Raises:
        RegistryUnavailable: the database cannot be used.
    """
    ahead = (limits or Limits()).ahead
    told = 0
    with acting(engine, author, now) as act:
        for due in [*_applications(act), *_inspections(act)]:
            if due.at <= now:
                topic, to = Topic.DEADLINE_MISSED, due.to | {OPERATOR}
            elif due.at <= after_working_days(now, ahead):
                topic, to = Topic.DEADLINE_NEAR, due.to
            else:
                continue
            once = f"{due.about}:{topic.value}:{due.at:.0f}"
            told += tell(act, topic, due.about, to, {**due.facts, "due": day_text(due.at)}, once=once) is not None
    return told


def _applications(act: Act) -> Iterator[_Due]:
    for row in list_applications(act.session):
        turn = whose_turn(row.state)
        if row.due_at is not None and turn is not Party.NOBODY:
            to = row.applicant if turn is Party.APPLICANT else OPERATOR
            facts = {"application": row.id, "subject": row.subject[:160], "state": row.state.value}
            yield _Due(f"application:{row.id}", row.due_at, frozenset({to}), facts)


def _inspections(act: Act) -> Iterator[_Due]:
    for row in list_inspections(act.session):
        facts = {"inspection": row.id, "state": row.state.value}
        if row.state is InspectionState.DRAFTED and row.due_at is not None:
            yield _Due(f"inspection:{row.id}", row.due_at, frozenset({row.member}), facts)
        elif row.state is InspectionState.PLANNED:
            yield _Due(f"inspection:{row.id}", row.planned_for, frozenset({OPERATOR}), facts)
        for finding in list_findings(act.session, row.id):
            if finding.state is FindingState.OPEN and finding.due_at <= act.now:
                expire_finding(act, finding)
            if finding.state in (FindingState.OPEN, FindingState.OVERDUE):
                more = {"finding": finding.id, "severity": finding.severity.value, "responsible": finding.responsible}
                yield _Due(f"finding:{finding.id}", finding.due_at, frozenset({row.member}), {**facts, **more})
