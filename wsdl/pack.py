"""One contract as one run of bytes, the same for the same contract everywhere, so that its digest is its name."""

import hashlib
import json
from types import MappingProxyType
from typing import Any, Final

from esb.kernel.contract import Contract
from esb.kernel.directory import Operation
from esb.kernel.faults import EsbError
from esb.kernel.soap import SoapVersion

_FORMAT: Final = "shluz-contract-1"


class ContractDamaged(EsbError):
    """Stored bytes are not a packed contract."""


def pack(contract: Contract) -> bytes:
    """The contract as JSON in UTF-8 with sorted keys and no white space.

    Not compressed: a compressor's next release would give the same contract another digest.
    """
    value = {
        "format": _FORMAT,
        "documents": {name: data.decode("utf-8") for name, data in contract.documents.items()},
        "order": list(contract.documents),
        "main": contract.main,
        "schemas": list(contract.schemas),
        "namespace": contract.namespace,
        "service_name": contract.service_name,
        "port_type": contract.port_type,
        "operations": [
            {
                "name": operation.name,
                "input": operation.input,
                "output": operation.output,
                "soap_action": operation.soap_action,
                "actions": sorted(operation.actions),
                "output_action": operation.output_action,
            }
            for operation in contract.operations
        ],
        "faults": {name: list(faults) for name, faults in contract.faults.items()},
        "provider_versions": sorted(version.name for version in contract.provider_versions),
        "endpoint": contract.endpoint,
    }
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def unpack(data: bytes) -> Contract:
    """The contract that :func:`pack` packed.

    Raises:
        ContractDamaged: these bytes are not one.
    """
    try:
        value: Any = json.loads(data)
        if value["format"] != _FORMAT:
            raise ContractDamaged(f"the stored contract has an unknown format: this release reads {_FORMAT}")
        return Contract(
            documents=MappingProxyType({name: value["documents"][name].encode() for name in value["order"]}),
            main=value["main"],
            schemas=tuple(value["schemas"]),
            namespace=value["namespace"],
            service_name=value["service_name"],
            port_type=value["port_type"],
            operations=tuple(
                Operation(
                    name=operation["name"],
                    input=operation["input"],
                    output=operation["output"],
                    soap_action=operation["soap_action"],
                    actions=frozenset(operation["actions"]),
                    output_action=operation["output_action"],
                )
                for operation in value["operations"]
            ),
            faults=MappingProxyType({name: tuple(faults) for name, faults in value["faults"].items()}),
            provider_versions=frozenset(SoapVersion[name] for name in value["provider_versions"]),
            endpoint=value["endpoint"],
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ContractDamaged("the stored contract is damaged: register the service's contract anew") from None


def digest(data: bytes) -> str:
    """SHA-256, in hex, of a packed contract."""
    return hashlib.sha256(data).hexdigest()
