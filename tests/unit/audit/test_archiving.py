"""Archiving: only what is over and covered, and only what is read back as it was written."""

from pathlib import Path

import pytest
from support.archives import NOW, SIGNER, a_log, archived

from esb.audit.archiving import ArchiveRefused, archive_until
from esb.audit.depot import Folder
from esb.audit.months import MonthInvalid
from esb.audit.package import PackageInvalid
from esb.audit.tree_reader import TreeReader


def test_a_month_must_be_one_and_over(tmp_path: Path) -> None:
    url, depot = a_log(tmp_path), Folder(tmp_path / "archive")
    with pytest.raises(MonthInvalid):
        archived(url, depot, "2026")
    with pytest.raises(ArchiveRefused, match="not over"):
        archived(url, depot, "2026-12")
    assert archived(url, depot, "2026-09") == []


class _Forgetful(Folder):
    """A disk that does not keep what it was given."""

    def put(self, package: str, name: str, source: Path) -> None:
        if name.startswith("rows-"):
            source.write_bytes(source.read_bytes().replace(b"2026-10 44", b"2026-10 45"))
        super().put(package, name, source)


def test_what_a_disk_does_not_keep_is_found_by_reading_back(tmp_path: Path) -> None:
    url = a_log(tmp_path)
    with pytest.raises(PackageInvalid, match="not what was written"):
        archived(url, _Forgetful(tmp_path / "archive"))
    reader = TreeReader(url)
    assert reader.packages() == []
    reader.close()


def test_progress_is_told_up_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[str, int, int, int]] = []
    list(
        archive_until(
            a_log(tmp_path), Folder(tmp_path / "archive"), SIGNER, "2026-10", NOW, lambda *one: told.append(one)
        )
    )
    assert told[-1][2:] == (256, 256)
