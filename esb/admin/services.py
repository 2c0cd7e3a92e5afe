"""Registering a service: its contract is read, checked and kept, and the service stands on it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from esb.kernel.contract import Contract
from esb.kernel.faults import EsbError
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.acts import acting
from esb.registry.contracts import put_contract
from esb.registry.errors import NotFound
from esb.registry.members import add_system, get_member, get_system
from esb.registry.services import Terms, add_service
from esb.schemas.check import check_contract
from esb.wsdl.pack import pack


class ContractUnfit(EsbError):
    """A contract was read but cannot be judged by; ``problems`` says why, each for the provider to mend."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(
            "The contract's schemas cannot be used:\n" + "\n".join(f"  - {problem}" for problem in problems)
        )
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Registered:
    """What was registered: the contract's digest and the terms in force."""

    contract: str
    terms: Terms
    operations: tuple[str, ...]


def register_service(
    engine: Engine,
    service: ServiceId,
    contract: Contract,
    terms: Terms,
    *,
    author: str,
    now: float,
    told: Callable[[str], None],
) -> Registered:
    """Check a contract, keep it, and register the service on it.

    The system is registered along with its first service, under its code, when the member has none of that name.

    Args:
        terms: its ``provider_version`` None means: as the contract's bindings say.
        told: is told each step, for whoever waits, and what of the contract is not judged by.

    Raises:
        ContractUnfit: the schemas do not compile, or are not safe to judge by.
        NotFound, Conflict, Invalid: from the registry.
    """
    told(f"checking {len(contract.documents)} documents and {len(contract.operations)} operations")
    checked = check_contract(contract)
    for note in checked.notes:
        told(f"note: {note}")
    if checked.problems:
        raise ContractUnfit(checked.problems)
    if terms.provider_version is None and len(contract.provider_versions) == 1:
        terms = replace(terms, provider_version=next(iter(contract.provider_versions)))
    if not terms.endpoint:
        terms = replace(terms, endpoint=contract.endpoint)
    packed = pack(contract)
    with acting(engine, author, now) as act:
        get_member(act.session, service.member)
        try:
            get_system(act.session, service.member, service.system)
        except NotFound:
            add_system(act, service.member, service.system, service.system, service.system)
        digest = put_contract(act, packed, contract)
        add_service(act, service, digest, terms)
    told(f"registered {service} under contract {digest[:16]}…")
    return Registered(digest, terms, tuple(operation.name for operation in contract.operations))


def soap_versions(contract: Contract) -> tuple[str, ...]:
    """The SOAP versions that a contract's provider speaks, for people."""
    return tuple(
        "1.1" if version is SoapVersion.V11 else "1.2" for version in sorted(contract.provider_versions, key=str)
    )
