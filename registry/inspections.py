"""Inspections (monitoring): planned, held point by point, reported, agreed with the member or objected to, and closed.

Ground: notice of 2015 on the registers; the bulletin's checklist.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.registry.acts import Act
from esb.registry.checks import lawful_moment, lawful_text
from esb.registry.documents import get_document_facts
from esb.registry.errors import Conflict, NotFound
from esb.registry.members import get_member
from esb.registry.notices import Topic, tell
from esb.registry.procedure import Limits
from esb.registry.procedure_models import (
    FindingRow,
    FindingState,
    InspectionDocumentRow,
    InspectionPointRow,
    InspectionRow,
    InspectionState,
    Point,
    Verdict,
)
from esb.registry.reports import get_report
from esb.registry.workdays import after_working_days, day_text

_S = InspectionState

STEPS: Final[Mapping[tuple[InspectionState, str], InspectionState]] = MappingProxyType(
    {
        (_S.PLANNED, "start"): _S.UNDER_WAY,
        (_S.PLANNED, "cancel"): _S.CANCELLED,
        (_S.UNDER_WAY, "point"): _S.UNDER_WAY,
        (_S.UNDER_WAY, "find"): _S.UNDER_WAY,
        (_S.UNDER_WAY, "report"): _S.DRAFTED,
        (_S.DRAFTED, "report"): _S.DRAFTED,
        (_S.DRAFTED, "agree"): _S.AGREED,
        (_S.DRAFTED, "object"): _S.OBJECTED,
        (_S.AGREED, "close"): _S.CLOSED,
        (_S.OBJECTED, "close"): _S.CLOSED,
    }
)
"""Every lawful act upon an inspection."""


def plan_inspection(act: Act, member: str, reason: str, planned_for: float, subject: str | None = None) -> int:
    """Plan an inspection of a member, or of one of its services or resources; returns its number.

    Raises :class:`NotFound`, :class:`~esb.registry.errors.Invalid`; :class:`Conflict` when the subject is another's.
    """
    get_member(act.session, member)
    if subject is not None and subject.partition("/")[0] != member:
        raise Conflict(f"{subject[:160]} is not {member}'s; name one of its own services or resources")
    row = InspectionRow(
        member=member,
        subject=subject,
        state=InspectionState.PLANNED,
        reason=lawful_text(reason, "reason of the inspection"),
        planned_for=lawful_moment(planned_for, "day of the inspection"),
        planned_by=act.author,
        planned_at=act.now,
    )
    act.session.add(row)
    act.session.flush()
    detail = {"member": member, "subject": subject, "reason": row.reason, "planned_for": planned_for}
    act.record("plan", "inspection", str(row.id), {**detail, "state": [None, row.state.value]})
    _tell(act, row, row.reason)
    return row.id


def start_inspection(act: Act, number: int) -> None:
    """Begin to hold it.  Raises :class:`NotFound`, :class:`Conflict`."""
    _step(act, get_inspection(act.session, number), "start", "begun")


def cancel_inspection(act: Act, number: int, reason: str) -> None:
    """Call a planned one off.  Raises :class:`NotFound`, :class:`Conflict`."""
    _step(act, get_inspection(act.session, number), "cancel", reason)


def hold_point(
    act: Act, number: int, point: Point, verdict: Verdict, remark: str, documents: Iterable[str] = ()
) -> None:
    """Note what was found on a point of the checklist; again replaces it, and the history keeps both.

    Args:
        documents: digests of archived documents that were seen.

    Raises :class:`NotFound`, :class:`Conflict`, :class:`~esb.registry.errors.Invalid`.
    """
    row = get_inspection(act.session, number)
    _next(row, "point")
    remark = lawful_text(remark, "remark")
    held = act.session.get(InspectionPointRow, (number, point))
    before = None if held is None else [held.verdict.value, held.remark]
    if held is None:
        held = InspectionPointRow(inspection=number, point=point)
        act.session.add(held)
    held.verdict, held.remark, held.held_by, held.held_at = verdict, remark, act.author, act.now
    act.session.flush()
    seen = sorted(set(documents))
    for digest in seen:
        get_document_facts(act.session, digest)
        if act.session.get(InspectionDocumentRow, (number, point, digest)) is None:
            act.session.add(InspectionDocumentRow(inspection=number, point=point, sha256=digest))
    detail = {"point": point.value, "verdict": verdict.value, "remark": remark, "before": before, "documents": seen}
    act.record("point", "inspection", str(number), detail)


def report_inspection(act: Act, number: int, report: str, limits: Limits, check_report: str | None = None) -> None:
    """Draft the report, or draft it anew; the member has its time to agree or object.

    Args:
        check_report: digest of a report of checks that belongs to it.

    Raises:
        Conflict: a point of the checklist has not been held, or what does not conform has no finding.
        NotFound, Invalid.
    """
    row = get_inspection(act.session, number)
    _next(row, "report")
    held = {one.point: one.verdict for one in list_points(act.session, number)}
    missing = [point.value for point in Point if point not in held]
    if missing:
        raise Conflict(f"inspection {number} has not held the points {', '.join(missing)}; hold them first")
    found = {one.point for one in list_findings(act.session, number)}
    bare = [point.value for point, verdict in held.items() if verdict is Verdict.NOT_CONFORM and point not in found]
    if bare:
        raise Conflict(f"points that do not conform need a finding each: {', '.join(bare)}")
    if check_report is not None:
        get_report(act.session, check_report)
    row.report, row.drafted_by = lawful_text(report, "report"), act.author
    row.check_report = check_report or row.check_report
    row.due_at = after_working_days(act.now, limits.agreement)
    _step(act, row, "report", row.report)


def agree_inspection(act: Act, number: int, objections: str | None = None) -> None:
    """Note that the member agrees with the report, or agrees with objections, which are kept with it.

    Raises :class:`NotFound`, :class:`Conflict`.
    """
    row = get_inspection(act.session, number)
    row.due_at = None
    if objections is None:
        _step(act, row, "agree", "agreed")
        return
    row.objections = lawful_text(objections, "objections")
    _step(act, row, "object", row.objections)


def close_inspection(act: Act, number: int, reason: str) -> None:
    """Close an inspection.

    Raises:
        Conflict: a finding is not confirmed as mended.
        NotFound, Invalid.
    """
    row = get_inspection(act.session, number)
    _next(row, "close")
    left = [str(one.id) for one in list_findings(act.session, number) if one.state is not FindingState.CONFIRMED]
    if left:
        raise Conflict(f"findings {', '.join(left)} are not confirmed as mended; confirm them first")
    _step(act, row, "close", reason)


def get_inspection(session: Session, number: int) -> InspectionRow:
    """Return an inspection.  Raises :class:`NotFound`."""
    row = session.get(InspectionRow, number)
    if row is None:
        raise NotFound(f"there is no inspection {number}; list them to find its number: esb inspection list")
    return row


def list_inspections(session: Session, member: str | None = None) -> list[InspectionRow]:
    """Return inspections by number, of one member or all."""
    rows = select(InspectionRow).order_by(InspectionRow.id)
    return list(session.scalars(rows if member is None else rows.where(InspectionRow.member == member)))


def list_points(session: Session, number: int) -> list[InspectionPointRow]:
    """Return the points held, in the order of the checklist."""
    found = session.scalars(select(InspectionPointRow).where(InspectionPointRow.inspection == number))
    order = list(Point)
    return sorted(found, key=lambda one: order.index(one.point))


def list_findings(session: Session, number: int) -> list[FindingRow]:
    """Return an inspection's findings by number."""
    return list(session.scalars(select(FindingRow).where(FindingRow.inspection == number).order_by(FindingRow.id)))


def _next(row: InspectionRow, step: str) -> InspectionState:
    after = STEPS.get((row.state, step))
    if after is None:
        allowed = ", ".join(one for state, one in STEPS if state is row.state) or "nothing more"
        raise Conflict(
            f"inspection {row.id} is {row.state.value}, which does not allow to {step}; "
            f"what can be done with it now: {allowed}"
        )
    return after


def _step(act: Act, row: InspectionRow, step: str, reason: str) -> None:
    reason = lawful_text(reason, "reason")
    before, row.state = row.state, _next(row, step)
    act.record(step, "inspection", str(row.id), {"state": [before.value, row.state.value], "reason": reason})
    _tell(act, row, reason)


def _tell(act: Act, row: InspectionRow, reason: str) -> None:
    facts = {"inspection": row.id, "member": row.member, "subject": row.subject, "state": row.state.value}
    facts |= {"planned_for": day_text(row.planned_for + 1), "reason": reason[:2000]}
    if row.due_at is not None:
        facts["due"] = day_text(row.due_at)
    tell(act, Topic.INSPECTION, f"inspection:{row.id}", row.member, facts)
