"""Making a file smaller: only while nobody serves, and everything is as it was."""

from pathlib import Path

import pytest
from support.archives import NOW, SIGNER, a_log, archived

from esb.audit.archiving import droppable
from esb.audit.compact import CompactRefused, compact
from esb.audit.depot import Folder
from esb.audit.dropping import drop_rows
from esb.audit.raw import RawReader
from esb.audit.record import StoreUnavailable
from esb.audit.shelf import Shelf
from esb.audit.store import open_tree
from esb.audit.walk import walk


def test_what_months_left_goes_back_to_the_disk(tmp_path: Path) -> None:
    url, depot = a_log(tmp_path), Folder(tmp_path / "archive")
    archived(url, depot)
    reader = RawReader(url)
    for kept in droppable(reader, "2026-11", NOW):
        Shelf(url).dropping(kept.manifest.first, int(NOW))
        drop_rows(url, reader.numbers(kept.manifest.first, kept.manifest.end))
    reader.close()
    serving = open_tree(url)
    assert serving.elect()
    with pytest.raises(CompactRefused, match="stop it first"):
        compact(url)
    serving.close()
    before, after = compact(url)
    assert after < before / 2
    assert after == (tmp_path / "evidence.db").stat().st_size
    assert walk(url, SIGNER.key, depots=[depot]).findings == []


def test_what_is_no_file_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(CompactRefused, match="nothing to do"):
        compact("postgresql://nobody@nowhere/nothing")
    with pytest.raises(StoreUnavailable):
        compact(f"sqlite:///{tmp_path / 'evidence.db'}")
    assert not (tmp_path / "evidence.db").exists()
