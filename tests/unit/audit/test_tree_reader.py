"""Reading a tree where there is none yet; the rest stands in tests/contract/test_evidence_tree.py."""

from pathlib import Path

import pytest

from esb.audit.record import StoreUnavailable
from esb.audit.sqlite import SqliteStore
from esb.audit.tree_reader import TreeReader


def test_no_file_is_made_by_looking(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "evidence.db").idle()
    reader = TreeReader(f"sqlite:///{tmp_path / 'evidence.db'}")
    with pytest.raises(StoreUnavailable):
        reader.size()
    reader.close()
    assert not (tmp_path / "evidence-tree.db").exists()
