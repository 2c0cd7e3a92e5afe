"""A container has one form: standard tools open it, and whatever is otherwise in it is refused."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.admin.evidence.container import ContainerMalformed, read_container, write_container

FILES = {"README.txt": b"read me\n", "messages/request.xml": b"<a/>", "empty.bin": b""}
MEDIA = {
    "README.txt": "text/plain",
    "messages/request.xml": "application/xml",
    "empty.bin": "application/octet-stream",
}
WHOLE = write_container(FILES, MEDIA, b"<signatures/>")


def test_it_is_read_back() -> None:
    found = read_container(WHOLE)
    assert (found.files, found.media, found.signatures) == (FILES, MEDIA, b"<signatures/>")


def test_standard_tools_open_it(tmp_path: Path) -> None:
    path = tmp_path / "package.asice"
    path.write_bytes(WHOLE)
    assert WHOLE[30:38] == b"mimetype"
    assert WHOLE[38:].startswith(b"application/vnd.etsi.asic-e+zipPK")  # EN 319 162-1, clause A.1
    subprocess.run(["unzip", "-q", "-d", tmp_path / "out", path], check=True)
    assert (tmp_path / "out" / "messages" / "request.xml").read_bytes() == b"<a/>"
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        assert opened.namelist()[:3] == ["mimetype", "META-INF/manifest.xml", "META-INF/signatures0.xml"]
        assert {one.compress_type for one in opened.infolist()} == {zipfile.ZIP_STORED}


@given(st.data())
def test_no_octet_of_its_structure_can_be_another(data: st.DataObject) -> None:
    octets = bytearray(WHOLE)
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ContainerMalformed):
        read_container(bytes(octets))


@given(st.integers(0, len(WHOLE) - 1))
def test_a_part_of_it_is_none(size: int) -> None:
    with pytest.raises(ContainerMalformed):
        read_container(WHOLE[:size])


def test_what_stands_before_between_or_behind_is_told() -> None:
    for octets in (b"x" + WHOLE, WHOLE + b"x", WHOLE + WHOLE, WHOLE.replace(b"PK\x01\x02", b"xPK\x01\x02", 1)):
        with pytest.raises(ContainerMalformed):
            read_container(octets)


def repacked(*more: tuple[str, bytes], method: int = zipfile.ZIP_STORED, links: bool = False) -> bytes:
    """The same files as another program writes them, with more behind."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as old, zipfile.ZipFile(buffer, "w", method) as new:
        for one in old.infolist():
            new.writestr(zipfile.ZipInfo(one.filename), old.read(one), compress_type=method)
        for name, content in more:
            info = zipfile.ZipInfo(name)
            if links:
                info.external_attr = 0o120777 << 16
            new.writestr(info, content, compress_type=method)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_containers_are_refused_without_being_unpacked() -> None:
    hostile = [
        repacked(("README.txt", b"other")),
        repacked(("../../etc/cron.d/x", b"x")),
        repacked(("/etc/passwd", b"x")),
        repacked(("link", b"/etc/passwd"), links=True),
        repacked(("bomb", bytes(50_000_000)), method=zipfile.ZIP_DEFLATED),
        repacked(("extra.txt", b"x")),
        repacked(),
    ]
    for octets in hostile:
        assert len(octets) < 60_000
        with pytest.raises(ContainerMalformed):
            read_container(octets)


def test_what_does_not_fit_is_not_written() -> None:
    with pytest.raises(ContainerMalformed):
        write_container({"../x": b""}, {"../x": "text/plain"}, b"")
    many = {f"f/{number}": b"" for number in range(5_000)}
    with pytest.raises(ContainerMalformed):
        write_container(many, dict.fromkeys(many, "text/plain"), b"")
