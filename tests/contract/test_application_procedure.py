"""The connection procedure on SQLite and PostgreSQL: every state, every lawful act, and every forbidden one."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from esb.kernel.contract import Contract
from esb.kernel.directory import ServiceStatus
from esb.kernel.names import ServiceId
from esb.registry import applications, connections
from esb.registry.acts import Act, acting
from esb.registry.applications import Incomplete, SamePerson, file_application, get_application, history
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, reading
from esb.registry.documents import put_document
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.grants import Leave, add_grant
from esb.registry.members import add_member
from esb.registry.models import MemberKind
from esb.registry.notice_models import MailboxRow, NoticeRow, Topic
from esb.registry.notices import SUPERVISOR
from esb.registry.particulars import Particulars
from esb.registry.procedure import TRANSITIONS, Kind, Limits, State, Step, StepForbidden, steps_from
from esb.registry.services import get_service

LIMITS = Limits()
NOW = 1_795_000_000.0
SERVICE = "DIN/IAMAS/PersonQuery/v1"
NEW = Particulars("to answer who somebody is", "IT department", service=SERVICE, endpoint="https://provider.example/")


class Office:
    """A registry with two members, in which Aysel files and Kamran decides."""

    def __init__(self, engine: Engine, contract: Contract) -> None:
        self.engine = engine
        self.now = NOW
        with self.by("operator") as act:
            for code in ("DIN", "EESMN", "DSMF"):
                add_member(act, code, f"{code} Nazirliyi", f"Ministry {code}", MemberKind.STATE)
            self.contract = put_contract(act, b"packed", contract)
            self.other_contract = put_contract(act, b"packed otherwise", contract)

    def by(self, author: str) -> AbstractContextManager[Act]:
        self.now += 1
        return acting(self.engine, author, self.now)

    def file(self, kind: Kind = Kind.NEW, given: Particulars = NEW, applicant: str = "DIN", **more: object) -> int:
        if kind is Kind.NEW:
            more = {"contract": self.contract, **more}
        with self.by("aysel") as act:
            return file_application(act, applicant, kind, given, limits=LIMITS, **more)

    def do(self, step: Step, number: int, author: str = "kamran", **more: object) -> object:
        with self.by(author) as act:
            return _DO[step](act, number, **more)

    def state(self, number: int) -> State:
        with reading(self.engine) as session:
            return get_application(session, number).state

    def service(self, name: str = SERVICE) -> ServiceStatus:
        with reading(self.engine) as session:
            return get_service(session, ServiceId.parse(name)).status

    def told(self, topic: Topic) -> list[tuple[str, dict[str, object]]]:
        with reading(self.engine) as session:
            rows = session.execute(
                sa.select(MailboxRow.recipient, NoticeRow.facts)
                .join(NoticeRow, NoticeRow.id == MailboxRow.notice)
                .where(NoticeRow.topic == topic)
                .order_by(NoticeRow.id, MailboxRow.recipient)
            )
            return [(recipient, facts) for recipient, facts in rows]

    def bring_to(self, state: State, anew: bool = False) -> int:
        """A fresh application, carried to a state by lawful acts alone; ``anew`` is about a service of its own."""
        number = self.file(given=replace(NEW, service=f"DIN/IAMAS/Query{self.now:.0f}/v1") if anew else NEW)
        for step, more in _WAY[state]:
            self.do(step, number, **more)
        assert self.state(number) is state
        return number

    def registered(self) -> int:
        return self.bring_to(State.REGISTERED)

    def change(self, given: Particulars, kind: Kind = Kind.CHANGE, applicant: str = "DIN", **more: object) -> object:
        """File another application and have it registered; returns what that brought about."""
        number = self.file(kind, given, applicant, **more)
        for step, facts in _WAY[State.OPINED]:
            self.do(step, number, **facts)
        return self.do(Step.REGISTER, number)


def _amend(act: Act, number: int) -> None:
    known = applications.particulars_of(get_application(act.session, number))
    given = replace(known, contact="IT department, room 5")
    applications.amend_application(act, number, given, "mended", limits=LIMITS)


def _opine(act: Act, number: int, favourable: bool = True) -> None:
    applications.give_opinion(act, number, favourable, "all in order" if favourable else "not in order", LIMITS)


def _check(act: Act, number: int, passed: bool = True) -> None:
    applications.note_checks(act, number, f'{{"passed":{str(passed).lower()}}}', passed, LIMITS)


def _change(act: Act, number: int) -> None:
    applications.move(act, get_application(act.session, number), Step.CHANGE, "changed", LIMITS)


def _transfer(act: Act, number: int) -> None:
    applications.move(act, get_application(act.session, number), Step.TRANSFER, "transferred", LIMITS)


_DO: dict[Step, Callable[..., object]] = {
    Step.RETURN: lambda act, number: applications.return_application(act, number, "no WSDL of the fault", LIMITS),
    Step.AMEND: _amend,
    Step.ACCEPT: lambda act, number: applications.accept_application(act, number, "complete", LIMITS),
    Step.CHECK: _check,
    Step.OPINE: _opine,
    Step.REGISTER: lambda act, number: connections.register_application(act, number, "registered", LIMITS),
    Step.REFUSE: lambda act, number: connections.refuse_application(act, number, "not in order", LIMITS),
    Step.WITHDRAW: lambda act, number: applications.withdraw_application(act, number, "no need", LIMITS),
    Step.CHANGE: _change,
    Step.TRANSFER: _transfer,
    Step.SUSPEND: lambda act, number: connections.suspend_connection(act, number, "under repair", LIMITS),
    Step.RESUME: lambda act, number: connections.resume_connection(act, number, "repaired", LIMITS),
    Step.RETIRE: lambda act, number: connections.retire_connection(act, number, "no longer needed", LIMITS),
    Step.ARCHIVE: lambda act, number: connections.archive_application(act, number, "closed", LIMITS),
}
_COMPLETE = [(Step.ACCEPT, {})]
_CHECKED = [*_COMPLETE, (Step.CHECK, {})]
_OPINED = [*_CHECKED, (Step.OPINE, {})]
_REGISTERED = [*_OPINED, (Step.REGISTER, {})]
_WAY: dict[State, list[tuple[Step, dict[str, object]]]] = {
    State.APPLIED: [],
    State.RETURNED: [(Step.RETURN, {})],
    State.COMPLETE: _COMPLETE,
    State.CHECKED: _CHECKED,
    State.OPINED: _OPINED,
    State.REGISTERED: _REGISTERED,
    State.REFUSED: [*_CHECKED, (Step.OPINE, {"favourable": False}), (Step.REFUSE, {})],
    State.WITHDRAWN: [(Step.WITHDRAW, {})],
    State.SUSPENDED: [*_REGISTERED, (Step.SUSPEND, {})],
    State.CHANGED: [*_REGISTERED, (Step.CHANGE, {})],
    State.TRANSFERRED: [*_REGISTERED, (Step.TRANSFER, {})],
    State.RETIRED: [*_REGISTERED, (Step.RETIRE, {})],
    State.ARCHIVED: [(Step.WITHDRAW, {}), (Step.ARCHIVE, {})],
}


@pytest.fixture
def office(database_url: str, make_contract: Callable[..., Contract]) -> Iterator[Office]:
    engine = open_database(database_url)
    yield Office(engine, make_contract("FindPerson"))
    engine.dispose()


def test_each_state_allows_its_acts_and_no_others(office: Office) -> None:
    for state in State:
        number = office.bring_to(state, anew=True)
        for step in _DO.keys() - set(steps_from(state)):
            with pytest.raises(StepForbidden, match=f"is {state.value} does not allow to {step.value}"):
                office.do(step, number)
            assert office.state(number) is state


def test_each_lawful_act_leads_where_the_table_says(office: Office) -> None:
    for state, step in [(one, step) for one in State for step in steps_from(one)]:
        number = office.bring_to(state, anew=True)
        if step is Step.REFUSE:
            office.do(Step.OPINE, number, favourable=False)
        office.do(step, number)
        entry = history_of(office, number)[-1]
        assert (entry.act, entry.author) == (step.value, "kamran")
        assert entry.detail["state"] == [state.value, TRANSITIONS[state, step].value], f"{step} from {state}"
        assert office.state(number).value == entry.detail["state"][1]
        assert entry.detail["reason"]


def history_of(office: Office, number: int) -> list[applications.HistoryEntry]:
    with reading(office.engine) as session:
        return history(session, "application", number)


def test_a_registered_application_is_a_service_that_is_served(office: Office) -> None:
    office.registered()
    with reading(office.engine) as session:
        row = get_service(session, ServiceId.parse(SERVICE))
    assert (row.status, row.endpoint, row.contract) == (ServiceStatus.ACTIVE, NEW.endpoint, office.contract)


def test_who_files_neither_judges_nor_decides(office: Office) -> None:
    number = office.bring_to(State.CHECKED)
    with pytest.raises(SamePerson, match="aysel filed"):
        office.do(Step.OPINE, number, author="aysel")
    office.do(Step.OPINE, number)
    with pytest.raises(SamePerson):
        office.do(Step.REGISTER, number, author="aysel")
    office.do(Step.OPINE, number, favourable=False)
    with pytest.raises(SamePerson):
        office.do(Step.REFUSE, number, author="aysel")
    assert office.state(number) is State.OPINED


@pytest.mark.parametrize("column", ["opinion_by", "decided_by"])
def test_the_database_itself_wants_a_second_person(office: Office, column: str) -> None:
    number = office.bring_to(State.OPINED)
    with pytest.raises(IntegrityError), office.engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE applications SET {column} = 'aysel' WHERE id = {number}"))


def test_a_decision_follows_the_opinion(office: Office) -> None:
    number = office.bring_to(State.OPINED)
    with pytest.raises(Conflict, match="is favourable"):
        office.do(Step.REFUSE, number)
    office.do(Step.OPINE, number, favourable=False)
    with pytest.raises(Conflict, match="is unfavourable"):
        office.do(Step.REGISTER, number)


def test_failed_checks_carry_no_favourable_opinion(office: Office) -> None:
    number = office.bring_to(State.COMPLETE)
    office.do(Step.CHECK, number, passed=False)
    with pytest.raises(Conflict, match="did not pass"):
        office.do(Step.OPINE, number)
    office.do(Step.CHECK, number, passed=True)
    office.do(Step.OPINE, number)


def test_what_was_found_out_does_not_outlive_an_amendment(office: Office) -> None:
    number = office.bring_to(State.CHECKED)
    office.do(Step.RETURN, number)
    office.do(Step.AMEND, number, author="aysel")
    with reading(office.engine) as session:
        row = get_application(session, number)
    assert (row.state, row.report, row.favourable) == (State.APPLIED, None, None)


def test_a_refusal_goes_to_the_supervising_agency_too(office: Office) -> None:
    number = office.bring_to(State.REFUSED)
    told = office.told(Topic.APPLICATION_REFUSED)
    assert [recipient for recipient, _ in told] == [SUPERVISOR, "DIN"]
    assert told[0][1]["application"] == number
    assert told[0][1]["reason"] == "not in order"


def test_each_state_has_its_time(office: Office) -> None:
    number = office.bring_to(State.OPINED)
    with reading(office.engine) as session:
        assert get_application(session, number).due_at == LIMITS.due(State.OPINED, office.now)
    office.do(Step.REGISTER, number)
    with reading(office.engine) as session:
        assert get_application(session, number).due_at is None


def test_a_change_gives_new_terms_and_takes_the_place_of_what_stood(office: Office) -> None:
    first = office.registered()
    brought = office.change(
        Particulars("faster", "IT", service=SERVICE, endpoint="https://other.example/", timeout=5.0)
    )
    with reading(office.engine) as session:
        row = get_service(session, ServiceId.parse(SERVICE))
    assert (row.endpoint, row.timeout, row.contract) == ("https://other.example/", 5.0, office.contract)
    assert office.state(first) is State.CHANGED
    assert brought.lines == (f"{SERVICE} stands on new terms",)


def test_a_changed_contract_is_a_version_beside_the_old_one(office: Office) -> None:
    office.registered()
    after = SERVICE.replace("v1", "v2")
    office.change(Particulars("more", "IT", service=SERVICE, successor=after), contract=office.other_contract)
    assert office.service() is ServiceStatus.ACTIVE
    assert office.service(after) is ServiceStatus.ACTIVE
    with reading(office.engine) as session:
        assert get_service(session, ServiceId.parse(after)).contract == office.other_contract


def test_a_transfer_tells_the_consumers_and_keeps_the_old_name_for_a_while(office: Office) -> None:
    first = office.registered()
    with office.by("kamran") as act:
        leave = Leave(purpose="p", legal_basis="l", valid_from=office.now)
        add_grant(act, "EESMN", ServiceId.parse(SERVICE), leave)
    after = "DSMF/Registry/PersonQuery/v1"
    given = Particulars("a new owner by decree", "IT", service=SERVICE, successor=after, new_owner="DSMF")
    brought = office.change(given, Kind.TRANSFER)
    assert brought.consumers == ("EESMN",)
    assert office.state(first) is State.TRANSFERRED
    assert office.service() is ServiceStatus.ACTIVE
    assert office.service(after) is ServiceStatus.ACTIVE
    (told,) = [facts for recipient, facts in office.told(Topic.SERVICE_CHANGED) if recipient == "EESMN"]
    assert told["successor"] == after
    office.do(Step.RETIRE, first)
    assert office.service() is ServiceStatus.RETIRED
    assert office.service(after) is ServiceStatus.ACTIVE


def test_suspended_and_resumed_and_retired_are_the_services_own_states(office: Office) -> None:
    number = office.registered()
    for step, status in (
        (Step.SUSPEND, ServiceStatus.SUSPENDED),
        (Step.RESUME, ServiceStatus.ACTIVE),
        (Step.RETIRE, ServiceStatus.RETIRED),
    ):
        office.do(step, number)
        assert office.service() is status


def test_a_retirement_by_application_ends_the_connection(office: Office) -> None:
    first = office.registered()
    office.change(Particulars("replaced by another system", "IT", service=SERVICE), Kind.RETIREMENT)
    assert office.service() is ServiceStatus.RETIRED
    assert office.state(first) is State.RETIRED
    assert office.state(first + 1) is State.RETIRED


def test_registration_is_whole_or_not_at_all(office: Office) -> None:
    number = office.bring_to(State.OPINED)
    with office.engine.begin() as connection:
        connection.execute(sa.text("UPDATE applications SET contract = :none"), {"none": "0" * 64})
    with pytest.raises(NotFound, match="contract"):
        office.do(Step.REGISTER, number)
    assert office.state(number) is State.OPINED
    with pytest.raises(NotFound), reading(office.engine) as session:
        get_service(session, ServiceId.parse(SERVICE))


@pytest.mark.parametrize(
    ("kind", "given", "applicant", "says"),
    [
        (Kind.NEW, replace(NEW, service=None), "DIN", "neither a service nor a resource"),
        (Kind.NEW, NEW, "EESMN", "not its own"),
        (Kind.NEW, replace(NEW, endpoint=None), "DIN", "needs its endpoint"),
        (Kind.NEW, replace(NEW, successor="DIN/A/B/v2"), "DIN", "another name"),
        (Kind.CHANGE, NEW, "DIN", "is not registered"),
        (Kind.TRANSFER, replace(NEW, new_owner=None), "DIN", "needs its new owner"),
        (Kind.TRANSFER, replace(NEW, new_owner="DIN", successor="DIN/A/B/v1"), "DIN", "is its owner already"),
        (Kind.TRANSFER, replace(NEW, new_owner="DSMF"), "DSMF", "a name under its new owner"),
        (Kind.RETIREMENT, NEW, "DIN", "is not registered"),
    ],
)
def test_what_is_not_complete_is_not_filed(
    office: Office, kind: Kind, given: Particulars, applicant: str, says: str
) -> None:
    with pytest.raises(Incomplete, match=says):
        office.file(kind, given, applicant, contract=office.contract if kind is Kind.NEW else None)


def test_a_change_of_nothing_is_not_filed(office: Office) -> None:
    office.registered()
    with pytest.raises(Incomplete, match="nothing would change"):
        office.file(Kind.CHANGE, Particulars("why", "IT", service=SERVICE))
    with pytest.raises(Incomplete, match="a new version beside the old one"):
        office.file(Kind.CHANGE, Particulars("why", "IT", service=SERVICE), contract=office.other_contract)


def test_one_thing_has_one_application_under_way(office: Office) -> None:
    number = office.file()
    with pytest.raises(Conflict, match=f"application {number} about"):
        office.file()


def test_documents_are_in_the_archive_before_an_application_names_them(office: Office) -> None:
    with pytest.raises(NotFound, match="not archived"):
        office.file(documents={"0" * 64: "Decree"})
    with office.by("aysel") as act:
        digest = put_document(act, b"%PDF", "decree.pdf", "application/pdf")
    number = office.file(documents={digest: "Decree 263"})
    with reading(office.engine) as session:
        assert [one.title for one in applications.list_documents_of(session, number)] == ["Decree 263"]


def test_an_act_gives_its_reason(office: Office) -> None:
    number = office.file()
    with pytest.raises(Invalid, match="reason is empty"), office.by("kamran") as act:
        applications.return_application(act, number, " ", LIMITS)
