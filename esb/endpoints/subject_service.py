"""A person's history as a service: for the state's tracker of personal data, which shows people who asked about them.

Hosted name ``subjects``; register it with ``esb service add SHLUZ/BUS/Subjects/v1 --hosted subjects``, and grant it to
whoever identifies people.  Each reading is an act by the officer whom the signed exch:Exchange header names.
"""

from datetime import UTC, datetime
from typing import Any, Final

from esb.adapters.hosted.typed import (
    Boolean,
    ByteArray,
    ComplexModel,
    DateTime,
    HostedService,
    Integer,
    ServiceBase,
    Unicode,
)
from esb.adapters.hosted.typed import operation as operation_of
from esb.admin.subject_history import Asked, Evidence, History, Line, Name, View
from esb.audit.log import LogDamaged
from esb.audit.package import PackageInvalid
from esb.audit.record import StoreUnavailable
from esb.audit.search_index import IndexUnfit
from esb.audit.vault import ArchivedAway
from esb.certs.keys import KeyUnusable
from esb.endpoints.told import acting_as, refusal, told
from esb.kernel.fin import FIN_PATTERN
from esb.kernel.namespaces import SUBJECTS as NAMESPACE

_MOST: Final = 100
_UNREADABLE: Final = (StoreUnavailable, LogDamaged, IndexUnfit, KeyUnusable, ArchivedAway, PackageInvalid)
_Text = Unicode(min_occurs=1, nillable=False)
_Optional = Unicode(nillable=False)
_Moment = DateTime(min_occurs=1, nillable=False)
_Number = Integer(min_occurs=1, nillable=False)


class Called(ComplexModel):  # type: ignore[misc]
    """What something is called in both languages (adı)."""

    __namespace__ = NAMESPACE
    az = _Text
    en = _Text


class Proof(ComplexModel):  # type: ignore[misc]
    """A record of the exchange (qeyd) and the proof that it stands in the log: c2sp.org/tlog-proof, absent while no
    signed checkpoint covers it."""

    __namespace__ = NAMESPACE
    record = _Text
    leaf = ByteArray(min_occurs=1, nillable=False)
    proof = ByteArray(nillable=False)


class Question(ComplexModel):  # type: ignore[misc]
    """One exchange in which the person was named (sorğu): who asked whom, when, for which purpose (məqsəd) and on which
    legal ground (hüquqi əsas); named says whether the request or the answer did."""

    __namespace__ = NAMESPACE
    exchange = _Text
    at = _Moment
    consumer = _Text
    consumer_name = Called.customize(nillable=False, sub_name="consumerName")
    client = _Optional
    service = _Text
    service_name = Called.customize(nillable=False, sub_name="serviceName")
    provider_name = Called.customize(nillable=False, sub_name="providerName")
    operation = _Optional
    purpose = _Optional
    legal_basis = Unicode(nillable=False, sub_name="legalBasis")
    case_number = Unicode(nillable=False, sub_name="caseNumber")
    officer = _Optional
    on_behalf_of = Unicode(nillable=False, sub_name="onBehalfOf")
    outcome = _Text
    named = Unicode(min_occurs=1, max_occurs="unbounded", nillable=False)
    proof = Proof.customize(max_occurs="unbounded", nillable=False)


class Page(ComplexModel):  # type: ignore[misc]
    """A page of a history (tarixçə), newest first.

    Withheld are questions of which the law tells later (təxirə salınmış), crowded are exchanges that named more people
    than a record holds, unread are records that may name the person and have left the log or are damaged, next is where
    the following page begins.
    """

    __namespace__ = NAMESPACE
    question = Question.customize(max_occurs="unbounded", nillable=False)
    withheld = _Number
    crowded = _Number
    unread = _Number
    next = Integer(nillable=False)


class Gap(ComplexModel):  # type: ignore[misc]
    """A time of which an answer does not tell (əhatə olunmayan dövr): from since on and before until; records is how
    many records of it have left the log and could not be read."""

    __namespace__ = NAMESPACE
    since = _Moment
    until = _Moment
    records = _Number


class WholePage(ComplexModel):  # type: ignore[misc]
    """A page as in Page, and of which time the history does not tell (tam tarixçə).

    CompleteFrom is the time from which on it is complete; absent, together with any gap, where it is complete for all
    of the time asked for.
    """

    __namespace__ = NAMESPACE
    question = Question.customize(max_occurs="unbounded", nillable=False)
    withheld = _Number
    crowded = _Number
    unread = _Number
    next = Integer(nillable=False)
    complete_from = DateTime(nillable=False, sub_name="completeFrom")
    gap = Gap.customize(max_occurs="unbounded", nillable=False)


def subject_history(
    ctx: Any,
    fin: str,
    reason: str,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int | None,
    proofs: bool | None,
) -> Page:
    """Who asked about the person with this FIN, when, and on which legal ground (haqqımda kim soruşub).

    That it is read is on record, with the officer and the reason.  What the law defers is left out, or counted.
    """
    return Page(**_page(_read(ctx, fin, reason, since, until, before, limit, proofs)))


def whole_subject_history(
    ctx: Any,
    fin: str,
    reason: str,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int | None,
    proofs: bool | None,
) -> WholePage:
    """As subjectHistory, and from when on the answer is complete (haqqımda kim soruşub, hansı dövr üçün tam).

    What left the log is read out of the archive, where this bus can reach it; else the answer says of which time it
    does not tell.
    """
    found = _read(ctx, fin, reason, since, until, before, limit, proofs)
    gaps = [Gap(since=_moment(each.since), until=_moment(each.until), records=each.records) for each in found.away]
    complete = None if found.complete_from is None else _moment(found.complete_from)
    return WholePage(**_page(found), complete_from=complete, gap=gaps or None)


def _read(
    ctx: Any,
    fin: str,
    reason: str,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int | None,
    proofs: bool | None,
) -> History:
    view = ctx.udc.bus
    if view.histories is None:
        raise refusal("Server.NotHere", "This node has no registry to record the reading in: ask the central bus.")
    asked = Asked(_microseconds(since), _microseconds(until), before, min(limit or _MOST, _MOST), bool(proofs))
    with told():
        author = acting_as(ctx)
        try:
            history: History = view.histories.read(fin, asked, View.PERSON, reason, author=author, now=view.now())
        except _UNREADABLE as error:
            # What is wrong is the operator's to read, in the log of the bus.
            raise refusal("Server.LogUnavailable", "The log cannot be read now: try again shortly.") from error
    return history


def _page(found: History) -> dict[str, Any]:
    """What a page of either kind holds."""
    return {
        "question": list(map(_question, found.lines)),
        "withheld": found.withheld,
        "crowded": found.crowded,
        "unread": found.unread,
        "next": found.next,
    }


def _question(line: Line) -> Question:
    entry = line.entry
    return Question(
        exchange=entry.exchange,
        at=_moment(entry.at),
        consumer=entry.consumer,
        consumer_name=_called(line.consumer),
        client=entry.client or None,
        service=entry.service,
        service_name=_called(line.service),
        provider_name=_called(line.provider),
        operation=entry.operation or None,
        purpose=entry.purpose or None,
        legal_basis=entry.legal_basis or None,
        case_number=entry.case_number or None,
        officer=entry.officer or None,
        on_behalf_of=entry.on_behalf_of or None,
        outcome=line.outcome,
        named=list(line.named),
        proof=list(map(_proof, line.evidence)) or None,
    )


def _proof(evidence: Evidence) -> Proof:
    proof = None if evidence.proof is None else [evidence.proof.octets()]
    return Proof(record=evidence.record, leaf=[evidence.leaf], proof=proof)


def _called(name: Name | None) -> Called | None:
    return None if name is None else Called(az=name.az, en=name.en)


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1_000_000, UTC)


def _microseconds(at: datetime | None) -> int | None:
    """Microseconds since the epoch; a time without a zone is UTC."""
    if at is None:
        return None
    return round((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp() * 1_000_000)


_ASKED: Final = (
    Unicode(min_occurs=1, nillable=False, pattern=FIN_PATTERN),
    Unicode(min_occurs=1, nillable=False, min_len=1, max_len=500),
    DateTime(nillable=False),
    DateTime(nillable=False),
    Integer(nillable=False, ge=1),
    Integer(nillable=False, ge=1, le=_MOST),
    Boolean(nillable=False),
)


class SubjectService(ServiceBase):  # type: ignore[misc]
    """Who asked about a person (fərdi məlumatların izlənməsi)."""

    subject_history = operation_of(
        "subjectHistory", *_ASKED, returns=Page.customize(min_occurs=1, nillable=False), answer="page"
    )(subject_history)
    # An operation of its own, because consumers of the one above need not know of anything new in its answer.
    whole_subject_history = operation_of(
        "wholeSubjectHistory", *_ASKED, returns=WholePage.customize(min_occurs=1, nillable=False), answer="page"
    )(whole_subject_history)


SUBJECTS = HostedService(SubjectService, NAMESPACE, "Subjects")
