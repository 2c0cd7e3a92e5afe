"""Services: what is offered, where its provider is, and how it is treated."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, TypedDict, Unpack

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from esb.kernel.directory import AnswerSignature, Judgement, ServiceStatus, SignatureMode
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.acts import Act
from esb.registry.checks import lawful_endpoint, lawful_service, lawful_timeout
from esb.registry.contracts import get_contract
from esb.registry.errors import Conflict, NotFound
from esb.registry.hosted_keys import hosted_key_of
from esb.registry.members import get_system
from esb.registry.models import ServiceRow


@dataclass(frozen=True, slots=True)
class Terms:
    """How a service is reached and treated; each field as in :class:`esb.kernel.directory.Service`."""

    endpoint: str
    adapter: str = "soap"
    provider_version: SoapVersion | None = None
    signature: SignatureMode = SignatureMode.BUS
    answer_signature: AnswerSignature = AnswerSignature.IGNORED
    judge_request: Judgement = Judgement.ENFORCE
    judge_answer: Judgement = Judgement.ENFORCE
    timeout: float = 30.0
    status: ServiceStatus = ServiceStatus.ACTIVE


def add_service(act: Act, service: ServiceId, contract: str, terms: Terms) -> None:
    """Register a service of a registered system.  The same service on the same terms again is no change.

    Raises :class:`~esb.registry.errors.Invalid`, :class:`~esb.registry.errors.NotFound` (the system or the contract),
    :class:`~esb.registry.errors.Conflict`.
    """
    service = lawful_service(service)
    get_system(act.session, service.member, service.system)
    get_contract(act.session, contract)
    lawful_endpoint(terms.endpoint, terms.adapter)
    lawful_timeout(terms.timeout)
    _check_hosted(act.session, service.member, terms.answer_signature)
    row = ServiceRow(
        member=service.member,
        system=service.system,
        code=service.service,
        version=service.version,
        contract=contract,
        added_at=act.now,
        endpoint=terms.endpoint,
        adapter=terms.adapter,
        provider_version=terms.provider_version,
        signature=terms.signature,
        answer_signature=terms.answer_signature,
        judge_request=terms.judge_request,
        judge_answer=terms.judge_answer,
        timeout=terms.timeout,
        status=terms.status,
    )
    known = act.session.scalar(_named(service))
    if known is not None:
        if _facts(known) == _facts(row):
            return
        raise Conflict(
            f"service {service} is registered on other terms; update it, or register a new version beside it"
        )
    act.session.add(row)
    act.record("add", "service", service.text, _facts(row))


class OtherTerms(TypedDict, total=False):
    """What of a service's terms is to be another; what is None or left out stays as it is.  See :class:`Terms`."""

    status: ServiceStatus | None
    endpoint: str | None
    signature: SignatureMode | None
    answer_signature: AnswerSignature | None
    judge_request: Judgement | None
    judge_answer: Judgement | None
    timeout: float | None


def update_service(act: Act, service: ServiceId, **other: Unpack[OtherTerms]) -> dict[str, list[str | float | None]]:
    """Change how a service is reached or treated.

    Returns what really changed, before and after, by its name.
    Raises :class:`~esb.registry.errors.Invalid`, :class:`~esb.registry.errors.NotFound`.
    """
    row = get_service(act.session, service)
    _check_hosted(act.session, service.member, other.get("answer_signature"))
    wanted: dict[str, Any] = {**other}
    if (endpoint := other.get("endpoint")) is not None:
        wanted["endpoint"] = lawful_endpoint(endpoint, row.adapter)
    if (timeout := other.get("timeout")) is not None:
        wanted["timeout"] = lawful_timeout(timeout)
    detail: dict[str, list[str | float | None]] = {}
    for field, value in wanted.items():
        before = getattr(row, field)
        if value is not None and value != before:
            setattr(row, field, value)
            detail[field] = [_plain(before), _plain(value)]
    if detail:
        act.record("update", "service", service.text, detail)
    return detail


def _check_hosted(session: Session, member: str, answer_signature: AnswerSignature | None) -> None:
    if answer_signature is AnswerSignature.HOSTED:
        hosted_key_of(session, member)


def get_service(session: Session, service: ServiceId) -> ServiceRow:
    """Return a service.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.scalar(_named(service))
    if row is None:
        raise NotFound(f"service {service.text[:280]!r} is not registered; check its name, or register it first")
    return row


def list_services(session: Session, member: str | None = None) -> list[ServiceRow]:
    """Return the services of one member or of all, by name."""
    rows = select(ServiceRow).order_by(ServiceRow.member, ServiceRow.system, ServiceRow.code, ServiceRow.version)
    return list(session.scalars(rows if member is None else rows.where(ServiceRow.member == member)))


def _named(service: ServiceId) -> Select[ServiceRow]:
    return select(ServiceRow).where(
        ServiceRow.member == service.member,
        ServiceRow.system == service.system,
        ServiceRow.code == service.service,
        ServiceRow.version == service.version,
    )


_FACTS = (
    "contract",
    "endpoint",
    "adapter",
    "provider_version",
    "signature",
    "answer_signature",
    "judge_request",
    "judge_answer",
    "timeout",
    "status",
)


def _facts(row: ServiceRow) -> dict[str, str | float | None]:
    return {field: _plain(getattr(row, field)) for field in _FACTS}


def _plain(value: Enum | str | float | None) -> str | float | None:
    return str(value.value) if isinstance(value, Enum) else value
