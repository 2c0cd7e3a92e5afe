"""Packages read back: a chain with a hole, a double, or a foreign link is told."""

import shutil
from pathlib import Path

import pytest
from support.archives import SIGNER, a_log, archived

from esb.audit.depot import Folder
from esb.audit.notes import NoteKey
from esb.audit.package import PackageInvalid
from esb.audit.package_read import find_packages, open_package, verify_package


@pytest.fixture
def depot(tmp_path: Path) -> Folder:
    depot = Folder(tmp_path / "archive")
    archived(a_log(tmp_path), depot)
    return depot


def test_whole_packages_are_verified_without_the_log(depot: Folder) -> None:
    packages, flaws = find_packages([depot], SIGNER.key)
    assert [one.manifest.month for one in packages] == ["2026-10", "2026-11"]
    told: list[int] = []
    assert [*flaws, *(flaw for one in packages for flaw in verify_package(one, SIGNER.key, told=told.append))] == []
    assert told == [256, 512]


def test_packages_in_two_places_are_one_chain_and_a_copy_is_no_flaw(depot: Folder, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other")
    shutil.copytree(depot.path, other.path)
    shutil.rmtree(depot.path / depot.packages()[0])
    packages, flaws = find_packages([depot, other], SIGNER.key)
    assert ([one.depot for one in packages], flaws) == ([other, depot], [])


def test_a_missing_package_and_a_false_one_are_told(depot: Folder) -> None:
    first, second = depot.packages()
    (depot.path / second / "manifest.json").write_bytes((depot.path / first / "manifest.json").read_bytes())
    shutil.rmtree(depot.path / first)
    packages, flaws = find_packages([depot], SIGNER.key)
    assert (packages, [one.what for one in flaws]) == ([], ["a package of the archive cannot be believed"])


def test_a_package_of_another_log_is_not_believed(depot: Folder) -> None:
    key = NoteKey("bus.example/log", 1, bytes(32))
    with pytest.raises(PackageInvalid, match="not sealed"):
        open_package(depot, depot.packages()[0], key)


def test_a_leaf_that_is_not_the_tiles_is_named(depot: Folder) -> None:
    """Were the seal's owner to change a record, the tiles would still tell."""
    import sqlite3
    from dataclasses import replace

    from esb.audit.depot import digest_of

    package = open_package(depot, depot.packages()[0], SIGNER.key)
    path = next((depot.path / package.manifest.name).glob("rows-*"))
    with sqlite3.connect(path) as rows:
        rows.execute("UPDATE record SET leaf = x'7b7d' WHERE id = 5")
        rows.execute("DELETE FROM record WHERE id = 7")
    rows.close()
    members = tuple(
        replace(one, sha256=digest_of(path), size=path.stat().st_size) if one.name == path.name else one
        for one in package.manifest.members
    )
    forged = replace(package, manifest=replace(package.manifest, members=members))
    assert [(one.what, one.detail) for one in verify_package(forged, SIGNER.key)] == [
        ("a record in a package is not the one that was sequenced", "leaf 4"),
        ("a record is missing in a package", "leaf 6"),
    ]
