"""A zip as a source: what lies about itself is not taken."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from esb.wsdl.archive import ZipSource
from esb.wsdl.limits import ReadLimits
from esb.wsdl.read import read_contract
from esb.wsdl.refuse import ContractRefused, Forbidden, NotFound

LIMITS = ReadLimits()


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., Path]:
    def make(*entries: tuple[zipfile.ZipInfo | str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
        path = tmp_path / "bundle.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, data in entries:
                archive.writestr(name, data)
        return path

    return make


def test_a_contract_in_a_zip(pack: Callable[..., Path], wsdl: Callable[..., str]) -> None:
    types = wsdl().partition("<wsdl:types>")[2].partition("</wsdl:types>")[0]
    schema = types.replace("<xs:schema", '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"')
    include = '<xs:schema targetNamespace="urn:t"><xs:include schemaLocation="../Common/T.xsd"/></xs:schema>'
    path = pack(("in/s.wsdl", wsdl(types=include).encode()), ("common/t.xsd", schema.encode()))
    contract = read_contract(path)
    assert set(contract.documents) == {"s.wsdl", "t.xsd", "s-types-1.xsd"}


@pytest.mark.parametrize("name", ["../a.xsd", "a/../../b.xsd", "/etc/a.xsd", "..\\a.xsd", "C:\\a.xsd", "a//b.xsd"])
def test_names_that_leave_the_folder(pack: Callable[..., Path], name: str) -> None:
    with pytest.raises(ContractRefused, match="leave the folder"):
        ZipSource(pack((zipfile.ZipInfo(name), b"")), "", LIMITS)


def test_links_doubles_and_other_methods(pack: Callable[..., Path]) -> None:
    link = zipfile.ZipInfo("a.xsd")
    link.external_attr = 0o120777 << 16
    with pytest.raises(ContractRefused, match="a link"):
        ZipSource(pack((link, b"/etc/passwd")), "", LIMITS)
    with pytest.warns(UserWarning, match="Duplicate"):
        doubled = pack(("a.xsd", b"1"), ("a.xsd", b"2"))
    with pytest.raises(ContractRefused, match="twice"):
        ZipSource(doubled, "", LIMITS)
    with pytest.raises(ContractRefused, match="ordinary zip"):
        ZipSource(pack(("a.xsd", b"1"), method=zipfile.ZIP_LZMA), "", LIMITS)
    with pytest.raises(ContractRefused, match="more than 1 files"):
        ZipSource(pack(("a.xsd", b"1"), ("b.xsd", b"1")), "", replace(LIMITS, entries=1))


def test_a_bomb_costs_no_more_than_the_limit(pack: Callable[..., Path]) -> None:
    path = pack(("a.xsd", bytes(40_000_000)))
    assert path.stat().st_size < 100_000
    with pytest.raises(Forbidden, match="larger than"):
        ZipSource(path, "", LIMITS).read("a.xsd")
    with pytest.raises(ContractRefused, match="larger than 10 bytes"):
        ZipSource(path, "", replace(LIMITS, total_bytes=10))


def test_damage(pack: Callable[..., Path], tmp_path: Path) -> None:
    path = pack(("a.xsd", b"<a/>" * 100))
    data = bytearray(path.read_bytes())
    data[40] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(Forbidden, match="damaged"):
        ZipSource(path, "", LIMITS).read("a.xsd")
    (tmp_path / "cut.zip").write_bytes(data[:60])
    with pytest.raises(ContractRefused, match="not a zip"):
        read_contract(tmp_path / "cut.zip")
    with pytest.raises(NotFound):
        ZipSource(path, "", LIMITS).read("none.xsd")
