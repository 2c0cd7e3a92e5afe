"""Applications: filed by members, carried from state to state by people, each act with its author, time and reason.

What leads where stands in :mod:`esb.registry.procedure`; what a decision brings about in
:mod:`esb.registry.connections`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.registry.acts import Act, same_officer
from esb.registry.checks import lawful_text
from esb.registry.documents import get_document_facts, lawful_digest
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.members import get_member
from esb.registry.models import ChangeRow
from esb.registry.notices import OPERATOR, Topic, tell
from esb.registry.particulars import Particulars, lawful_particulars, shortcomings
from esb.registry.procedure import STANDING, UNDER_WAY, Kind, Limits, State, Step, next_state
from esb.registry.procedure_models import ApplicationDocumentRow, ApplicationRow
from esb.registry.reports import get_report, put_report
from esb.registry.workdays import day_text

_SUBJECTS: Final = 160  # characters of a subject in a notice


class Incomplete(Invalid):
    """An application cannot be filed as it is; ``shortcomings`` says all that is missing."""

    def __init__(self, shortcomings: tuple[str, ...]) -> None:
        super().__init__("the application cannot be filed:\n" + "\n".join(f"  - {one}" for one in shortcomings))
        self.shortcomings = shortcomings


class SamePerson(Conflict):
    """An act that needs a second person was tried by the one who filed."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One act upon an application or inspection: who, when, what, from which state to which, and why."""

    at: float
    author: str
    act: str
    detail: Mapping[str, Any]


def file_application(
    act: Act,
    applicant: str,
    kind: Kind,
    particulars: Particulars,
    *,
    contract: str | None = None,
    documents: Mapping[str, str] | None = None,
    limits: Limits,
) -> int:
    """File an application and return its number.

    Args:
        applicant: the member's code.
        contract: digest of a contract kept by :func:`esb.registry.contracts.put_contract`, or of a packed one in the
            document archive where the bus could not serve it as it is.
        documents: titles by digest of archived documents.

    Raises:
        Incomplete: with everything that is missing or contradicts the registry.
        Invalid, NotFound: a particular is not lawful, or the member or a document is not there.
        Conflict: another application about the same thing is under way.
    """
    get_member(act.session, applicant)
    particulars = lawful_particulars(particulars)
    missing = shortcomings(act.session, kind, applicant, particulars, contract)
    if missing:
        raise Incomplete(missing)
    subject = particulars.service or particulars.resource or ""
    open_ = act.session.scalar(
        select(ApplicationRow.id).where(
            ApplicationRow.subject == subject,
            ApplicationRow.state.in_(UNDER_WAY),
        )
    )
    if open_ is not None:
        raise Conflict(f"application {open_} about {subject} is under way; amend or withdraw that one first")
    standing = None if kind is Kind.NEW else find_standing(act.session, subject)
    row = ApplicationRow(
        kind=kind,
        applicant=applicant,
        subject=subject,
        state=next_state(None, Step.APPLY),
        particulars=particulars.plain(),
        contract=None if contract is None else lawful_digest(contract),
        replaces=None if standing is None else standing.id,
        filed_by=act.author,
        filed_at=act.now,
        moved_at=act.now,
        due_at=limits.due(State.APPLIED, act.now),
    )
    act.session.add(row)
    act.session.flush()
    _attach(act, row, documents or {})
    detail: dict[str, Any] = {"kind": kind.value, "applicant": applicant, "subject": subject, "contract": contract}
    detail |= {"particulars": row.particulars, "documents": dict(documents or {}), "state": [None, row.state.value]}
    act.record(Step.APPLY.value, "application", str(row.id), detail)
    tell(act, Topic.APPLICATION_MOVED, f"application:{row.id}", OPERATOR, notice_facts(row, particulars.purpose))
    return row.id


def accept_application(act: Act, number: int, remark: str, limits: Limits) -> None:
    """Find an application complete.  Raises :class:`StepForbidden`, :class:`NotFound`, :class:`Invalid`."""
    row = get_application(act.session, number)
    move(act, row, Step.ACCEPT, remark, limits)


def return_application(act: Act, number: int, reasons: str, limits: Limits) -> None:
    """Give an application back to be mended.  Raises :class:`StepForbidden`, :class:`NotFound`, :class:`Invalid`."""
    row = get_application(act.session, number)
    move(act, row, Step.RETURN, reasons, limits)


def amend_application(
    act: Act,
    number: int,
    particulars: Particulars,
    reason: str,
    *,
    contract: str | None = None,
    documents: Mapping[str, str] | None = None,
    limits: Limits,
) -> None:
    """File a returned application again, mended.  What it is about stays; ``contract`` None keeps the one it has.

    Raises:
        Incomplete, Invalid, NotFound, StepForbidden: as :func:`file_application`.
        Conflict: it would be about something else.
    """
    row = get_application(act.session, number)
    next_state(row.state, Step.AMEND)
    particulars = lawful_particulars(particulars)
    if (particulars.service or particulars.resource) != row.subject:
        raise Conflict(f"application {number} is about {row.subject}; file another for something else")
    wanted = row.contract if contract is None else lawful_digest(contract)
    missing = shortcomings(act.session, row.kind, row.applicant, particulars, wanted)
    if missing:
        raise Incomplete(missing)
    detail: dict[str, Any] = {}
    if particulars.plain() != row.particulars:
        detail["particulars"] = [row.particulars, particulars.plain()]
    if wanted != row.contract:
        detail["contract"] = [row.contract, wanted]
    if documents:
        _attach(act, row, documents)
        detail["documents"] = dict(documents)
    row.particulars, row.contract = particulars.plain(), wanted
    # What was found out about the application as it was does not hold for it as it is.
    row.report, row.favourable, row.opinion, row.opinion_by = None, None, None, None
    move(act, row, Step.AMEND, reason, limits, detail)


def note_checks(act: Act, number: int, report: str, passed: bool, limits: Limits) -> str:
    """Keep a report of checks with an application; return the report's digest.

    Args:
        report: the report as JSON, word for word.

    Raises :class:`StepForbidden`, :class:`NotFound`.
    """
    row = get_application(act.session, number)
    next_state(row.state, Step.CHECK)
    digest = put_report(act, report, row.subject, passed)
    row.report = digest
    told = "the checks passed" if passed else "the checks found something to mend"
    move(act, row, Step.CHECK, told, limits, {"report": digest, "passed": passed})
    return digest


def give_opinion(act: Act, number: int, favourable: bool, reasons: str, limits: Limits) -> None:
    """Give the reasoned opinion; a second one takes the first one's place.

    Raises:
        SamePerson: by the person who filed.
        StepForbidden, NotFound, Invalid.
        Conflict: favourable, though the checks did not pass.
    """
    row = get_application(act.session, number)
    next_state(row.state, Step.OPINE)
    second_person(act, row, "gives the opinion")
    reasons = lawful_text(reasons, "opinion")
    if favourable and not (row.report is not None and get_report(act.session, row.report).passed):
        raise Conflict(
            f"the checks of application {number} did not pass; have it mended and checked again, or give an "
            "unfavourable opinion"
        )
    row.favourable, row.opinion, row.opinion_by = favourable, reasons, act.author
    move(act, row, Step.OPINE, reasons, limits, {"favourable": favourable})


def withdraw_application(act: Act, number: int, reason: str, limits: Limits) -> None:
    """Take an application back.  Raises :class:`StepForbidden`, :class:`NotFound`, :class:`Invalid`."""
    row = get_application(act.session, number)
    move(act, row, Step.WITHDRAW, reason, limits)


def get_application(session: Session, number: int) -> ApplicationRow:
    """Return an application.  Raises :class:`NotFound`."""
    row = session.get(ApplicationRow, number)
    if row is None:
        raise NotFound(f"there is no application {number}; list them to find its number: esb application list")
    return row


def particulars_of(row: ApplicationRow) -> Particulars:
    """Return what an application says."""
    return Particulars.read(row.particulars)


def list_applications(
    session: Session, *, applicant: str | None = None, states: frozenset[State] | None = None
) -> list[ApplicationRow]:
    """Return applications by number, of one member or state or all."""
    rows = select(ApplicationRow).order_by(ApplicationRow.id)
    if applicant is not None:
        rows = rows.where(ApplicationRow.applicant == applicant)
    if states is not None:
        rows = rows.where(ApplicationRow.state.in_(states))
    return list(session.scalars(rows))


def list_documents_of(session: Session, number: int) -> list[ApplicationDocumentRow]:
    """Return the documents of an application in the order in which they were added."""
    rows = select(ApplicationDocumentRow).where(ApplicationDocumentRow.application == number)
    return list(session.scalars(rows.order_by(ApplicationDocumentRow.added_at, ApplicationDocumentRow.sha256)))


def find_standing(session: Session, subject: str) -> ApplicationRow | None:
    """Return the application whose connection of this service or resource is in force, None where it had none."""
    rows = select(ApplicationRow).where(ApplicationRow.state.in_(STANDING))
    for row in session.scalars(rows.order_by(ApplicationRow.id.desc())):
        if subject in (connected(row), row.subject) and row.kind is not Kind.RETIREMENT:
            return row
    return None


def connected(row: ApplicationRow) -> str:
    """Return the name under which what an application asked for stands once it is registered."""
    return str(row.particulars.get("successor") or row.subject)


def history(session: Session, kind: str, number: int) -> list[HistoryEntry]:
    """Return every act upon an application, inspection or finding, oldest first."""
    rows = select(ChangeRow).where(ChangeRow.kind == kind, ChangeRow.key == str(number)).order_by(ChangeRow.number)
    return [HistoryEntry(row.at, row.author, row.act, row.detail) for row in session.scalars(rows)]


def move(
    act: Act, row: ApplicationRow, step: Step, reason: str, limits: Limits, detail: dict[str, Any] | None = None
) -> None:
    """Carry an application to where a step leads, note who did it and why, and tell the applicant.

    Raises :class:`StepForbidden`; :class:`Invalid` where no reason is given.
    """
    reason = lawful_text(reason, "reason")
    before, row.state = row.state, next_state(row.state, step)
    row.moved_at, row.due_at = act.now, limits.due(row.state, act.now)
    states = {"state": [before.value, row.state.value], "reason": reason}
    act.record(step.value, "application", str(row.id), {**states, **(detail or {})})
    to = OPERATOR if step in (Step.AMEND, Step.WITHDRAW) else row.applicant
    tell(act, Topic.APPLICATION_MOVED, f"application:{row.id}", to, notice_facts(row, reason))


def notice_facts(row: ApplicationRow, reason: str) -> dict[str, Any]:
    """Return a notice's particulars about an application."""
    facts: dict[str, Any] = {"application": row.id, "kind": row.kind.value, "subject": row.subject[:_SUBJECTS]}
    facts |= {"applicant": row.applicant, "state": row.state.value, "reason": reason}
    if row.due_at is not None:
        facts["due"] = day_text(row.due_at)
    return facts


def second_person(act: Act, row: ApplicationRow, what: str) -> None:
    """Insist that the author is not the one who filed.  Raises :class:`SamePerson`."""
    if same_officer(act.author, row.filed_by):
        raise SamePerson(
            f"{act.author} filed application {row.id}, and who files is not who {what}; another officer has to"
        )


def _attach(act: Act, row: ApplicationRow, documents: Mapping[str, str]) -> None:
    for digest, title in documents.items():
        get_document_facts(act.session, digest)
        named = lawful_text(title, "title of the document")
        if act.session.get(ApplicationDocumentRow, (row.id, digest)) is None:
            act.session.add(ApplicationDocumentRow(application=row.id, sha256=digest, title=named, added_at=act.now))
    act.session.flush()
