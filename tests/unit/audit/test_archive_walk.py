"""The walk over an archive; what it finds of false ones is in tests/contract/test_log_archive.py."""

import sqlite3
from pathlib import Path

from support.archives import SIGNER, a_log, archived

from esb.audit.archive_walk import walk_archive
from esb.audit.depot import Folder
from esb.audit.tree_reader import TreeReader


def test_packages_are_told_with_and_without_an_archive(tmp_path: Path) -> None:
    url, depot = a_log(tmp_path), Folder(tmp_path / "archive")
    made = archived(url, depot)
    reader = TreeReader(url)
    for depots in ([], [depot]):
        found, findings = walk_archive(reader, SIGNER.key, depots)
        assert findings == []
        assert [(one.digest, one.verified) for one in found] == [(one.digest, bool(depots)) for one in made]
    reader.close()


def test_a_package_that_the_log_does_not_know_is_one_after_a_restored_database(tmp_path: Path) -> None:
    url, depot = a_log(tmp_path), Folder(tmp_path / "archive")
    made = archived(url, depot)
    with sqlite3.connect(tmp_path / "evidence-tree.db") as tree:
        tree.execute("DELETE FROM package")
    tree.close()
    reader = TreeReader(url)
    found, findings = walk_archive(reader, SIGNER.key, [depot])
    assert ([one.digest for one in found], findings) == ([one.digest for one in made], [])
    reader.close()
