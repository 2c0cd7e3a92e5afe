"""Loading the national sample into a registry: 43 agencies, 237 systems, 277 services, and who may ask what.

Always the same: contracts to the byte, grants in one order with one beginning.  Agencies and services are the
published ones; taxpayers' numbers are made up, in a form that no real one has.  All of it is one act, so a registry has
the sample or has it not; loading it again adds what is missing and touches nothing that is there.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from esb.admin.subject_paths import proposals
from esb.kernel.contract import Contract
from esb.kernel.faults import EsbError
from esb.registry.acts import Act, acting
from esb.registry.contracts import put_contract
from esb.registry.database import reading
from esb.registry.grants import Leave, add_grant, list_grants
from esb.registry.members import add_member, add_system, list_members, list_systems
from esb.registry.models import GrantStatus, MemberKind
from esb.registry.services import Terms, add_service, list_services
from esb.registry.subjects import set_subject_paths
from esb.sample.consumers import PORTAL, Asking, consumers_of
from esb.sample.mix import Month, Service, national_month
from esb.sample.published import Agency
from esb.sample.reading import check_together, read_contracts
from esb.sample.systems import SampleSystem, asking_system, national_systems
from esb.wsdl.pack import pack

PROVIDER: Final = "http://127.0.0.1:8090"
"""Where `esb sample provider` answers for every agency, unless it is told otherwise."""
BEGINNING: Final = 1_422_748_800.0
"""1 February 2015, from which every grant of the sample runs."""

_COMPANIES: Final = frozenset({"AZERENERJI", "AZERSU", "MSTASC", "AQROLIZINQ"})
_BASIS: Final = "Decree No. 429 of 23 May 2011 on electronic services of state bodies"
_PURPOSE_PORTAL: Final = "A citizen's request on the portal"
_PURPOSE_AGENCY: Final = "An agency's own proceedings"
_PURPOSE_SYSTEM: Final = "Checking an applicant's statement in an agency's system"
_SYSTEM_PER_DAY: Final = 10_000
_OWN: Final = "SHLUZ"

Told = Callable[[str, int], None]
"""Is told what is being done, and how many steps of it have just been done."""


class RegistryInUse(EsbError):
    """The registry holds what is not of the sample, and nobody said that they may stand together."""


@dataclass(frozen=True, slots=True)
class Added:
    """How many were added; all 0 where the sample was there."""

    members: int
    systems: int
    services: int
    grants: int


@dataclass(frozen=True, slots=True)
class _There:
    """What is registered already, by name."""

    members: frozenset[str]
    systems: frozenset[str]
    services: frozenset[str]
    grants: frozenset[tuple[str, str]]


def steps(month: Month) -> int:
    """How many steps a whole loading has."""
    systems = national_systems(month.agencies)
    return 2 * len(month.services) + len(month.agencies) + len(systems) + len(consumers_of(month))


def load_sample(
    engine: Engine,
    *,
    author: str,
    now: float,
    provider: str = PROVIDER,
    into_existing: bool = False,
    told: Told = lambda _what, _steps: None,
) -> Added:
    """Load the sample.

    Args:
        provider: base URL under which every service's endpoint stands.
        into_existing: whether a registry that holds other members or services may take it up too.

    Raises:
        RegistryInUse: it holds others.
        Invalid: ``provider`` is no URL.
        RegistryUnavailable: the database cannot be used.
    """
    month = national_month()
    _refuse_others(engine, month, into_existing)
    contracts = []
    # Read with one address whatever the provider's: the contract is the same, and so is its digest.
    for each in read_contracts(month.services, lambda service: endpoint_of(service, PROVIDER)):
        contracts.append(each)
        told("reading contracts", 1)
    check_together(list({service.kind: contract for service, contract in contracts}.values()))
    systems = national_systems(month.agencies)
    with acting(engine, author, now) as act:
        there = _there(act)
        members = _add_members(act, month.agencies, there, told)
        added_systems = _add_systems(act, systems, there, told)
        # The session holds rows weakly: each would be read anew for every service and grant that names it.
        held = list_members(act.session), list_systems(act.session)
        services = _add_services(act, contracts, provider, there, told)
        grants = _add_grants(act, consumers_of(month), systems, there, told)
        del held
        return Added(members, added_systems, services, grants)


def endpoint_of(service: Service, provider: str) -> str:
    """A service's URL at its provider."""
    return f"{provider.rstrip('/')}/{service.agency}/{service.id.system}/{service.id.service}"


def register_service(act: Act, service: Service, contract: Contract, endpoint: str) -> None:
    """Register a service of the sample on its contract, which was checked; its messages name persons by their FINs."""
    (version,) = contract.provider_versions
    terms = Terms(endpoint=endpoint, provider_version=version)
    add_service(act, service.id, put_contract(act, pack(contract), contract), terms)
    for operation, paths in proposals(contract):
        set_subject_paths(act, service.id, operation, paths)


def leave_for(asking: Asking) -> Leave:
    """What a member is granted: the portal for the citizens, an agency for its own proceedings."""
    return Leave(_PURPOSE_PORTAL if asking.consumer == PORTAL else _PURPOSE_AGENCY, _BASIS, BEGINNING)


def _refuse_others(engine: Engine, month: Month, into_existing: bool) -> None:
    if into_existing:
        return
    agencies = {agency.code for agency in month.agencies} | {_OWN}
    names = {service.id for service in month.services}
    with reading(engine) as session:
        members = [row.code for row in list_members(session) if row.code not in agencies]
        services = [row.name for row in list_services(session) if row.name not in names and row.member != _OWN]
    if members or services:
        other = f"member {members[0]}" if members else f"service {services[0]}"
        raise RegistryInUse(
            f"The registry holds {other}, which is not of the sample. Load the sample into a home of its own "
            "(esb init FOLDER), or say that both may stand together with --into-existing."
        )


def _there(act: Act) -> _There:
    return _There(
        frozenset(row.code for row in list_members(act.session)),
        frozenset(f"{row.member}/{row.code}" for row in list_systems(act.session)),
        frozenset(row.name.text for row in list_services(act.session)),
        # Those that were taken back too: to load the sample again must not give them anew.
        frozenset(
            (row.consumer, row.service.name.text) for row in list_grants(act.session, statuses=tuple(GrantStatus))
        ),
    )


def _add_members(act: Act, agencies: Iterable[Agency], there: _There, told: Told) -> int:
    count = 0
    for agency in agencies:
        if agency.code not in there.members:
            kind = MemberKind.NON_STATE if agency.code in _COMPANIES else MemberKind.STATE
            add_member(act, agency.code, agency.name_az, agency.name_en, kind, voen=_voen(agency))
            count += 1
        told("registering agencies", 1)
    return count


def _voen(agency: Agency) -> str:
    """A taxpayer's number of the lawful form: region 99, which is nobody's, a number, and 1 for a legal person."""
    return f"99{agency.rank:07}1"


def _add_systems(act: Act, systems: Iterable[SampleSystem], there: _There, told: Told) -> int:
    count = 0
    for system in systems:
        if f"{system.agency}/{system.code}" not in there.systems:
            add_system(act, system.agency, system.code, system.name_az, system.name_en)
            count += 1
        told("registering systems", 1)
    return count


def _add_services(
    act: Act, contracts: Iterable[tuple[Service, Contract]], provider: str, there: _There, told: Told
) -> int:
    count = 0
    for service, contract in contracts:
        if service.id.text not in there.services:
            register_service(act, service, contract, endpoint_of(service, provider))
            count += 1
        told("registering services", 1)
    return count


def _add_grants(act: Act, asking: Sequence[Asking], systems: Sequence[SampleSystem], there: _There, told: Told) -> int:
    """Of a service's three consumers the portal and the first agency are granted as members, the second agency's
    system in its own name, under a quota and telling the officer: both ways stand in the sample."""
    count = 0
    for number, each in enumerate(asking):
        consumer, leave = each.consumer, leave_for(each)
        if number % 3 == 2:
            consumer = asking_system(each.consumer, systems, number // 3)
            leave = Leave(
                _PURPOSE_SYSTEM,
                _BASIS,
                BEGINNING,
                per_day=_SYSTEM_PER_DAY,
                required_fields=frozenset({"officer"}),
            )
        if (consumer, each.service.id.text) not in there.grants:
            add_grant(act, consumer, each.service.id, leave)
            count += 1
        told("registering grants", 1)
    return count
