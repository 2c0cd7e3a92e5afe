"""Building the directory: everything that a decision needs, read at one moment of the registry.

Rows are read as plain tuples and never as mapped objects: a hundred thousand grants have to load in a few seconds,
and texts that many of them share are kept once.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Connection, Executable, Select, func, select, tuple_

from esb.kernel.directory import (
    CertificateIndex,
    CertificateUse,
    Directory,
    Grant,
    KnownCertificate,
    Maintenance,
    Member,
    Operation,
    Service,
)
from esb.kernel.names import ServiceId
from esb.kernel.subjects import SubjectPaths
from esb.registry.contract_models import SunsetRow
from esb.registry.models import (
    CertificateRow,
    ChangeRow,
    GrantRow,
    GrantStatus,
    MemberRow,
    OperationRow,
    ServiceRow,
)
from esb.registry.notice_models import MaintenanceRow
from esb.registry.subject_models import SubjectPathRow
from esb.registry.subjects import SUBJECT_COLUMNS, gathered

Known = Callable[[bytes, str, CertificateUse, str | None], KnownCertificate | None]
"""Makes a certificate ready for use: DER, owner ("" for the bus), use, revocation reason or None.

It gives None for one that nobody can read.  That one is left out: it must not keep what else changed, revocations
among it, from coming into force.
"""
Index = Callable[[Iterable[KnownCertificate]], CertificateIndex]
"""Makes certificates findable by each way in which a message can refer to one."""

GrantKey = tuple[str, str]

_BATCH = 5_000  # rows fetched at a time: what the driver holds at once stays small
_FULL_AFTER = 1_000  # with more changes than this, reading everything is the shorter way

V = TypeVar("V")


def current_version(connection: Connection) -> int:
    """Return the number of the last change, 0 for a registry without any.  One look at an index."""
    return connection.scalar(select(func.max(ChangeRow.number))) or 0


def build_directory(connection: Connection, known: Known, index: Index, now: float) -> Directory:
    """Read the whole registry.

    Args:
        connection: see :func:`esb.registry.database.reading`; its transaction should see one moment throughout.
        known, index: how certificates are made ready; what they raise passes through.
        now: Unix seconds, for ``built_at``.
    """
    version = current_version(connection)  # first: what is newer than its number is read again, never missed
    return Directory(
        version=version,
        built_at=now,
        members=MappingProxyType(dict(_members(connection, None))),
        services=MappingProxyType(dict(_services(connection, None))),
        grants=MappingProxyType(_by_key(grant for _, _, grant in _grants(connection, None) if grant is not None)),
        certificates=index([one for _, row in _certificates(connection, None) if (one := known(*row)) is not None]),
        maintenance=_maintenance(connection, now),
    )


def refresh(directory: Directory, connection: Connection, known: Known, index: Index, now: float) -> Directory:
    """Return the directory as the registry is now, reading only what changed since ``directory.version``.

    The result equals a full :func:`build_directory`, and is ``directory`` itself when nothing changed.  Arguments as
    for :func:`build_directory`.
    """
    changes = connection.execute(
        select(ChangeRow.number, ChangeRow.kind, ChangeRow.key)
        .where(ChangeRow.number > directory.version)
        .order_by(ChangeRow.number)
        .limit(_FULL_AFTER + 1)
    ).all()
    if not changes:
        return directory
    if len(changes) > _FULL_AFTER:
        return build_directory(connection, known, index, now)
    touched: dict[str, set[str]] = {}
    for _, kind, key in changes:
        touched.setdefault(kind, set()).add(key)
    return replace(
        directory,
        version=changes[-1].number,
        built_at=now,
        members=_updated(directory.members, touched.get("member"), lambda keys: _members(connection, keys)),
        services=_updated(directory.services, touched.get("service"), lambda keys: _services(connection, keys)),
        grants=_regranted(directory.grants, touched.get("grant"), connection),
        certificates=_recertified(directory.certificates, touched.get("certificate"), connection, known, index),
        maintenance=(
            _maintenance(connection, now)
            if "maintenance" in touched
            else tuple(one for one in directory.maintenance if one.ends > now)
        ),
    )


def _maintenance(connection: Connection, now: float) -> tuple[Maintenance, ...]:
    rows = (
        select(MaintenanceRow.member, MaintenanceRow.services, MaintenanceRow.starts_at, MaintenanceRow.ends_at)
        .where(MaintenanceRow.cancelled_at.is_(None), MaintenanceRow.ends_at > now)
        .order_by(MaintenanceRow.id)
    )
    return tuple(Maintenance(*row) for row in connection.execute(rows))


class Entries(NamedTuple):
    """What the registry holds of each kind, or what of it was touched, as rows of a document.

    Attributes:
        grants: by number; None for one that is revoked.
        certificates: by the SHA-256 of the DER: DER, owner, use, revocation reason.
    """

    members: tuple[Member, ...]
    services: tuple[Service, ...]
    grants: tuple[tuple[int, Grant | None], ...]
    certificates: tuple[tuple[str, tuple[bytes, str, CertificateUse, str | None]], ...]


def read_entries(connection: Connection, touched: Mapping[str, Collection[str]] | None = None) -> Entries:
    """Read everything that a directory is built of, or only what ``touched`` names by kind and key."""

    def keys(kind: str) -> Collection[str] | None:
        return None if touched is None else touched.get(kind, ())

    numbers = keys("grant")
    return Entries(
        tuple(member for _, member in _members(connection, keys("member"))),
        tuple(service for _, service in _services(connection, keys("service"))),
        tuple(
            (number, grant)
            for number, _, grant in _grants(connection, None if numbers is None else {int(one) for one in numbers})
        ),
        tuple(_certificates(connection, keys("certificate"))),
    )


def touched_since(connection: Connection, version: int) -> dict[str, set[str]]:
    """Return the keys of what changed after a version, by kind."""
    rows = select(ChangeRow.kind, ChangeRow.key).where(ChangeRow.number > version)
    touched: dict[str, set[str]] = {}
    for kind, key in _fetch(connection, rows):
        touched.setdefault(kind, set()).add(key)
    return touched


def _updated(
    old: Mapping[str, V], keys: Collection[str] | None, read: Callable[[Collection[str]], Iterable[tuple[str, V]]]
) -> Mapping[str, V]:
    """Members and services are never deleted, so what was touched is only ever put in its place."""
    return MappingProxyType({**old, **dict(read(keys))}) if keys else old


def _regranted(
    old: Mapping[GrantKey, tuple[Grant, ...]], keys: Collection[str] | None, connection: Connection
) -> Mapping[GrantKey, tuple[Grant, ...]]:
    if not keys:
        return old
    fresh = dict(old)
    for number, key, grant in _grants(connection, {int(one) for one in keys}):
        standing = [one for one in fresh.get(key, ()) if one.id != number]
        if grant is not None:
            standing.append(grant)
        if standing:
            fresh[key] = tuple(sorted(standing, key=lambda one: one.id))
        else:
            fresh.pop(key, None)
    return MappingProxyType(fresh)


def _recertified(
    old: CertificateIndex, keys: Collection[str] | None, connection: Connection, known: Known, index: Index
) -> CertificateIndex:
    """Only touched certificates are loaded again: to load a key is the dearest part."""
    if not keys:
        return old
    fresh = {digest: known(*row) for digest, row in _certificates(connection, keys)}
    kept = (one for one in old.by_sha256.values() if one.sha256.hex() not in fresh)
    ready = (one for one in fresh.values() if one is not None)
    return index(sorted((*kept, *ready), key=lambda one: one.sha256))


def _members(connection: Connection, keys: Collection[str] | None) -> Iterator[tuple[str, Member]]:
    rows = select(MemberRow.code, MemberRow.name_az, MemberRow.name_en, MemberRow.status).order_by(MemberRow.code)
    if keys is not None:
        rows = rows.where(MemberRow.code.in_(keys))
    for code, name_az, name_en, status in _fetch(connection, rows):
        yield code, Member(code, name_az, name_en, status)


_NO_END: Final = (None, "", None)


def _services(connection: Connection, keys: Collection[str] | None) -> Iterator[tuple[str, Service]]:
    """Yield services by URL path; those with the same contract share its operations."""
    chosen: ColumnElement[bool] | None = None
    if keys is not None:
        parts = tuple_(ServiceRow.member, ServiceRow.system, ServiceRow.code, ServiceRow.version)
        chosen = parts.in_([tuple(key.split("/")) for key in keys])
    rows = select(
        ServiceRow.member,
        ServiceRow.system,
        ServiceRow.code,
        ServiceRow.version,
        ServiceRow.status,
        ServiceRow.endpoint,
        ServiceRow.provider_version,
        ServiceRow.adapter,
        ServiceRow.signature,
        ServiceRow.answer_signature,
        ServiceRow.judge_request,
        ServiceRow.judge_answer,
        ServiceRow.timeout,
        ServiceRow.contract,
        ServiceRow.retention,
        ServiceRow.id,
    ).order_by(ServiceRow.id)
    contracts = select(ServiceRow.contract)
    if chosen is not None:
        rows, contracts = rows.where(chosen), contracts.where(chosen)
    operations = _operations(connection, contracts)
    nothing: Mapping[str, Operation] = MappingProxyType({})
    sunsets = _sunsets(connection)
    subjects = _subjects(connection)
    for member, system, code, version, *terms, retention, number in _fetch(connection, rows):
        name = ServiceId(member, system, code, version)
        own = _told_of(operations.get(terms[-1], nothing), subjects.get(number))
        yield name.path, Service(*(name, *terms, own, *sunsets.get(number, _NO_END), retention or ""))


def _subjects(connection: Connection) -> Mapping[int, Mapping[str, SubjectPaths]]:
    """Where services' messages name persons, by their numbers."""
    rows = select(SubjectPathRow.service_id, *SUBJECT_COLUMNS)
    return gathered(_fetch(connection, rows.order_by(SubjectPathRow.service_id, *SUBJECT_COLUMNS)))


def _told_of(
    operations: Mapping[str, Operation], subjects: Mapping[str, SubjectPaths] | None
) -> Mapping[str, Operation]:
    """A contract's operations with what one service says of them; shared by the services that say nothing."""
    if subjects is None:
        return operations
    return MappingProxyType(
        {
            element: replace(operation, subjects=subjects[operation.name]) if operation.name in subjects else operation
            for element, operation in operations.items()
        }
    )


def _sunsets(connection: Connection) -> dict[int, tuple[float, str, float]]:
    """When services end, by their numbers: the date, the successor's name, and since when that is so."""
    successor = (ServiceRow.member, ServiceRow.system, ServiceRow.code, ServiceRow.version)
    rows = (
        select(SunsetRow.service_id, SunsetRow.at, SunsetRow.set_at, *successor)
        .join(ServiceRow, ServiceRow.id == SunsetRow.successor_id, isouter=True)
        .where(SunsetRow.ended_at.is_(None))
    )
    return {
        number: (at, "/".join(name) if None not in name else "", set_at)
        for number, at, set_at, *name in connection.execute(rows)
    }


def _operations(connection: Connection, contracts: Select[str]) -> dict[str, Mapping[str, Operation]]:
    rows = (
        select(
            OperationRow.contract,
            OperationRow.name,
            OperationRow.input,
            OperationRow.output,
            OperationRow.soap_action,
            OperationRow.actions,
            OperationRow.output_action,
        )
        .where(OperationRow.contract.in_(contracts))
        .order_by(OperationRow.contract, OperationRow.position)
    )
    found: dict[str, dict[str, Operation]] = {}
    for contract, name, element, output, soap_action, actions, output_action in _fetch(connection, rows):
        operation = Operation(name, element, output, soap_action, frozenset(actions), output_action)
        found.setdefault(contract, {})[element] = operation
    return {contract: MappingProxyType(operations) for contract, operations in found.items()}


def _grants(connection: Connection, numbers: Collection[int] | None) -> Iterator[tuple[int, GrantKey, Grant | None]]:
    """Yield each grant's number and key, and the grant itself, or None unless it is approved.

    Of all of them only the approved ones are read; of chosen ones also what is no more approved, since the directory
    may still hold it.
    """
    services = select(ServiceRow.id, ServiceRow.member, ServiceRow.system, ServiceRow.code, ServiceRow.version)
    rows = select(
        GrantRow.id,
        GrantRow.consumer_member,
        GrantRow.consumer_system,
        GrantRow.service_id,
        GrantRow.operations,
        GrantRow.purpose,
        GrantRow.legal_basis,
        GrantRow.valid_from,
        GrantRow.valid_until,
        GrantRow.per_second,
        GrantRow.per_day,
        GrantRow.required_fields,
        GrantRow.status,
    ).order_by(GrantRow.id)
    if numbers is None:
        rows = rows.where(GrantRow.status == GrantStatus.APPROVED)
    else:
        rows = rows.where(GrantRow.id.in_(numbers))
        services = services.where(ServiceRow.id.in_(select(GrantRow.service_id).where(GrantRow.id.in_(numbers))))
    names = {number: "/".join(parts) for number, *parts in _fetch(connection, services)}
    shared: dict[str, str] = {}
    for number, member, system, service, operations, purpose, ground, *terms, status in _fetch(connection, rows):
        consumer = member if system is None else f"{member}/{system}"
        key = shared.setdefault(consumer, consumer), names[service]
        if status is not GrantStatus.APPROVED:
            yield number, key, None
            continue
        purpose, ground = shared.setdefault(purpose, purpose), shared.setdefault(ground, ground)  # noqa: PLW2901
        yield number, key, Grant(number, *key, operations, purpose, ground, *terms)


def _by_key(grants: Iterable[Grant]) -> dict[GrantKey, tuple[Grant, ...]]:
    found: dict[GrantKey, tuple[Grant, ...]] = {}
    for grant in grants:
        key = grant.consumer, grant.service
        found[key] = (*found.get(key, ()), grant)
    return found


def _certificates(
    connection: Connection, keys: Collection[str] | None
) -> Iterator[tuple[str, tuple[bytes, str, CertificateUse, str | None]]]:
    rows = select(
        CertificateRow.sha256, CertificateRow.der, CertificateRow.owner, CertificateRow.use, CertificateRow.revoked
    ).order_by(CertificateRow.sha256)
    if keys is not None:
        rows = rows.where(CertificateRow.sha256.in_(keys))
    for digest, der, owner, use, revoked in _fetch(connection, rows):
        yield digest, (bytes(der), owner or "", use, None if revoked is None else revoked.value)


def _fetch(connection: Connection, rows: Executable) -> Iterator[Any]:
    yield from connection.execute(rows, execution_options={"yield_per": _BATCH})
