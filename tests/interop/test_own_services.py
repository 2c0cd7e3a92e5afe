"""A foreign toolkit imports the bus's own services from what the bus publishes of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from interop.programs import run

from esb.admin.hosted import hosted_contract
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.wsdl.publish import publish_wsdl

pytestmark = pytest.mark.interop

CODE = "foreach ((new SoapClient($argv[1]))->__getFunctions() as $each) { echo $each, PHP_EOL; }"


@pytest.mark.parametrize("name", ["metadata", "registry", "participation"])
@pytest.mark.parametrize("version", list(SoapVersion), ids=["soap11", "soap12"])
def test_php_imports_it(name: str, version: SoapVersion, tmp_path: Path, need: Callable[..., None]) -> None:
    need("php")
    if "soap" not in run(tmp_path, "php", "-m").split():
        pytest.skip("PHP lacks ext-soap: install php-soap")
    contract = hosted_contract(name)
    service = ServiceId.parse(f"SHLUZ/BUS/{name.title()}/v1")
    file = tmp_path / "service.wsdl"
    file.write_bytes(publish_wsdl(contract, service, f"http://bus.test{service.path}", version, False))
    said = run(tmp_path, "php", "-r", CODE, str(file))
    assert {line.split()[1].partition("(")[0] for line in said.splitlines()} == {
        each.name for each in contract.operations
    }
