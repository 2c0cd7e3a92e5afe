"""Contracts are read as a provider's file is, and one that is unfit is found among many."""

from dataclasses import replace

import pytest

from esb.admin.services import ContractUnfit
from esb.sample.mix import Service, national_month
from esb.sample.reading import check_together, read_contracts


def _endpoint(service: Service) -> str:
    return "http://127.0.0.1:9/x"


def test_a_contract_is_its_services_own() -> None:
    service = national_month().services[0]
    ((found, contract),) = read_contracts([service], _endpoint)
    assert found is service
    assert (contract.endpoint, [each.name for each in contract.operations]) == (
        "http://127.0.0.1:9/x",
        [service.kind.operation],
    )


def test_an_unfit_contract_among_fit_ones_is_found() -> None:
    contracts = [contract for _, contract in read_contracts(national_month().services[:3], _endpoint)]
    check_together(contracts)
    name = contracts[1].schemas[0]
    spoilt = contracts[1].documents[name].replace(b'base="xs:date"', b'base="xs:nothing"')
    assert spoilt != contracts[1].documents[name]
    contracts[1] = replace(contracts[1], documents={**contracts[1].documents, name: spoilt})
    with pytest.raises(ContractUnfit, match="nothing"):
        check_together(contracts)
