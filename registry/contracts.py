"""Contracts: kept as they were packed, found by their digest, never changed."""

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.kernel.contract import Contract
from esb.kernel.directory import Operation
from esb.registry.acts import Act
from esb.registry.errors import Invalid, NotFound
from esb.registry.models import ContractRow, OperationRow


def put_contract(act: Act, packed: bytes, contract: Contract) -> str:
    """Keep a contract and return its name, the SHA-256 (hex) of ``packed``.  Keeping it again is no change.

    Args:
        packed: the contract's documents in one deterministic package; opaque here.
        contract: what the package holds, for routing and for people.

    Raises :class:`~esb.registry.errors.Invalid` when its operations cannot be told apart.
    """
    digest = hashlib.sha256(packed).hexdigest()
    if act.session.get(ContractRow, digest) is not None:
        return digest
    _check_operations(contract.operations)
    summary = _summary(contract)
    act.session.add(ContractRow(sha256=digest, packed=packed, summary=summary, added_at=act.now))
    act.session.flush()
    act.session.add_all(
        OperationRow(
            contract=digest,
            position=position,
            name=operation.name,
            input=operation.input,
            output=operation.output,
            soap_action=operation.soap_action,
            actions=sorted(operation.actions),
            output_action=operation.output_action,
        )
        for position, operation in enumerate(contract.operations)
    )
    facts = {"bytes": len(packed), "operations": len(contract.operations)}
    act.record("add", "contract", digest, {"namespace": contract.namespace, "service": contract.service_name, **facts})
    return digest


def get_contract(session: Session, digest: str) -> ContractRow:
    """Return a contract: ``packed``, ``summary`` and when it was added.

    Raises :class:`~esb.registry.errors.NotFound`; :class:`~esb.registry.errors.Invalid` when what is stored is no
    longer what was registered.
    """
    row = session.get(ContractRow, digest)
    if row is None:
        raise NotFound(f"contract {digest[:64]!r} is not registered; register its WSDL first")
    if hashlib.sha256(row.packed).hexdigest() != digest:
        raise Invalid(f"contract {digest} does not match its digest: the database was damaged; restore a backup")
    return row


def list_operations(session: Session, digest: str) -> tuple[Operation, ...]:
    """Return a contract's operations in document order; none for an unknown contract."""
    rows = select(OperationRow).where(OperationRow.contract == digest).order_by(OperationRow.position)
    return tuple(
        Operation(row.name, row.input, row.output, row.soap_action, frozenset(row.actions), row.output_action)
        for row in session.scalars(rows)
    )


def _check_operations(operations: Iterable[Operation]) -> None:
    names: set[str] = set()
    inputs: dict[str, str] = {}
    for operation in operations:
        if operation.name in names:
            raise Invalid(f"the contract has two operations named {operation.name[:80]!r}; give them different names")
        names.add(operation.name)
        if operation.input in inputs:
            raise Invalid(
                f"operations {inputs[operation.input][:80]!r} and {operation.name[:80]!r} take the same element "
                f"{operation.input[:160]!r}, so a message cannot be told apart (WS-I Basic Profile R2710)"
            )
        inputs[operation.input] = operation.name
    if not names:
        raise Invalid("the contract has no operation; nothing could be asked of it")


def _summary(contract: Contract) -> dict[str, Any]:
    return {
        "main": contract.main,
        "documents": {name: len(content) for name, content in contract.documents.items()},
        "schemas": list(contract.schemas),
        "namespace": contract.namespace,
        "service_name": contract.service_name,
        "port_type": contract.port_type,
        "operations": [operation.name for operation in contract.operations],
        "faults": {name: list(faults) for name, faults in contract.faults.items()},
        "provider_versions": sorted(version.value for version in contract.provider_versions),
        "endpoint": contract.endpoint,
    }
