"""Finding out what a source is, and which of its WSDLs is meant."""

from collections.abc import Callable
from pathlib import Path

import pytest

from esb.wsdl.fetch import Fetched
from esb.wsdl.limits import ReadLimits
from esb.wsdl.refuse import ContractRefused
from esb.wsdl.sources import WebSource, open_source

LIMITS = ReadLimits()


def test_the_main_wsdl_is_the_one_that_none_imports(folder: Callable[..., Path], wsdl: Callable[..., str]) -> None:
    main = wsdl(head='<wsdl:import namespace="urn:x" location="deep/A.wsdl"/>')
    root = folder({"z.wsdl": main, "deep/a.wsdl": wsdl()})
    assert open_source(root, "", None, LIMITS).main == "z.wsdl"
    assert open_source(str(root), "DEEP/a.wsdl", None, LIMITS).main == "deep/a.wsdl"


def test_several_or_none(folder: Callable[..., Path], wsdl: Callable[..., str], tmp_path: Path) -> None:
    root = folder({"a.wsdl": wsdl(), "b.wsdl": wsdl()})
    with pytest.raises(ContractRefused, match=r"several WSDLs \('a.wsdl', 'b.wsdl'\)"):
        open_source(root, "", None, LIMITS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ContractRefused, match=r"no \.wsdl file"):
        open_source(tmp_path / "empty", "", None, LIMITS)
    for main in ("../a.wsdl", "none.wsdl"):
        with pytest.raises(ContractRefused):
            open_source(root, main, None, LIMITS)


@pytest.mark.parametrize("source", ["file:///etc/passwd", "ftp://host/a.wsdl", "http://user:pw@host/a.wsdl"])
def test_sources_that_are_not_read(source: str) -> None:
    with pytest.raises(ContractRefused):
        open_source(source, "", None, LIMITS)


def test_references_stand_against_where_a_redirect_ended() -> None:
    source = WebSource("http://h.example/old", lambda url: Fetched("http://h.example/new/s.wsdl", b""))
    source.read(source.main)
    assert source.resolve(source.main, "a b.xsd") == "http://h.example/new/a%20b.xsd"
