"""Contracts in time: comparing a new one with the one registered, and taking it in place where it breaks nobody."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from esb.admin.services import ContractUnfit
from esb.admin.subject_paths import check_subjects_stay
from esb.kernel.contract import Contract
from esb.kernel.faults import EsbError
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.acts import acting
from esb.registry.affected import consumers_of
from esb.registry.contracts import get_contract, put_contract
from esb.registry.database import reading
from esb.registry.notices import Topic, tell
from esb.registry.revisions import revise_contract
from esb.registry.services import get_service, list_services
from esb.registry.subjects import get_subject_paths
from esb.schemas.check import check_contract
from esb.wsdl.changes import Report, Verdict
from esb.wsdl.compare import compare
from esb.wsdl.pack import pack, unpack

_MOST_TOLD = 20  # changes that a notice names; the rest is in the report


class ContractBreaks(EsbError):
    """A new contract would break consumers of the one in force, so it is not taken in its place.

    Attributes:
        report: every change.
        next_version: the name under which it can be registered beside the old one.
    """

    def __init__(self, service: ServiceId, report: Report, next_version: ServiceId) -> None:
        listed = "\n".join(f"  - {change.text}" for change in report.breaking)
        super().__init__(
            f"The new contract breaks consumers of {service}:\n{listed}\n"
            f"Register it beside the old one instead: esb service add {next_version} --wsdl …\n"
            f"Then let the old one end: esb service sunset {service} --at DATE --successor {next_version}"
        )
        self.report = report
        self.next_version = next_version


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did.

    Attributes:
        revision: the contract's number among the service's; None when the service stood on this very contract.
        told: members that were told.
    """

    contract: str
    revision: int | None
    report: Report
    told: tuple[str, ...]


def compare_registered(engine: Engine, service: ServiceId, contract: Contract) -> Report:
    """Compare a new contract with the one that a service stands on.

    Raises:
        NotFound, RegistryUnavailable: from the registry.
    """
    return compare(_contract_in_force(engine, service)[1], contract)


def upgrade_service(
    engine: Engine,
    service: ServiceId,
    contract: Contract,
    *,
    author: str,
    now: float,
    told: Callable[[str], None],
) -> Upgraded:
    """Take a new contract in place, when it breaks no consumer; its consumers are told of every change.

    Requests under way go on with the old contract; those that come later are judged by the new one.

    Args:
        told: is told each step, for whoever waits.

    Raises:
        ContractBreaks: with every change that breaks consumers.
        ContractUnfit: the schemas do not compile, or are not safe to judge by.
        SubjectLost: it has no person where the service's messages name one now.
        NotFound, Conflict, Invalid: from the registry.
    """
    digest, old = _contract_in_force(engine, service)
    told(f"comparing {len(contract.operations)} operations with the contract in force")
    report = compare(old, contract)
    if report.verdict is Verdict.BREAKING:
        raise ContractBreaks(service, report, next_version(engine, service))
    told("checking the new contract's schemas")
    checked = check_contract(contract)
    for note in checked.notes:
        told(f"note: {note}")
    if checked.problems:
        raise ContractUnfit(checked.problems)
    packed = pack(contract)
    with acting(engine, author, now) as act:
        fresh = put_contract(act, packed, contract)
        if fresh == digest:
            return Upgraded(digest, None, report, ())
        check_subjects_stay(service, get_subject_paths(act.session, service), contract)
        version = _provider_version(old, contract)
        number = revise_contract(act, service, fresh, instead_of=digest, report=report.plain, provider_version=version)
        members: tuple[str, ...] = ()
        if report.changes:
            members = tuple(sorted(consumers_of(act.session, service.member, {service.text}, now, later=True)))
            facts = {
                "service": service.text,
                "revision": number,
                "verdict": report.verdict.value,
                "changes": [change.text[:300] for change in report.changes[:_MOST_TOLD]],
                "more": max(0, len(report.changes) - _MOST_TOLD),
            }
            tell(act, Topic.SERVICE_CHANGED, f"service:{service.text}", members, facts)
    return Upgraded(fresh, number, report, members)


def next_version(engine: Engine, service: ServiceId) -> ServiceId:
    """The name of the next major version that is not registered yet."""
    with reading(engine) as session:
        taken = [
            int(row.version[1:])
            for row in list_services(session, service.member)
            if (row.system, row.code) == (service.system, service.service)
        ]
    return ServiceId(service.member, service.system, service.service, f"v{max([int(service.version[1:]), *taken]) + 1}")


def _contract_in_force(engine: Engine, service: ServiceId) -> tuple[str, Contract]:
    with reading(engine) as session:
        row = get_contract(session, get_service(session, service).contract)
        return row.sha256, unpack(row.packed)


def _provider_version(old: Contract, new: Contract) -> SoapVersion | None:
    """The one version that the provider speaks now, where the new contract says another than the old."""
    if new.provider_versions == old.provider_versions or len(new.provider_versions) != 1:
        return None
    return next(iter(new.provider_versions))
