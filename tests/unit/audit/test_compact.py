"""Making files smaller: those of months that are over beside a serving bus, this month's while nobody serves."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.archives import SIGNER, a_log, fill

from esb.audit.compact import CompactRefused, compact
from esb.audit.record import StoreUnavailable
from esb.audit.store import open_tree
from esb.audit.walk import walk


def _fill_and_free(path: Path) -> int:
    """Have a file hold much that is free inside; returns the file's size."""
    with closing(sqlite3.connect(path)) as log:
        log.execute("CREATE TABLE ballast (octets BLOB)")
        log.executemany("INSERT INTO ballast VALUES (?)", [(bytes(100_000),)] * 20)
        log.commit()
        log.execute("DROP TABLE ballast")
        log.commit()
    return path.stat().st_size


def test_what_is_free_inside_goes_back_to_the_disk(tmp_path: Path) -> None:
    url = a_log(tmp_path)
    paths = [tmp_path / f"evidence{month}.db" for month in ("", "-2026-11", "-2026-12")]
    large = [_fill_and_free(path) for path in paths]
    serving = open_tree(url)
    assert serving.elect()
    done = compact(url)
    small = [path.stat().st_size for path in paths]
    assert (done.before, done.after, done.left) == (sum(large), sum(small), True)
    assert [one < before - 1_900_000 for one, before in zip(small, large, strict=True)] == [True, True, False]
    serving.close()
    done = compact(url)
    assert (done.left, done.before - done.after > 1_900_000) == (False, True)
    assert walk(url, SIGNER.key).findings == []


def test_the_only_file_of_a_serving_bus_is_left(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    fill(url, {"2026-11": 3})
    serving = open_tree(url)
    assert serving.elect()
    with pytest.raises(CompactRefused, match="stop it first"):
        compact(url)
    serving.close()


def test_what_is_no_file_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(CompactRefused, match="nothing to do"):
        compact("postgresql://nobody@nowhere/nothing")
    with pytest.raises(StoreUnavailable):
        compact(f"sqlite:///{tmp_path / 'evidence.db'}")
    assert not (tmp_path / "evidence.db").exists()
