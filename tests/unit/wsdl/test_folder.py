"""A folder as a source."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from esb.wsdl.folder import FolderSource
from esb.wsdl.limits import ReadLimits
from esb.wsdl.refuse import Forbidden, NotFound

LIMITS = ReadLimits()
Folder = Callable[[dict[str, str]], Path]


def test_names_in_another_case_are_found_when_only_one_fits(folder: Folder) -> None:
    source = FolderSource(folder({"Common/Types.xsd": "", "a.xsd": "", "A.xsd": ""}), "s.wsdl", LIMITS)
    assert source.resolve("s.wsdl", "common/TYPES.XSD") == "Common/Types.xsd"
    assert source.resolve("s.wsdl", "A.xsd") == "A.xsd"
    with pytest.raises(NotFound):
        source.resolve("s.wsdl", "a.XSD")
    with pytest.raises(NotFound):
        source.resolve("s.wsdl", "Common")


def test_links_are_not_followed(folder: Folder, tmp_path: Path) -> None:
    root = folder({"s.wsdl": ""})
    (tmp_path / "secret.xsd").write_text("secret")
    (root / "link.xsd").symlink_to(tmp_path / "secret.xsd")
    (root / "linked").symlink_to(tmp_path)
    source = FolderSource(root, "s.wsdl", LIMITS)
    for reference in ("link.xsd", "linked/secret.xsd"):
        with pytest.raises(Forbidden, match="symbolic link"):
            source.resolve("s.wsdl", reference)
    with pytest.raises(NotFound):
        source.read("link.xsd")


def test_only_plain_files_within_the_limit_are_read(folder: Folder) -> None:
    root = folder({"s.wsdl": "12345"})
    os.mkfifo(root / "pipe.xsd")
    with pytest.raises(Forbidden, match="not a plain file"):
        FolderSource(root, "s.wsdl", LIMITS).read("pipe.xsd")
    with pytest.raises(Forbidden, match="larger than 4 bytes"):
        FolderSource(root, "s.wsdl", replace(LIMITS, document_bytes=4)).read("s.wsdl")


def test_wsdl_files_of_a_folder_and_of_too_large_a_one(folder: Folder) -> None:
    root = folder({"b.wsdl": "", "a/c.WSDL": "", "d.xsd": ""})
    assert FolderSource(root, "", LIMITS).wsdl_files() == ["a/c.WSDL", "b.wsdl"]
    with pytest.raises(Forbidden, match="name the main WSDL"):
        FolderSource(root, "", replace(LIMITS, entries=1)).wsdl_files()
