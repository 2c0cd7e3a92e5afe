"""What is particular to a tree in a file; what every place promises stands in tests/contract/test_evidence_tree.py."""

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.records import a_record

from esb.audit.record import StoreUnavailable
from esb.audit.sqlite import SqliteStore
from esb.audit.tree_sqlite import SqliteTree, tree_path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "evidence.db"
    store = SqliteStore(path)
    store.write([a_record(), a_record()])
    store.close()
    return path


def test_the_tree_stands_beside_the_log_and_is_closed_to_others(log: Path) -> None:
    tree = SqliteTree(log)
    assert tree.elect()
    assert tree.add() == 2
    tree.close()
    path = tree_path(log)
    assert path.name == "evidence-tree.db"
    for made in (path, Path(f"{path}.lock")):
        assert os.stat(made).st_mode & 0o077 == 0


def test_a_killed_process_is_elected_no_more(log: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from esb.audit.tree_sqlite import SqliteTree\n"
        "tree = SqliteTree(Path(sys.argv[1])); print(tree.elect(), flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(log)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        tree = SqliteTree(log)
        assert not tree.elect()
    finally:
        other.kill()
        other.wait()
        assert other.stdout is not None
        other.stdout.close()
    for _ in range(100):
        if tree.elect():
            break
        time.sleep(0.02)
    assert tree.elect()
    tree.close()


def test_a_log_that_is_not_there_is_told(tmp_path: Path) -> None:
    tree = SqliteTree(tmp_path / "none.db")
    with pytest.raises(StoreUnavailable):
        tree.add()
    tree.close()
    with pytest.raises(StoreUnavailable, match="folder"):
        SqliteTree(tmp_path / "nowhere" / "none.db").elect()


def test_a_tree_of_another_version_is_left_alone(log: Path) -> None:
    with sqlite3.connect(tree_path(log)) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    tree = SqliteTree(log)
    with pytest.raises(StoreUnavailable, match="schema 9"):
        tree.add()
    tree.close()
