"""What decisions bring about: services and register entries that begin, change, pass to another owner and end.

Each function does the whole of it in the open act: the registry's rows, the application's state, and whom it concerns
being told.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy.orm import Session

from esb.kernel.directory import ServiceStatus
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.acts import Act
from esb.registry.applications import (
    connected,
    get_application,
    move,
    notice_facts,
    particulars_of,
    second_person,
)
from esb.registry.checks import lawful_text
from esb.registry.contracts import get_contract
from esb.registry.errors import Conflict, NotFound
from esb.registry.grants import list_grants
from esb.registry.members import add_system, get_system
from esb.registry.notices import SUPERVISOR, Topic, tell
from esb.registry.particulars import Particulars, shortcomings
from esb.registry.procedure import STANDING, Kind, Limits, State, Step, next_state
from esb.registry.procedure_models import ApplicationRow
from esb.registry.resource_entry import ResourceStatus
from esb.registry.resources import get_resource, set_resource_status, transfer_resource
from esb.registry.services import Terms, add_service, get_service, update_service
from esb.registry.subjects import copy_subject_paths


@dataclass(frozen=True, slots=True)
class Brought:
    """What an act brought about, for whoever did it.

    Attributes:
        lines: each in a sentence.
        consumers: members and systems that hold a grant for a service that changed.
    """

    lines: tuple[str, ...]
    consumers: tuple[str, ...] = ()


def register_application(act: Act, number: int, reason: str, limits: Limits) -> Brought:
    """Register what an application asks for.

    Raises:
        SamePerson: by the person who filed.
        Conflict: the opinion is unfavourable, or the registry has changed since so that it contradicts.
        StepForbidden, NotFound, Invalid.
    """
    row = get_application(act.session, number)
    next_state(row.state, Step.REGISTER)
    second_person(act, row, "decides")
    if not row.favourable:
        raise Conflict(f"the opinion on application {number} is unfavourable: refuse it, or have another opinion given")
    given = particulars_of(row)
    missing = shortcomings(act.session, row.kind, row.applicant, given, row.contract)
    if missing:
        raise Conflict("the registry has changed since the application was filed: " + "; ".join(missing))
    row.decided_by = act.author
    move(act, row, Step.REGISTER, reason, limits)
    before = None if row.replaces is None else get_application(act.session, row.replaces)
    if before is not None and before.state not in STANDING:
        before = None
    match row.kind:
        case Kind.NEW:
            return _begin(act, row, given, reason)
        case Kind.CHANGE:
            return _change(act, row, given, before, reason, limits)
        case Kind.TRANSFER:
            return _transfer(act, row, given, before, reason, limits)
        case Kind.RETIREMENT:
            brought = _set_status(act, row, ServiceStatus.RETIRED, ResourceStatus.RETIRED, reason)
            if before is not None:
                move(act, before, Step.RETIRE, reason, limits, {"by": number})
            move(act, row, Step.RETIRE, reason, limits)
            return brought


def refuse_application(act: Act, number: int, reasons: str, limits: Limits) -> None:
    """Refuse an application with reasons; the supervising agency gets a copy (statute 4.1.4).

    Raises:
        SamePerson: by the person who filed.
        Conflict: the opinion is favourable.
        StepForbidden, NotFound, Invalid.
    """
    row = get_application(act.session, number)
    next_state(row.state, Step.REFUSE)
    second_person(act, row, "decides")
    if row.favourable:
        raise Conflict(f"the opinion on application {number} is favourable: register it, or have another opinion given")
    reasons = lawful_text(reasons, "reasons of the refusal")
    row.decided_by = act.author
    move(act, row, Step.REFUSE, reasons, limits)
    facts = {**notice_facts(row, reasons), "opinion": row.opinion, "report": row.report}
    tell(act, Topic.APPLICATION_REFUSED, f"application:{row.id}", {SUPERVISOR, row.applicant}, facts)


def suspend_connection(act: Act, number: int, reason: str, limits: Limits) -> Brought:
    """Suspend a connection: its service answers ResourceSuspended.

    Raises :class:`StepForbidden`, :class:`NotFound`.
    """
    row = get_application(act.session, number)
    move(act, row, Step.SUSPEND, reason, limits)
    return _set_status(act, row, ServiceStatus.SUSPENDED, ResourceStatus.SUSPENDED, reason)


def resume_connection(act: Act, number: int, reason: str, limits: Limits) -> Brought:
    """Take up a suspended connection again.  Raises :class:`StepForbidden`, :class:`NotFound`."""
    row = get_application(act.session, number)
    move(act, row, Step.RESUME, reason, limits)
    return _set_status(act, row, ServiceStatus.ACTIVE, ResourceStatus.REGISTERED, reason)


def retire_connection(act: Act, number: int, reason: str, limits: Limits) -> Brought:
    """End a connection by the operator's own act; of a transferred one, the old owner's name.

    Raises :class:`StepForbidden`, :class:`NotFound`.
    """
    row = get_application(act.session, number)
    moved = row.state is State.TRANSFERRED
    move(act, row, Step.RETIRE, reason, limits)
    # A resource that has another owner now goes on under its code.
    return _set_status(act, row, ServiceStatus.RETIRED, None if moved else ResourceStatus.RETIRED, reason)


def archive_application(act: Act, number: int, reason: str, limits: Limits) -> Brought:
    """Close an application for good.  Raises :class:`StepForbidden`, :class:`NotFound`."""
    row = get_application(act.session, number)
    ended = row.state is State.RETIRED
    move(act, row, Step.ARCHIVE, reason, limits)
    resource = particulars_of(row).resource
    if ended and resource is not None and get_resource(act.session, resource).status is ResourceStatus.RETIRED:
        set_resource_status(act, resource, ResourceStatus.ARCHIVED, reason)
        return Brought((f"{resource} is archived",))
    return Brought(())


def consumers_of(session: Session, service: ServiceId) -> tuple[str, ...]:
    """Return who holds a grant for a service, by name."""
    return tuple(sorted({grant.consumer for grant in list_grants(session, service=service)}))


def standing_terms(session: Session, service: ServiceId) -> Terms:
    """Return the terms on which a service stands now.  Raises :class:`NotFound`."""
    row = get_service(session, service)
    return Terms(**{field.name: getattr(row, field.name) for field in fields(Terms)})


def _begin(act: Act, row: ApplicationRow, given: Particulars, reason: str) -> Brought:
    lines = []
    if given.service is not None:
        _add(act, given.target(), row.contract or "", given.terms())
        lines.append(f"{given.service} is registered and served")
    if given.resource is not None:
        set_resource_status(act, given.resource, ResourceStatus.REGISTERED, reason)
        lines.append(f"{given.resource} is registered")
    return Brought(tuple(lines))


def _change(
    act: Act, row: ApplicationRow, given: Particulars, before: ApplicationRow | None, reason: str, limits: Limits
) -> Brought:
    lines: list[str] = []
    consumers: tuple[str, ...] = ()
    if given.service is not None:
        service, after = given.service_id(), given.target()
        known = standing_terms(act.session, service)
        terms = given.terms(known)
        if after != service:
            # A new contract is judged by its own bindings, and the old version stays until its consumers have moved.
            version = terms.provider_version if given.provider_version is not None else None
            _add(act, after, row.contract or "", replace(terms, status=ServiceStatus.ACTIVE, provider_version=version))
            lines.append(f"{after} is registered and served; {service} stays beside it")
        else:
            _apply(act, service, terms)
            lines.append(f"{service} stands on new terms")
        consumers = consumers_of(act.session, service)
        _tell_consumers(act, row, service, after, consumers, reason)
    if given.resource is not None:
        status = get_resource(act.session, given.resource).status
        if status is ResourceStatus.DRAFT:
            set_resource_status(act, given.resource, ResourceStatus.REGISTERED, reason)
        lines.append(f"{given.resource} stands in the register as amended")
    if before is not None:
        move(act, before, Step.CHANGE, reason, limits, {"by": row.id})
    return Brought(tuple(lines), consumers)


def _transfer(
    act: Act, row: ApplicationRow, given: Particulars, before: ApplicationRow | None, reason: str, limits: Limits
) -> Brought:
    lines: list[str] = []
    consumers: tuple[str, ...] = ()
    owner = given.new_owner or ""
    if given.service is not None:
        service, after = given.service_id(), given.target()
        known = standing_terms(act.session, service)
        terms = given.terms(known)
        _add(act, after, get_service(act.session, service).contract, replace(terms, status=ServiceStatus.ACTIVE))
        copy_subject_paths(act, service, after)
        _apply(act, service, terms)
        consumers = consumers_of(act.session, service)
        lines.append(f"{after} is registered and served, and belongs to {owner}")
        lines.append(f"{service} leads to the same provider until it is retired; grants for it do not pass over")
        _tell_consumers(act, row, service, after, consumers, reason)
    if given.resource is not None:
        transfer_resource(act, given.resource, owner, reason)
        lines.append(f"{given.resource} belongs to {owner}")
    if before is not None:
        move(act, before, Step.TRANSFER, reason, limits, {"by": row.id, "new_owner": owner})
    if owner != row.applicant:
        tell(act, Topic.APPLICATION_MOVED, f"application:{row.id}", owner, notice_facts(row, reason))
    return Brought(tuple(lines), consumers)


def _set_status(
    act: Act, row: ApplicationRow, service: ServiceStatus, resource: ResourceStatus | None, reason: str
) -> Brought:
    given = particulars_of(row)
    lines: list[str] = []
    consumers: tuple[str, ...] = ()
    name = given.service if row.kind is Kind.RETIREMENT else _service_of(row, given)
    if name is not None:
        target = ServiceId.parse(name)
        if get_service(act.session, target).status is not service:
            update_service(act, target, status=service)
        consumers = consumers_of(act.session, target)
        lines.append(f"{target} is {service.value}")
        _tell_consumers(act, row, target, target, consumers, reason, service)
    if resource is not None and given.resource is not None:
        set_resource_status(act, given.resource, resource, reason)
        lines.append(f"{given.resource} is {resource.value}")
    return Brought(tuple(lines), consumers)


def _service_of(row: ApplicationRow, given: Particulars) -> str | None:
    return None if given.service is None else connected(row)


def _tell_consumers(
    act: Act,
    row: ApplicationRow,
    service: ServiceId,
    after: ServiceId,
    consumers: Collection[str],
    reason: str,
    status: ServiceStatus | None = None,
) -> None:
    facts: dict[str, Any] = {"service": service.text, "application": row.id, "reason": reason}
    if after != service:
        facts["successor"] = after.text
    if status is not None:
        facts["status"] = status.value
    members = {consumer.partition("/")[0] for consumer in consumers}
    tell(act, Topic.SERVICE_CHANGED, f"service:{service.text}", members, facts)


def _add(act: Act, service: ServiceId, contract: str, terms: Terms) -> None:
    try:
        get_system(act.session, service.member, service.system)
    except NotFound:
        add_system(act, service.member, service.system, service.system, service.system)
    versions = get_contract(act.session, contract).summary["provider_versions"]
    if terms.provider_version is None and len(versions) == 1:
        terms = replace(terms, provider_version=SoapVersion(versions[0]))
    add_service(act, service, contract, terms)


def _apply(act: Act, service: ServiceId, terms: Terms) -> None:
    update_service(
        act,
        service,
        endpoint=terms.endpoint,
        signature=terms.signature,
        answer_signature=terms.answer_signature,
        judge_request=terms.judge_request,
        judge_answer=terms.judge_answer,
        timeout=terms.timeout,
    )
