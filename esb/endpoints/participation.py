"""Taking part, as a service: a member asks for grants and connections, announces maintenance, and reads its mailbox.

Hosted name ``participation``; register it with ``esb service add SHLUZ/BUS/Participation/v1 --hosted participation``.
Whatever changes something names the officer who acts in its signed exch:Exchange header; a member acts for itself, and
what it asks for is decided upon by the operator's officers.
"""

import json
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
from esb.admin import participation as acts
from esb.endpoints.told import acting_as, engine_of, refusal, told
from esb.kernel.namespaces import PARTICIPATION as NAMESPACE
from esb.registry.applications import get_application, history, list_applications
from esb.registry.database import reading
from esb.registry.grants import Leave
from esb.registry.mailbox import list_mailbox
from esb.registry.particulars import Particulars
from esb.registry.procedure import Kind, whose_turn

_MOST: Final = 100
_Text = Unicode(min_occurs=1, nillable=False)
_Optional = Unicode(nillable=False)
_Moment = DateTime(min_occurs=1, nillable=False)
_Number = Integer(min_occurs=1, nillable=False)


class GrantRequest(ComplexModel):  # type: ignore[misc]
    """What is asked for (icazə sorğusu): who may ask what, for which purpose and on which legal ground."""

    __namespace__ = NAMESPACE
    consumer = Unicode(nillable=False)
    service = _Text
    operation = Unicode(max_occurs="unbounded", nillable=False)
    purpose = _Text
    basis = _Text
    until = DateTime(nillable=False)
    per_day = Integer(nillable=False, ge=1, sub_name="perDay")


class Connection(ComplexModel):  # type: ignore[misc]
    """An application (qoşulma üçün müraciət): kind is new, change, transfer or retirement; wsdl is the contract, as a
    WSDL or a zip of it with its schemas, and main the WSDL's path inside a zip that holds several."""

    __namespace__ = NAMESPACE
    kind = _Text
    purpose = _Text
    contact = _Text
    service = _Optional
    resource = _Optional
    successor = _Optional
    new_owner = Unicode(nillable=False, sub_name="newOwner")
    endpoint = _Optional
    wsdl = ByteArray(nillable=False)
    main = _Optional


class ApplicationInfo(ComplexModel):  # type: ignore[misc]
    """Where an application stands (müraciətin vəziyyəti), whose turn it is, and until when."""

    __namespace__ = NAMESPACE
    number = _Number
    kind = _Text
    subject = _Text
    state = _Text
    turn = _Text
    filed = _Moment
    due = DateTime(nillable=False)
    reason = _Optional


class Maintenance(ComplexModel):  # type: ignore[misc]
    """Work on services (texniki işlər): none named means all of the caller's."""

    __namespace__ = NAMESPACE
    service = Unicode(max_occurs="unbounded", nillable=False)
    begins = _Moment
    ends = _Moment
    reason = _Text


class Announcement(ComplexModel):  # type: ignore[misc]
    """What an announcement came to; late is one that came less than two days ahead."""

    __namespace__ = NAMESPACE
    number = _Number
    late = Boolean(min_occurs=1, nillable=False)
    told = Unicode(max_occurs="unbounded", nillable=False)


class Letter(ComplexModel):  # type: ignore[misc]
    """A notice in the caller's mailbox (bildiriş); facts are its particulars as JSON."""

    __namespace__ = NAMESPACE
    number = _Number
    at = _Moment
    topic = _Text
    about = _Text
    facts = _Text
    read = DateTime(nillable=False)


def request_grant(ctx: Any, grant: GrantRequest) -> int:
    """Request a grant for the caller or a system of it; its number.  The operator's officers decide (icazə istə)."""
    view = ctx.udc.bus
    with told():
        author = acting_as(ctx)
        leave = Leave(
            grant.purpose,
            grant.basis,
            view.now(),
            valid_until=None if grant.until is None else _seconds(grant.until),
            operations=frozenset(grant.operation) if grant.operation else None,
            per_day=grant.per_day,
        )
        member = ctx.udc.consumer
        return acts.request_grant(
            engine_of(view), member, grant.consumer or member, grant.service, leave, author, view.now()
        )


def apply_for_connection(ctx: Any, application: Connection) -> int:
    """File an application; its number, under which its standing is asked for (müraciət et)."""
    view = ctx.udc.bus
    if application.kind not in {each.value for each in Kind}:
        raise refusal("Client.Invalid", f"The kind is one of {', '.join(each.value for each in Kind)}.")
    with told():
        author = acting_as(ctx)
        given = Particulars(
            purpose=application.purpose,
            contact=application.contact,
            service=application.service,
            resource=application.resource,
            successor=application.successor,
            new_owner=application.new_owner,
            endpoint=application.endpoint,
        )
        wsdl = None if application.wsdl is None else b"".join(application.wsdl)
        return acts.apply_for_connection(
            engine_of(view),
            ctx.udc.consumer,
            Kind(application.kind),
            given,
            wsdl,
            author,
            view.now(),
            main=application.main or "",
        )


def withdraw_application(ctx: Any, number: int, reason: str) -> bool:
    """Take one of the caller's applications back (müraciəti geri götür)."""
    view = ctx.udc.bus
    with told():
        acts.withdraw(engine_of(view), ctx.udc.consumer, number, reason, acting_as(ctx), view.now())
    return True


def my_applications(ctx: Any) -> list[ApplicationInfo]:
    """The caller's applications by number (müraciətlərim)."""
    with told(), reading(engine_of(ctx.udc.bus)) as session:
        return [_application(session, row) for row in list_applications(session, applicant=ctx.udc.consumer)]


def application_status(ctx: Any, number: int) -> ApplicationInfo:
    """Where one of the caller's applications stands (müraciətin vəziyyəti)."""
    with told(), reading(engine_of(ctx.udc.bus)) as session:
        row = get_application(session, number)
        if row.applicant != ctx.udc.consumer:
            raise refusal("Client.NotFound", f"{ctx.udc.consumer} has no application {number}.")
        return _application(session, row)


def announce_maintenance(ctx: Any, maintenance: Maintenance) -> Announcement:
    """Announce work on the caller's services; their consumers are told (texniki işləri elan et)."""
    view = ctx.udc.bus
    with told():
        done = acts.announce(
            engine_of(view),
            ctx.udc.consumer,
            tuple(maintenance.service) if maintenance.service else None,
            (_seconds(maintenance.begins), _seconds(maintenance.ends)),
            maintenance.reason,
            acting_as(ctx),
            view.now(),
        )
    return Announcement(number=done.number, late=done.late, told=list(done.told))


def read_mailbox(ctx: Any, since: int, unread: bool | None) -> list[Letter]:
    """The caller's notices after a number, oldest first, at most a hundred; nothing is marked (poçt qutusu)."""
    with told(), reading(engine_of(ctx.udc.bus)) as session:
        letters = list_mailbox(session, ctx.udc.consumer, unread=bool(unread), since=since, limit=_MOST)
    return [
        Letter(
            number=each.notice,
            at=_moment(each.at),
            topic=each.topic.value,
            about=each.about,
            facts=json.dumps(each.facts, ensure_ascii=False, sort_keys=True),
            read=None if each.read_at is None else _moment(each.read_at),
        )
        for each in letters
    ]


def acknowledge(ctx: Any, number: list[int]) -> int:
    """Mark notices as read; how many were not before (oxundu qeyd et)."""
    view = ctx.udc.bus
    with told():
        return acts.acknowledge(engine_of(view), ctx.udc.consumer, number, acting_as(ctx), view.now())


def _application(session: Any, row: Any) -> ApplicationInfo:
    last = history(session, "application", row.id)[-1]
    return ApplicationInfo(
        number=row.id,
        kind=row.kind.value,
        subject=row.subject,
        state=row.state.value,
        turn=whose_turn(row.state).value,
        filed=_moment(row.filed_at),
        due=None if row.due_at is None else _moment(row.due_at),
        reason=last.detail.get("reason"),
    )


def _seconds(at: datetime) -> float:
    """Unix seconds; a time without a zone is UTC."""
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _many(kind: Any) -> Any:
    return kind.customize(max_occurs="unbounded", nillable=False)


def _one(kind: Any) -> Any:
    return kind.customize(min_occurs=1, nillable=False)


def _number() -> Any:
    # A fresh type each time: Spyne names a type with facets after the element that it meets it in first.
    return Integer(min_occurs=1, nillable=False, ge=0)


class ParticipationService(ServiceBase):  # type: ignore[misc]
    """What a member asks for and announces, and what it is told (iştirak)."""

    request_grant = operation_of("requestGrant", _one(GrantRequest), returns=_Number, answer="number")(request_grant)
    apply_for_connection = operation_of("applyForConnection", _one(Connection), returns=_Number, answer="number")(
        apply_for_connection
    )
    withdraw_application = operation_of(
        "withdrawApplication", _number(), Unicode(min_occurs=1, nillable=False), returns=Boolean, answer="withdrawn"
    )(withdraw_application)
    my_applications = operation_of("myApplications", returns=_many(ApplicationInfo), answer="application")(
        my_applications
    )
    application_status = operation_of(
        "applicationStatus", _number(), returns=_one(ApplicationInfo), answer="application"
    )(application_status)
    announce_maintenance = operation_of(
        "announceMaintenance", _one(Maintenance), returns=_one(Announcement), answer="announcement"
    )(announce_maintenance)
    read_mailbox = operation_of(
        "readMailbox", _number(), Boolean(nillable=False), returns=_many(Letter), answer="letter"
    )(read_mailbox)
    acknowledge = operation_of(
        "acknowledge",
        Integer(min_occurs=1, max_occurs=500, nillable=False),
        returns=_Number,
        answer="count",
    )(acknowledge)


PARTICIPATION = HostedService(ParticipationService, NAMESPACE, "Participation")
