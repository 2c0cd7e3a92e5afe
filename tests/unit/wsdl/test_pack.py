"""One contract, one run of bytes, one name."""

import json
from pathlib import Path

import pytest

from esb.kernel.contract import Contract
from esb.wsdl.pack import ContractDamaged, digest, pack, unpack
from esb.wsdl.read import read_contract


def test_there_and_back(family: Contract) -> None:
    packed = pack(family)
    assert unpack(packed) == family
    assert list(unpack(packed).documents) == list(family.documents)
    assert pack(unpack(packed)) == packed


def test_the_same_contract_has_the_same_digest_wherever_it_lies(family: Contract, contracts: Path) -> None:
    again = read_contract(str(contracts / "own" / "family"), main="wsdl/service.wsdl")
    assert digest(pack(again)) == digest(pack(family))
    assert len(digest(pack(family))) == 64


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"\xff", b'{"format":"shluz-contract-9"}', b"[" * 100_000]
)
def test_other_bytes(data: bytes) -> None:
    with pytest.raises(ContractDamaged):
        unpack(data)


@pytest.mark.parametrize("key", ["documents", "order", "main", "operations", "provider_versions"])
def test_a_part_missing(family: Contract, key: str) -> None:
    value = json.loads(pack(family))
    del value[key]
    with pytest.raises(ContractDamaged):
        unpack(json.dumps(value).encode())
