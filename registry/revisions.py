"""The contracts that a service stood on, one after the other: since when, by whose act, and with which differences."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.acts import Act
from esb.registry.contract_models import RevisionRow
from esb.registry.contracts import get_contract
from esb.registry.errors import Conflict
from esb.registry.models import ChangeRow, ServiceRow
from esb.registry.services import get_service


@dataclass(frozen=True, slots=True)
class Revision:
    """One of a service's contracts.

    Attributes:
        number: from 1 on.
        contract: the digest of the stored contract.
        from_at: Unix seconds since when it holds.
        author: who registered it, "" where that was not written down.
        report: how it differs from the one before, as plain JSON; None for the first.
    """

    number: int
    contract: str
    from_at: float
    author: str
    report: dict[str, Any] | None


def revise_contract(
    act: Act,
    service: ServiceId,
    contract: str,
    *,
    instead_of: str,
    report: dict[str, Any],
    provider_version: SoapVersion | None = None,
) -> int:
    """Let a service stand on another registered contract from now on; return the revision's number.

    Whether that does consumers no harm is the caller's to have found out.

    Args:
        instead_of: digest of the contract that it was compared with; must still be the service's.
        report: the comparison, as plain JSON.
        provider_version: the SOAP version that the provider is spoken to in from now on; None leaves it.

    Raises:
        NotFound: the service or the contract is not registered.
        Conflict: the service stands on another contract by now, or on this one already.
    """
    row = get_service(act.session, service)
    get_contract(act.session, contract)
    if row.contract != instead_of:
        raise Conflict(f"the contract of {service} was changed meanwhile; compare with the one in force and try again")
    if contract == row.contract:
        raise Conflict(f"{service} stands on this very contract already")
    number = list_revisions(act.session, service)[-1].number
    if number == 1 and act.session.get(RevisionRow, (row.id, 1)) is None:
        act.session.add(_first(act.session, row))
    act.session.add(
        RevisionRow(
            service_id=row.id,
            number=number + 1,
            contract=contract,
            from_at=act.now,
            author=act.author,
            report=report,
        )
    )
    detail: dict[str, Any] = {"contract": [row.contract, contract], "revision": [number, number + 1]}
    row.contract = contract
    if provider_version is not None and provider_version is not row.provider_version:
        was = None if row.provider_version is None else row.provider_version.value
        detail["provider_version"] = [was, provider_version.value]
        row.provider_version = provider_version
    act.record("update", "service", service.text, detail)
    return number + 1


def list_revisions(session: Session, service: ServiceId) -> tuple[Revision, ...]:
    """A service's contracts, the first one first.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = get_service(session, service)
    rows = list(
        session.scalars(select(RevisionRow).where(RevisionRow.service_id == row.id).order_by(RevisionRow.number))
    )
    # A service that was never revised has no row: its first contract is told by the service itself.
    return tuple(
        Revision(each.number, each.contract, each.from_at, each.author, each.report)
        for each in rows or [_first(session, row)]
    )


def _first(session: Session, row: ServiceRow) -> RevisionRow:
    author = session.scalar(
        select(ChangeRow.author)
        .where(ChangeRow.kind == "service", ChangeRow.key == row.name.text, ChangeRow.act == "add")
        .order_by(ChangeRow.number)
        .limit(1)
    )
    return RevisionRow(
        service_id=row.id, number=1, contract=row.contract, from_at=row.added_at, author=author or "", report=None
    )
