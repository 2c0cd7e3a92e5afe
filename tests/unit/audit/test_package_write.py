"""A package is the same whoever writes it, and is not written of a log that is not whole."""

import sqlite3
from pathlib import Path

import pytest
from support.archives import a_log, archived

from esb.audit.depot import Folder
from esb.audit.tree import TreeDamaged


def test_the_same_log_gives_the_same_package(tmp_path: Path) -> None:
    url = a_log(tmp_path)
    one = archived(url, Folder(tmp_path / "one"))
    with sqlite3.connect(tmp_path / "evidence-tree.db") as tree:
        tree.execute("DELETE FROM package")
    tree.close()
    assert archived(url, Folder(tmp_path / "two")) == one
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_nothing_is_archived_of_a_log_with_a_hole(tmp_path: Path) -> None:
    url = a_log(tmp_path)
    with sqlite3.connect(tmp_path / "evidence.db") as log:
        log.execute("DELETE FROM record WHERE id = 77")
    log.close()
    with pytest.raises(TreeDamaged, match="esb log verify"):
        archived(url, Folder(tmp_path / "archive"))
