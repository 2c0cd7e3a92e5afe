"""Each service has a contract of its own, which the bus reads, and whose schemas stand every check."""

import re
from pathlib import Path

import pytest

from esb.kernel.soap import SoapVersion
from esb.sample.contracts import action_of, namespace_of, wsdl_of
from esb.sample.mix import Service, national_month
from esb.wsdl.read import read_contract

SERVICES = national_month().services
ONE_OF_EACH_KIND = list({service.kind: service for service in SERVICES}.values())


def test_no_two_services_share_a_namespace() -> None:
    assert len({namespace_of(service) for service in SERVICES}) == 277


@pytest.mark.parametrize("service", ONE_OF_EACH_KIND, ids=lambda service: service.kind.operation)
def test_a_contract_is_read_as_it_is_meant(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "service.wsdl"
    file.write_bytes(wsdl_of(service, "http://127.0.0.1:9/x?a=1&b=2"))
    contract = read_contract(file)
    (operation,) = contract.operations
    namespace, kind = namespace_of(service), service.kind
    assert operation.name == kind.operation
    assert operation.input == f"{{{namespace}}}{kind.asked}"
    assert operation.output == f"{{{namespace}}}{kind.answered}"
    assert operation.soap_action == action_of(service)
    assert contract.provider_versions == {SoapVersion.V11}
    assert contract.endpoint == "http://127.0.0.1:9/x?a=1&b=2"


def test_names_stand_in_it_in_both_languages() -> None:
    service = next(service for service in SERVICES if service.agency == "AZERENERJI")
    text = wsdl_of(service, "http://127.0.0.1/").decode()
    assert '"AzərEnerji" ASC: elektron xidmət 1' in text
    assert "Azerenerji OJSC: electronic service 1" in text
    for language in ("az", "en"):
        assert len(re.findall(f'xml:lang="{language}"', text)) > 10
