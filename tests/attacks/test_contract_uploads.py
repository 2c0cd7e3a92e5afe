"""Registry uploads that mean harm: each is refused with a reason, reads nothing outside and stays within bounds."""

import socket
import zipfile
from pathlib import Path

import pytest

from esb.wsdl.read import read_contract
from esb.wsdl.refuse import ContractRefused

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
SECRET = "a secret that no contract may hold"


def wsdl(types: str = "", head: str = "", prolog: str = "") -> str:
    return f"""{prolog}<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" {XS} targetNamespace="urn:t">
      {head}<wsdl:types><xs:schema targetNamespace="urn:t">{types}</xs:schema></wsdl:types></wsdl:definitions>"""


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("a contract given as a file opened a connection")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def refused(source: Path, **options: str) -> str:
    with pytest.raises(ContractRefused) as caught:
        read_contract(source, main=options.get("main", ""))
    assert SECRET not in str(caught.value)
    return str(caught.value)


PLACES = [
    "file:///{outside}",
    "file:{outside}",
    "FILE://localhost{outside}",
    "{outside}",
    "../secret.xsd",
    "..\\secret.xsd",
    "%2e%2e/secret.xsd",
    "..%2fsecret.xsd",
    "%2e%2e%2fsecret.xsd",
    "x/../../secret.xsd",
    "./.././secret.xsd#x",
    "link.xsd",
    "linked/secret.xsd",
    "http://127.0.0.1/a.xsd",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/a.xsd",
    "http://0x7f000001/a.xsd",
    "http://2130706433/a.xsd",
    "https://localhost/a.xsd",
    "//127.0.0.1/a.xsd",
    "ftp://127.0.0.1/a.xsd",
    "gopher://127.0.0.1:70/_",
    "jar:file:///a.jar!/a.xsd",
    "data:text/xml,<a/>",
    "expect://id",
    "secret.xsd%00.xsd",
]


@pytest.mark.parametrize("way", ["import", "include", "redefine", "wsdl:import"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.usefixtures("no_network")
def test_references_to_elsewhere(tmp_path: Path, way: str, place: str) -> None:
    outside = tmp_path / "secret.xsd"
    outside.write_text(
        f'<xs:schema {XS} targetNamespace="urn:t"><xs:element name="{SECRET.replace(" ", "_")}"/></xs:schema>'
    )
    root = tmp_path / "bundle"
    root.mkdir()
    (root / "link.xsd").symlink_to(outside)
    (root / "linked").symlink_to(tmp_path)
    location = place.format(outside=outside).replace("<", "&lt;")
    if way == "wsdl:import":
        text = wsdl(head=f'<wsdl:import namespace="urn:x" location="{location}"/>')
    else:
        namespace = 'namespace="urn:x"' if way == "import" else ""
        text = wsdl(types=f'<xs:{way} {namespace} schemaLocation="{location}"/>')
    (root / "s.wsdl").write_text(text)
    assert "s.wsdl, line" in refused(root / "s.wsdl")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp037", "utf-32"])
def test_entities_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "secret").write_text(SECRET)
    declared = {"cp037": "IBM037"}.get(encoding, encoding)
    prolog = (
        f'<?xml version="1.0" encoding="{declared}"?>'
        f'<!DOCTYPE d [<!ENTITY e SYSTEM "file://{tmp_path}/secret"><!ENTITY f "&e;&e;">]>'
    )
    path = tmp_path / "s.wsdl"
    path.write_bytes(wsdl(head="<wsdl:documentation>&f;</wsdl:documentation>", prolog=prolog).encode(encoding))
    refused(path)


def test_xinclude_and_location_hints_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="file://{tmp_path}/secret"/>'
    (tmp_path / "s.wsdl").write_text(wsdl(head=f"<wsdl:documentation>{include}</wsdl:documentation>"))
    refused(tmp_path / "s.wsdl")


@pytest.mark.parametrize("name", ["../s.wsdl", "/tmp/s.wsdl", "a/../../s.wsdl", "..\\s.wsdl", "C:\\s.wsdl"])
def test_zip_slip(tmp_path: Path, name: str) -> None:
    path = tmp_path / "in" / "b.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), wsdl())
    refused(path)
    assert [found.name for found in tmp_path.rglob("*") if found.is_file()] == ["b.zip"]


def test_zip_bombs(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("s.wsdl", wsdl(types='<xs:include schemaLocation="t.xsd"/>'))
        archive.writestr("t.xsd", b" " * 50_000_000)
    assert "larger than" in refused(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6_000):
            archive.writestr(f"{number}.xsd", b"")
    assert "more than 5000 files" in refused(path)


def test_many_documents_of_moderate_size(tmp_path: Path) -> None:
    filler = "<!--" + "x" * 1_000_000 + "-->"
    includes = "".join(f'<xs:include schemaLocation="{number}.xsd"/>' for number in range(40))
    for number in range(40):
        (tmp_path / f"{number}.xsd").write_text(f"<xs:schema {XS}>{filler}</xs:schema>")
    (tmp_path / "s.wsdl").write_text(wsdl(types=includes))
    assert "larger than 33554432 bytes" in refused(tmp_path / "s.wsdl")


def test_nesting_and_namespaces_beyond_reason(tmp_path: Path) -> None:
    path = tmp_path / "s.wsdl"
    path.write_text(wsdl(types="<xs:sequence>" * 5_000 + "</xs:sequence>" * 5_000))
    refused(path)
    many = " ".join(f'xmlns:p{number}="urn:{number}"' for number in range(20_000))
    path.write_text(wsdl().replace("<wsdl:definitions ", f"<wsdl:definitions {many} "))
    assert "namespaces" in refused(path)


def test_markup_and_controls_in_names_stay_shown_as_text(tmp_path: Path) -> None:
    path = tmp_path / "s.wsdl"
    path.write_text(wsdl(types='<xs:include schemaLocation="&#10;[31m&#9;&lt;script>.xsd"/>'))
    message = refused(path)
    assert "\n[31m" not in message
    assert "\x1b" not in message
