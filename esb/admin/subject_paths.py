"""Saying where a service's messages name persons: held against its contract, and one act of the registry."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Engine

from esb.kernel.contract import Contract
from esb.kernel.directory import Operation
from esb.kernel.faults import EsbError
from esb.kernel.names import ServiceId
from esb.kernel.subjects import PathInvalid, SubjectPath, SubjectPaths
from esb.registry.acts import acting
from esb.registry.contracts import get_contract
from esb.registry.database import reading
from esb.registry.errors import NotFound
from esb.registry.services import get_service
from esb.registry.subjects import NOWHERE, get_subject_paths, set_subject_paths
from esb.wsdl.pack import unpack
from esb.wsdl.person_paths import PathUnfit, PersonPaths


class SubjectLost(EsbError):
    """A new contract has no person where the service's messages name one now."""


def name_subjects(
    engine: Engine,
    service: ServiceId,
    operation: str,
    request: Iterable[str],
    answer: Iterable[str],
    *,
    author: str,
    now: float,
) -> SubjectPaths:
    """Say where an operation's messages name persons; returns the paths in full.  None at all takes back what was said.

    Args:
        request, answer: paths as a person writes them (:mod:`esb.kernel.subjects`).

    Raises:
        PathInvalid, PathUnfit: a path is not one, or leads to no FIN in the contract.
        NotFound, Invalid: from the registry.
    """
    contract, _ = _read(engine, service)
    known = _operation(contract, service, operation)
    persons = PersonPaths(contract)
    paths = SubjectPaths(
        tuple(dict.fromkeys(persons.resolve(known.input, text) for text in request)),
        tuple(dict.fromkeys(persons.resolve(known.output or "", text) for text in answer)),
    )
    with acting(engine, author, now) as act:
        set_subject_paths(act, service, operation, paths)
    return paths


def subjects_named(engine: Engine, service: ServiceId) -> list[tuple[str, SubjectPaths, SubjectPaths]]:
    """Every operation of a service, where its messages name persons, and where by its contract they could.

    Raises:
        NotFound: from the registry.
    """
    contract, named = _read(engine, service)
    persons = PersonPaths(contract)
    return [(each.name, named.get(each.name, NOWHERE), persons.propose(each)) for each in contract.operations]


def proposals(contract: Contract) -> list[tuple[str, SubjectPaths]]:
    """Where by a contract's own words its messages name persons, by operation; those that name none are left out."""
    persons = PersonPaths(contract)
    found = [(each.name, persons.propose(each)) for each in contract.operations]
    return [(name, paths) for name, paths in found if paths != NOWHERE]


def check_subjects_stay(service: ServiceId, named: Mapping[str, SubjectPaths], contract: Contract) -> None:
    """Look whether a service's paths still lead to persons in a contract that is to take the place of its own.

    Args:
        named: the service's paths by operation.

    Raises:
        SubjectLost: says which does not.
    """
    if not named:
        return
    persons = PersonPaths(contract)
    by_name = {each.name: each for each in contract.operations}
    for operation, paths in named.items():
        known = by_name.get(operation)
        for path, element in _with_elements(paths, known):
            try:
                persons.resolve(element, path.text)
            except (PathInvalid, PathUnfit) as error:
                raise SubjectLost(
                    f"{operation} names persons at {path.text}, which the new contract does not: {error}. "
                    f"Name the place anew first: esb service subject {service} {operation} …"
                ) from error


def _with_elements(paths: SubjectPaths, known: Operation | None) -> Iterable[tuple[SubjectPath, str]]:
    for path in paths.request:
        yield path, "" if known is None else known.input
    for path in paths.answer:
        yield path, "" if known is None else known.output or ""


def _read(engine: Engine, service: ServiceId) -> tuple[Contract, Mapping[str, SubjectPaths]]:
    with reading(engine) as session:
        packed = get_contract(session, get_service(session, service).contract).packed
        return unpack(packed), get_subject_paths(session, service)


def _operation(contract: Contract, service: ServiceId, name: str) -> Operation:
    for each in contract.operations:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in contract.operations)
    raise NotFound(f"{service} has no operation {name[:80]!r}; it has: {known[:300]}")
