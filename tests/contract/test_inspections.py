"""Inspections and findings on SQLite and PostgreSQL: every state, every forbidden act, every deadline told once."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from esb.admin.deadlines import remind
from esb.registry import findings, inspections
from esb.registry.acts import acting
from esb.registry.database import open_database, reading
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.members import add_member
from esb.registry.models import MemberKind
from esb.registry.notice_models import MailboxRow, NoticeRow, Topic
from esb.registry.notices import OPERATOR
from esb.registry.procedure import Limits
from esb.registry.procedure_models import FindingState, InspectionState, Point, Severity, Verdict

LIMITS = Limits()
NOW = 1_795_000_000.0
DAY = 86_400.0


class Office:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.now = NOW
        self.do("operator", add_member, "DIN", "Nazirlik", "Ministry", MemberKind.STATE)

    def do(self, author: str, function: Callable[..., Any], *given: Any) -> Any:
        self.now += 1
        with acting(self.engine, author, self.now) as act:
            return function(act, *given)

    def bring_to(self, state: InspectionState) -> int:
        number = int(self.do("aysel", inspections.plan_inspection, "DIN", "plan", NOW + DAY))
        if state is InspectionState.CANCELLED:
            self.do("aysel", inspections.cancel_inspection, number, "moved")
        if state in (InspectionState.PLANNED, InspectionState.CANCELLED):
            return number
        self.do("aysel", inspections.start_inspection, number)
        if state is InspectionState.UNDER_WAY:
            return number
        for point in Point:
            self.do("aysel", inspections.hold_point, number, point, Verdict.CONFORM, "seen")
        self.do("aysel", inspections.report_inspection, number, "all well", LIMITS)
        if state in (InspectionState.AGREED, InspectionState.CLOSED):
            self.do("aysel", inspections.agree_inspection, number)
        if state is InspectionState.OBJECTED:
            self.do("aysel", inspections.agree_inspection, number, "not all")
        if state is InspectionState.CLOSED:
            self.do("aysel", inspections.close_inspection, number, "done")
        return number

    def finding(self) -> int:
        number = self.bring_to(InspectionState.UNDER_WAY)
        given = (number, Point.FIN, Severity.MAJOR, "FIN is not checked", "IT", NOW + 10 * DAY)
        return int(self.do("aysel", findings.add_finding, *given))

    def state(self, number: int) -> InspectionState:
        with reading(self.engine) as session:
            return inspections.get_inspection(session, number).state

    def finding_state(self, number: int) -> FindingState:
        with reading(self.engine) as session:
            return findings.get_finding(session, number).state

    def told(self, topic: Topic) -> list[tuple[str, str]]:
        with reading(self.engine) as session:
            rows = session.execute(
                sa.select(NoticeRow.about, MailboxRow.recipient)
                .join(MailboxRow, MailboxRow.notice == NoticeRow.id)
                .where(NoticeRow.topic == topic)
                .order_by(NoticeRow.id, MailboxRow.recipient)
            )
            return [(about, recipient) for about, recipient in rows]


_ACTS: dict[str, Callable[[Office, int], Any]] = {
    "start": lambda o, n: o.do("b", inspections.start_inspection, n),
    "cancel": lambda o, n: o.do("b", inspections.cancel_inspection, n, "moved"),
    "point": lambda o, n: o.do("b", inspections.hold_point, n, Point.FIN, Verdict.CONFORM, "seen"),
    "report": lambda o, n: o.do("b", inspections.report_inspection, n, "well", LIMITS),
    "agree": lambda o, n: o.do("b", inspections.agree_inspection, n),
    "object": lambda o, n: o.do("b", inspections.agree_inspection, n, "no"),
    "close": lambda o, n: o.do("b", inspections.close_inspection, n, "done"),
}


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    engine = open_database(database_url)
    yield Office(engine)
    engine.dispose()


def test_each_state_allows_its_acts_and_no_others(office: Office) -> None:
    for state in InspectionState:
        number = office.bring_to(state)
        assert office.state(number) is state
        for step in _ACTS.keys() - {step for at, step in inspections.STEPS if at is state}:
            with pytest.raises(Conflict, match=f"is {state.value}, which does not allow to {step}"):
                _ACTS[step](office, number)
            assert office.state(number) is state


def test_each_lawful_act_leads_where_the_table_says(office: Office) -> None:
    leads = {
        ("planned", "start"): "under-way",
        ("planned", "cancel"): "cancelled",
        ("under-way", "point"): "under-way",
        ("under-way", "report"): "drafted",
        ("drafted", "report"): "drafted",
        ("drafted", "agree"): "agreed",
        ("drafted", "object"): "objected",
        ("agreed", "close"): "closed",
        ("objected", "close"): "closed",
    }
    finding = {("under-way", "find"): "under-way"}  # what it takes and leads to: test_every_transition.py
    table = {(state.value, step): after.value for (state, step), after in inspections.STEPS.items()}
    assert {**leads, **finding} == table
    for (state, step), after in leads.items():
        number = office.bring_to(InspectionState(state))
        for point in Point if (state, step) == ("under-way", "report") else ():
            office.do("aysel", inspections.hold_point, number, point, Verdict.CONFORM, "seen")
        _ACTS[step](office, number)
        assert office.state(number).value == after, f"{step} from {state}"


def test_a_report_wants_every_point_and_a_finding_for_what_does_not_conform(office: Office) -> None:
    number = office.bring_to(InspectionState.UNDER_WAY)
    with pytest.raises(Conflict, match="has not held the points fin, personal-data"):
        _ACTS["report"](office, number)
    for point in Point:
        office.do("aysel", inspections.hold_point, number, point, Verdict.CONFORM, "seen")
    office.do("aysel", inspections.hold_point, number, Point.SOAP, Verdict.NOT_CONFORM, "speaks REST")
    with pytest.raises(Conflict, match="need a finding each: soap"):
        _ACTS["report"](office, number)
    given = (number, Point.SOAP, Severity.MINOR, "no SOAP", "IT", NOW + DAY)
    finding = office.do("aysel", findings.add_finding, *given)
    _ACTS["report"](office, number)
    _ACTS["agree"](office, number)
    with pytest.raises(Conflict, match=f"findings {finding} are not confirmed"):
        _ACTS["close"](office, number)
    office.do("din", findings.mend_finding, finding, "speaks SOAP")
    office.do("aysel", findings.confirm_finding, finding, "seen")
    _ACTS["close"](office, number)


def test_who_claims_a_finding_mended_does_not_confirm_it(office: Office) -> None:
    number = office.finding()
    with pytest.raises(Conflict, match="only one that is mended"):
        office.do("kamran", findings.confirm_finding, number, "seen")
    office.do("aysel", findings.mend_finding, number, "checked now")
    with pytest.raises(Conflict, match="another officer confirms"):
        office.do("aysel", findings.confirm_finding, number, "seen")
    office.do("kamran", findings.reopen_finding, number, "still not")
    assert office.finding_state(number) is FindingState.OPEN
    office.do("aysel", findings.mend_finding, number, "checked now")
    office.do("kamran", findings.confirm_finding, number, "seen")
    assert office.finding_state(number) is FindingState.CONFIRMED
    with pytest.raises(Conflict, match="only one that is open or overdue"):
        office.do("aysel", findings.mend_finding, number, "again")


def test_an_overdue_finding_is_told_once_and_can_still_be_mended(office: Office) -> None:
    number = office.finding()
    assert remind(office.engine, "timer", NOW + 9.5 * DAY) >= 1
    assert (f"finding:{number}", "DIN") in office.told(Topic.DEADLINE_NEAR)
    remind(office.engine, "timer", NOW + 11 * DAY)
    assert office.finding_state(number) is FindingState.OVERDUE
    missed = office.told(Topic.DEADLINE_MISSED)
    assert {(f"finding:{number}", "DIN"), (f"finding:{number}", OPERATOR)} <= set(missed)
    assert remind(office.engine, "timer", NOW + 11.1 * DAY) == 0
    assert office.told(Topic.DEADLINE_MISSED) == missed
    office.now = NOW + 12 * DAY
    office.do("aysel", findings.mend_finding, number, "at last")
    office.do("kamran", findings.reopen_finding, number, "not yet")
    assert office.finding_state(number) is FindingState.OVERDUE


def test_a_members_time_to_agree_is_called_to_mind(office: Office) -> None:
    number = office.bring_to(InspectionState.DRAFTED)
    remind(office.engine, "timer", NOW + 30 * DAY)
    assert (f"inspection:{number}", "DIN") in office.told(Topic.DEADLINE_MISSED)


def test_what_is_not_lawful(office: Office) -> None:
    with pytest.raises(NotFound):
        office.do("a", inspections.plan_inspection, "NOBODY", "plan", NOW)
    with pytest.raises(Conflict, match="is not DIN's"):
        office.do("a", inspections.plan_inspection, "DIN", "plan", NOW, "DSMF/A/B/v1")
    number = office.bring_to(InspectionState.UNDER_WAY)
    with pytest.raises(Invalid, match="has passed already"):
        office.do("a", findings.add_finding, number, Point.FIN, Severity.MINOR, "x", "IT", NOW)
    planned = office.bring_to(InspectionState.PLANNED)
    with pytest.raises(Conflict, match="while it is under way"):
        office.do("a", findings.add_finding, planned, Point.FIN, Severity.MINOR, "x", "IT", NOW + DAY)
    with pytest.raises(NotFound):
        office.do("a", findings.mend_finding, 99, "x")
