"""The zip that integrators download: closed, the same each time, and readable without a network."""

import io
import zipfile
from pathlib import Path

import zeep
from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.wsdl.bundle import bundle_zip
from esb.wsdl.read import read_contract


def test_unpacked_it_imports_with_zeep_and_with_us(family: Contract, service: ServiceId, tmp_path: Path) -> None:
    data = bundle_zip(family, service, "https://bus.example/x")
    assert data == bundle_zip(family, service, "https://bus.example/x")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path)
    for name in ("service.wsdl", "service-soap12.wsdl", "service-policy.wsdl"):
        zeep.Client(str(tmp_path / name), settings=zeep.Settings(strict=True))
        assert len(read_contract(tmp_path / name).operations) == 3
    assert "DIN/IAMAS/PersonQuery/v1" in (tmp_path / "README.txt").read_text()
    for path in tmp_path.iterdir():
        assert b"provider.example" not in path.read_bytes()


def test_every_reference_is_a_file_in_it(family: Contract, service: ServiceId) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle_zip(family, service, "https://bus.example/x"))) as archive:
        names = set(archive.namelist())
        for name in names - {"README.txt"}:
            for element in etree.fromstring(archive.read(name)).iter("{http://www.w3.org/2001/XMLSchema}*"):
                assert element.get("schemaLocation", name) in names
