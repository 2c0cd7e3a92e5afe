"""A package is the same whoever writes it, and is not written of a log that is not whole."""

import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.archives import SIGNER, a_log, archived

from esb.audit.depot import Folder
from esb.audit.notes import COSIGNATURE, NoteKey, cosign, open_checkpoint, parse_note
from esb.audit.package import stamp_name
from esb.audit.package_read import open_package, verify_package
from esb.audit.store import open_tree
from esb.audit.tree import TreeDamaged
from esb.audit.tree_reader import TreeReader


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


def test_a_package_carries_what_others_say_of_its_checkpoint(tmp_path: Path) -> None:
    url, depot = a_log(tmp_path), Folder(tmp_path / "archive")
    witness = Ed25519PrivateKey.generate()
    key = NoteKey("witness.example", COSIGNATURE, witness.public_key().public_bytes_raw())
    tree = open_tree(url)
    reader = TreeReader(url)
    points = list(reader.checkpoints())
    reader.close()
    tree.keep_stamp(points[1].size, 5, b"early")
    tree.keep_stamp(points[2].size, 6, b"one")
    tree.keep_stamp(points[2].size, 7, b"two")
    line = cosign(parse_note(points[2].note).text, key, 9, witness.sign).line
    tree.keep_cosignature(points[2].size, key.name, line)
    tree.close()
    (made,) = archived(url, depot, "2026-10")
    assert made.checkpoint == points[2].size  # stamped and cosigned, though an earlier one covers the range
    folder = depot.path / made.name
    assert [(folder / stamp_name(at)).read_bytes() for at in (0, 1)] == [b"one", b"two"]
    checkpoint, seen = open_checkpoint((folder / "checkpoint").read_bytes(), SIGNER.key, [key])
    assert (checkpoint.size, seen) == (points[2].size, {key: 9})
    assert verify_package(open_package(depot, made.name, SIGNER.key), SIGNER.key) == []
