"""Checkpoints are looked at in ranges that leave none out; whole logs: tests/contract/test_log_tampering.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.records import a_record

from esb.audit.attested import Dated
from esb.audit.examine_points import Judges, examine_points
from esb.audit.log_key import LogSigner
from esb.audit.store import open_store, open_tree
from esb.audit.tree_reader import ALL, TreeReader

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)
AT = 1_700_000_001_000_000


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[TreeReader]:
    """A log of five checkpoints, of one leaf to five, each with a time-stamp."""
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store, tree, reader = open_store(url), open_tree(url), TreeReader(url)
    for size in range(1, 6):
        store.write([a_record()])
        tree.add()
        tree.publish(SIGNER.checkpoint)
        tree.keep_stamp(size, AT + size, b"token")
    yield reader
    for each in (store, tree, reader):
        each.close()


def judges(**changed: object) -> Judges:
    facts = {"key": SIGNER.key, "size": 5, "since": 0, "stamped": None, "witnesses": ()}
    return Judges(**facts | changed)  # type: ignore[arg-type]


def test_ranges_cover_every_checkpoint_once(reader: TreeReader) -> None:
    assert list(reader.ranges(2)) == [(0, 3), (3, 5), (5, ALL)]
    assert list(reader.ranges(5)) == [(0, 6), (6, ALL)]
    assert list(reader.ranges(6)) == [(0, ALL)]
    found = [examine_points(reader, judges(), *each) for each in reader.ranges(2)]
    assert [(one.count, one.findings) for one in found] == [(2, ()), (2, ()), (1, ())]


def test_only_what_was_stamped_since_is_judged(reader: TreeReader) -> None:
    said = examine_points(reader, judges(since=2, stamped=lambda _token, note: (_stated(note), 7)), 0, 4).said
    assert (said.stamps, said.findings) == (2, ())
    assert said.dated == (Dated(2, AT + 2, 7), Dated(3, AT + 3, 7))


def _stated(note: bytes) -> int:
    return AT + int(note.split(b"\n")[1])


def test_a_checkpoint_of_since_the_walk_began_is_left_and_one_of_another_log_told(reader: TreeReader) -> None:
    # One that was published since the walk began is no finding.
    assert examine_points(reader, judges(size=4), 0, ALL).findings == ()
    foreign = judges(key=LogSigner("other.example/log", SIGNER.public, _PRIVATE.sign).key)
    assert {one.what for one in examine_points(reader, foreign, 0, ALL).findings} == {"a checkpoint cannot be believed"}
