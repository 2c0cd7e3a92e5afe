"""Reading the sample's contracts, and checking many at once.

Contracts of one kind differ in namespace and names alone, so one of each kind goes through the check that every
contract of a stranger goes through, all in one child process: a child for each of 277 would take minutes.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from esb.admin.services import ContractUnfit
from esb.kernel.contract import Contract
from esb.sample.contracts import wsdl_of
from esb.sample.mix import Service
from esb.schemas.check import check_contract
from esb.wsdl.read import read_contract


def read_contracts(
    services: Iterable[Service], endpoint: Callable[[Service], str]
) -> Iterator[tuple[Service, Contract]]:
    """Each service's contract, read as a provider's WSDL file is."""
    with tempfile.TemporaryDirectory() as folder:
        for service in services:
            file = Path(folder) / service.agency / f"{service.id.service}.wsdl"
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(wsdl_of(service, endpoint(service)))
            yield service, read_contract(file)


def check_together(contracts: Sequence[Contract]) -> None:
    """Check contracts that share no namespace, all in one child process.

    Raises:
        ContractUnfit: with every problem of every contract.
    """
    documents: dict[str, bytes] = {}
    schemas: list[str] = []
    for number, contract in enumerate(contracts):
        names = {name: f"{number}/{name}" for name in contract.documents}
        documents.update((names[name], data) for name, data in contract.documents.items())
        schemas += [names[name] for name in contract.schemas]
    # One that holds the documents of all is fit when each of them is, for none refers to another.
    checked = check_contract(replace(contracts[0], documents=documents, schemas=tuple(schemas), main=schemas[0]))
    if checked.problems:
        raise ContractUnfit(checked.problems)
