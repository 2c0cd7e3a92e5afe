"""A folder of packages: whole files only, closed to others, and a failing disk is told."""

import hashlib
from pathlib import Path

import pytest

from esb.audit.depot import DepotUnavailable, Folder, digest_of


def test_what_is_put_can_be_fetched(tmp_path: Path) -> None:
    depot, source = Folder(tmp_path / "deep" / "archive"), tmp_path / "source"
    assert (depot.packages(), depot.members("one")) == ([], {})
    source.write_bytes(b"first")
    depot.put("one", "a", source)
    source.write_bytes(b"second")
    depot.put("one", "a", source)
    (depot.path / "one" / "b.part").write_bytes(b"cut off")
    assert (depot.packages(), depot.members("one")) == (["one"], {"a": 6})
    path = depot.fetch("one", "a", tmp_path)
    assert path is not None
    assert (path.read_bytes(), path.stat().st_mode & 0o077) == (b"second", 0)
    assert digest_of(path) == hashlib.sha256(b"second").hexdigest()
    assert depot.fetch("one", "none", tmp_path) is None


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    depot = Folder(tmp_path / "file")
    with pytest.raises(DepotUnavailable, match="cannot be used"):
        depot.packages()
    with pytest.raises(DepotUnavailable):
        depot.put("one", "a", tmp_path / "file")
    with pytest.raises(DepotUnavailable):
        digest_of(tmp_path / "none")
