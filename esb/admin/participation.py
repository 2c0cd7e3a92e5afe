"""What a member does over the bus in its own name: each is one act, by the officer whom the request names.

The same functions of the registry as the operator's commands call.  A member acts for itself alone, and asks: what it
asks for is approved by the operator's officers, who are other people.
"""

from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from esb.admin.grants import request
from esb.admin.services import ContractUnfit
from esb.kernel.contract import Contract
from esb.kernel.faults import EsbError
from esb.kernel.names import ServiceId
from esb.registry.acts import acting
from esb.registry.applications import file_application, get_application, withdraw_application
from esb.registry.checks import lawful_consumer
from esb.registry.contracts import put_contract
from esb.registry.errors import Invalid, NotFound
from esb.registry.grants import Leave
from esb.registry.interruptions import Announced, announce_maintenance
from esb.registry.mailbox import mark_read
from esb.registry.particulars import Particulars
from esb.registry.procedure import Kind, Limits
from esb.schemas.check import check_contract
from esb.wsdl.pack import pack
from esb.wsdl.read import read_contract

_LONGEST = 120  # characters of an officer's name


class OfficerUnnamed(EsbError):
    """A request that changes something does not say which officer acts."""


class NotYours(EsbError):
    """A member would act for another."""


def author_of(member: str, officer: str) -> str:
    """Who acts, for the registry's changes: ``MEMBER/officer``, so that no member's officer is one of the operator's.

    Raises:
        OfficerUnnamed: nobody is named.
    """
    name = officer.strip()
    if not name:
        raise OfficerUnnamed("This changes something, so it must say which officer acts: exch:Exchange, field officer.")
    return f"{member}/{name[:_LONGEST]}"


def request_grant(
    engine: Engine, member: str, consumer: str, service: str, leave: Leave, author: str, now: float
) -> int:
    """Request a grant for the member or a system of it; two of the operator's officers, or one, decide.

    Raises:
        NotYours: for another member's system.
        NotFound, Conflict, Invalid: from the registry.
    """
    if lawful_consumer(consumer)[0] != member:
        raise NotYours(f"{member} asks for itself and its systems alone, not for {consumer[:80]}.")
    return request(engine, consumer, _service(service), leave, author=author, now=now)


def apply_for_connection(
    engine: Engine,
    member: str,
    kind: Kind,
    particulars: Particulars,
    wsdl: bytes | None,
    author: str,
    now: float,
    *,
    main: str = "",
) -> int:
    """File an application for the member; its number.

    Args:
        wsdl: the service's contract: a WSDL, or a zip that holds it with its schemas.
        main: path of the WSDL inside a zip that holds several.

    Raises:
        ContractRefused, ContractUnfit: the contract cannot be read, or not be judged by.
        Incomplete, NotFound, Conflict, Invalid: from the registry.
    """
    contract = None if wsdl is None else _read(wsdl, main)
    with acting(engine, author, now) as act:
        digest = None if contract is None else put_contract(act, pack(contract), contract)
        return file_application(act, member, kind, particulars, contract=digest, limits=Limits())


def withdraw(engine: Engine, member: str, number: int, reason: str, author: str, now: float) -> None:
    """Take one of the member's own applications back.  Raises NotFound (also for another's), StepForbidden, Invalid."""
    with acting(engine, author, now) as act:
        if get_application(act.session, number).applicant != member:
            raise NotFound(f"{member} has no application {number}")
        withdraw_application(act, number, reason, Limits())


def announce(
    engine: Engine,
    member: str,
    services: Collection[str] | None,
    span: tuple[float, float],
    reason: str,
    author: str,
    now: float,
) -> Announced:
    """Announce that services of the member will not answer for a while.  Raises NotFound, Invalid."""
    with acting(engine, author, now) as act:
        return announce_maintenance(act, member, services, *span, reason)


def acknowledge(engine: Engine, member: str, notices: Collection[int], author: str, now: float) -> int:
    """Mark notices in the member's mailbox as read; how many were not before.  Raises NotFound."""
    with acting(engine, author, now) as act:
        return mark_read(act, member, notices)


def _read(octets: bytes, main: str) -> Contract:
    with TemporaryDirectory(prefix="shluz-contract-") as folder:
        file = Path(folder, "contract.zip" if octets.startswith(b"PK") else "contract.wsdl")
        file.write_bytes(octets)
        contract = read_contract(file, main=main)
    checked = check_contract(contract)
    if checked.problems:
        raise ContractUnfit(checked.problems)
    return contract


def _service(text: str) -> ServiceId:
    try:
        return ServiceId.parse(text)
    except EsbError as error:
        raise Invalid(str(error)) from error
