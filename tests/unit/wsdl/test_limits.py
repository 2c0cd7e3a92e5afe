"""The default limits hold the largest public family that the tests know, and not much more than that."""

from pathlib import Path

from esb.wsdl.limits import ReadLimits
from esb.wsdl.read import read_contract


def test_a_large_family_fits_well_within(contracts: Path) -> None:
    contract = read_contract(contracts / "public" / "gml.zip")
    limits = ReadLimits()
    assert len(contract.documents) * 5 < limits.documents
    assert sum(map(len, contract.documents.values())) * 10 < limits.total_bytes
