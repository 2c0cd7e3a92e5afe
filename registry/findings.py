"""Findings of inspections: what is to be mended, by whom, until when; claimed as mended, then confirmed by another."""

from sqlalchemy.orm import Session

from esb.registry.acts import Act, same_officer
from esb.registry.checks import lawful_moment, lawful_text
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.inspections import get_inspection
from esb.registry.notices import OPERATOR, Topic, tell
from esb.registry.procedure_models import FindingRow, FindingState, InspectionState, Point, Severity
from esb.registry.workdays import day_text


def add_finding(
    act: Act, inspection: int, point: Point, severity: Severity, text: str, responsible: str, due_at: float
) -> int:
    """Note a finding while an inspection is under way; returns its number.

    Args:
        responsible: the office that has to mend it.
        due_at: Unix seconds.

    Raises :class:`NotFound`, :class:`Conflict`, :class:`Invalid`.
    """
    row = get_inspection(act.session, inspection)
    if row.state is not InspectionState.UNDER_WAY:
        raise Conflict(f"inspection {inspection} is {row.state.value}; findings are made while it is under way")
    if lawful_moment(due_at, "deadline") <= act.now:
        raise Invalid("the deadline has passed already; give a later one")
    finding = FindingRow(
        inspection=inspection,
        point=point,
        severity=severity,
        text=lawful_text(text, "finding"),
        responsible=lawful_text(responsible, "responsible office"),
        state=FindingState.OPEN,
        found_by=act.author,
        found_at=act.now,
        due_at=due_at,
    )
    act.session.add(finding)
    act.session.flush()
    detail = {"inspection": inspection, "point": point.value, "severity": severity.value, "text": finding.text}
    detail |= {"responsible": finding.responsible, "due": day_text(due_at)}
    act.record("add", "finding", str(finding.id), detail)
    tell(act, Topic.INSPECTION, f"finding:{finding.id}", row.member, {"finding": finding.id, **detail})
    return finding.id


def mend_finding(act: Act, number: int, remedy: str) -> None:
    """Claim a finding, open or overdue, as mended.  Raises :class:`NotFound`, :class:`Conflict`, :class:`Invalid`."""
    row = _in(act.session, number, FindingState.OPEN, FindingState.OVERDUE)
    row.remedy, row.mended_by, row.mended_at = lawful_text(remedy, "remedy"), act.author, act.now
    _move(act, row, "mend", FindingState.MENDED, row.remedy)
    tell(act, Topic.INSPECTION, f"finding:{number}", OPERATOR, {"finding": number, "remedy": row.remedy})


def confirm_finding(act: Act, number: int, remark: str) -> None:
    """Confirm that a finding is mended, as another person than the one who claimed it.

    Raises :class:`NotFound`, :class:`Conflict`, :class:`Invalid`.
    """
    row = _in(act.session, number, FindingState.MENDED)
    if same_officer(row.mended_by or "", act.author):
        raise Conflict(f"{act.author} claimed finding {number} as mended; another officer confirms it")
    row.confirmed_by = act.author
    _move(act, row, "confirm", FindingState.CONFIRMED, remark)


def reopen_finding(act: Act, number: int, reason: str) -> None:
    """Find that a finding is not mended: it is open again, or overdue when its time has passed.

    Raises :class:`NotFound`, :class:`Conflict`, :class:`Invalid`.
    """
    row = _in(act.session, number, FindingState.MENDED)
    row.mended_by, row.mended_at, row.remedy = None, None, None
    _move(act, row, "reopen", FindingState.OPEN if row.due_at > act.now else FindingState.OVERDUE, reason)
    member = get_inspection(act.session, row.inspection).member
    tell(act, Topic.INSPECTION, f"finding:{number}", member, {"finding": number, "reason": reason})


def expire_finding(act: Act, row: FindingRow) -> None:
    """Note that a finding's time has passed.  Raises :class:`Conflict` when it is not open, or has time left."""
    if row.state is not FindingState.OPEN or row.due_at > act.now:
        raise Conflict(f"finding {row.id} is {row.state.value} and due on {day_text(row.due_at)}")
    _move(act, row, "expire", FindingState.OVERDUE, "its time has passed")


def get_finding(session: Session, number: int) -> FindingRow:
    """Return a finding.  Raises :class:`NotFound`."""
    row = session.get(FindingRow, number)
    if row is None:
        raise NotFound(f"there is no finding {number}; see an inspection for its findings: esb inspection show NUMBER")
    return row


def _in(session: Session, number: int, *states: FindingState) -> FindingRow:
    row = get_finding(session, number)
    if row.state not in states:
        wanted = " or ".join(one.value for one in states)
        raise Conflict(f"finding {number} is {row.state.value}, and only one that is {wanted} can be treated so")
    return row


def _move(act: Act, row: FindingRow, step: str, state: FindingState, reason: str) -> None:
    reason = lawful_text(reason, "reason")
    before, row.state = row.state, state
    act.record(step, "finding", str(row.id), {"state": [before.value, state.value], "reason": reason})
