"""Reading a provider's WSDL 1.1, wherever it is, into a closed contract."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from esb.kernel.contract import Contract
from esb.kernel.xml import Element
from esb.wsdl.closure import collect
from esb.wsdl.definitions import gather
from esb.wsdl.documents import open_document
from esb.wsdl.fetch import Fetch
from esb.wsdl.flatten import flatten
from esb.wsdl.interface import read_interface
from esb.wsdl.limits import ReadLimits
from esb.wsdl.model import Interface
from esb.wsdl.sources import open_source

_LIMITS = ReadLimits()


def read_contract(
    source: str | Path,
    fetch: Fetch | None = None,
    limits: ReadLimits = _LIMITS,
    *,
    main: str = "",
    port_type: str = "",
) -> Contract:
    """Read a contract with every document that it needs, and refuse what the bus cannot serve.

    Blocks; meant for registration, never for the way of a message.

    Args:
        source: path of a WSDL file (its folder is then the bundle), of a folder or a zip, or an http or https URL.
        fetch: what fetches for a URL; None fetches from that URL's host alone, at public addresses alone.
        limits: bounds on documents, bytes, depth and time.
        main: path of the main WSDL inside a folder or zip that holds several.
        port_type: name of the port type to serve where SOAP ports serve several.

    Raises:
        ContractRefused: with every reason found.
    """
    return complete(read_closed(source, fetch, limits, main=main, port_type=port_type))


def read_closed(
    source: str | Path,
    fetch: Fetch | None = None,
    limits: ReadLimits = _LIMITS,
    *,
    main: str = "",
    port_type: str = "",
) -> Contract:
    """Read a contract's documents alone, whether or not the bus could serve what they say: for whoever judges them.

    Args:
        source, fetch, limits, main, port_type: as in :func:`read_contract`.

    Returns:
        A contract without operations; :func:`complete` gives it those.

    Raises:
        ContractRefused: the documents cannot be read or do not make a closed set.
    """
    opened = open_source(source, main, fetch, limits)
    flat = flatten(collect(opened, limits))
    return Contract(
        documents=MappingProxyType(dict(flat.documents)),
        main=flat.main,
        schemas=flat.schemas,
        namespace="",
        service_name="",
        port_type=port_type,
        operations=(),
        faults=MappingProxyType({}),
        provider_versions=frozenset(),
        endpoint="",
    )


def complete(closed: Contract) -> Contract:
    """The contract of a closed set, with all that the bus routes by.

    Raises:
        ContractRefused: the bus cannot serve it; with every reason found.
    """
    interface = _read(closed.documents, closed.main, closed.schemas, closed.port_type)
    return replace(
        closed,
        namespace=interface.namespace,
        service_name=interface.service_name,
        port_type=interface.port_type,
        operations=tuple(model.operation for model in interface.operations),
        faults=MappingProxyType(
            {
                model.operation.name: tuple(fault.body.element for fault in model.faults if fault.body)
                for model in interface.operations
                if model.faults
            }
        ),
        provider_versions=interface.versions,
        endpoint=interface.endpoint,
    )


def open_documents(contract: Contract) -> dict[str, Element]:
    """Every document of a contract, parsed, by name."""
    return {name: open_document(data, name) for name, data in contract.documents.items()}


def interface_of(contract: Contract) -> Interface:
    """All that the contract's WSDL says of the port type it serves."""
    chosen = f"{{{contract.namespace}}}{contract.port_type}" if contract.namespace else contract.port_type
    return _read(contract.documents, contract.main, contract.schemas, chosen)


def _read(documents: Mapping[str, bytes], main: str, schemas: tuple[str, ...], port_type: str) -> Interface:
    # Parsed again from the closed copy, so that what is judged here is what is kept.
    roots = {name: open_document(data, name) for name, data in documents.items()}
    return read_interface(gather(roots, schemas), main, port_type)
