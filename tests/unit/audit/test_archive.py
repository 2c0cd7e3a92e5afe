"""Rows out of packages, as the log would give them."""

import sqlite3
from pathlib import Path

import pytest
from support.archives import a_log, archived

from esb.audit.archive import Archive
from esb.audit.depot import Folder


def test_rows_come_across_the_borders_of_packages(tmp_path: Path) -> None:
    depot = Folder(tmp_path / "archive")
    archived(a_log(tmp_path), depot)
    archive = Archive([Folder(tmp_path / "empty"), depot])
    found = archive.rows("SELECT id FROM record", 250, 251, 10)
    assert [row[0] for row in found] == list(range(251, 261))
    assert archive.rows("SELECT id FROM record", 510, 511, 10) == [(511,), (512,)]
    next(depot.path.glob("*/rows-*256.db")).write_bytes(b"no database")
    assert archive.rows("SELECT id FROM record", 300, 301, 1) == [(301,)]
    assert archive.rows("SELECT id FROM record", 3, 4, 1) == []
    archive.close()


def test_a_package_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store may be far away, and is asked for a stretch of each span of the tree."""
    archived(a_log(tmp_path), Folder(tmp_path / "archive"))
    asked: list[str] = []
    members = Folder.members
    monkeypatch.setattr(Folder, "members", lambda self, package: (asked.append(package), members(self, package))[1])
    archive = Archive([Folder(tmp_path / "archive")])
    for number in range(1, 20):
        assert archive.rows("SELECT id FROM record", number - 1, number, 1) == [(number,)]
    assert len(asked) == 1
    archive.close()


def test_rows_of_an_earlier_version_are_given_as_they_would_be_now(tmp_path: Path) -> None:
    depot = Folder(tmp_path / "archive")
    archived(a_log(tmp_path), depot)
    for path in depot.path.glob("*/rows-*"):
        with sqlite3.connect(path) as rows:
            rows.execute("ALTER TABLE body DROP COLUMN key")
        rows.close()
    archive = Archive([depot])
    select = "SELECT record.id, message, key FROM record LEFT JOIN body ON body.id = record.id"
    assert archive.rows(select, 3, 4, 1) == [(4, b"<m>2026-10 3</m>", None)]
    archive.close()
