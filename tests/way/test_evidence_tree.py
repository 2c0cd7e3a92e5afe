"""What a receipt promises: its records stand in the published tree soon, and are shown to stand there by a proof."""

import base64
import http.client
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from support.client import NS, Reply
from support.place import Place
from support.way import Asker, expect_person

from esb.audit.merkle import check_consistency, check_inclusion
from esb.audit.notes import Checkpoint, NoteKey, open_checkpoint
from esb.audit.sequencer import PROMISED
from esb.audit.tree_reader import TreeReader


def fetched(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def published(port: int) -> Checkpoint:
    key = NoteKey.parse(fetched(port, "/log/key").decode())
    return open_checkpoint(fetched(port, "/log/checkpoint"), key)[0]


def leaves_of(reply: Reply) -> list[bytes]:
    return [base64.b64decode(one.text) for one in reply.root.iterfind(".//exch:Receipt//exch:leaf", NS)]


def await_tree(place: Place) -> TreeReader:
    """Of a bus that may have begun just now: the first record makes the first checkpoint."""
    Asker(place).ask()
    until = time.monotonic() + PROMISED
    while not fetched(place.port, "/log/checkpoint").startswith(b"bus.test/log\n"):
        assert time.monotonic() < until
        time.sleep(0.05)
    return TreeReader(place.settings.evidence.url)


@pytest.fixture
def tree(place: Place) -> Iterator[TreeReader]:
    reader = await_tree(place)
    yield reader
    reader.close()


def included(tree: TreeReader, record: str, leaf: bytes, port: int) -> bool:
    """Whether the leaf that a receipt cites is shown to be under the checkpoint that anybody can fetch."""
    index = tree.index_of(record)
    checkpoint = published(port)
    if index is None or index >= checkpoint.size:
        return False
    check_inclusion(leaf, index, checkpoint.size, tree.inclusion(index, checkpoint.size), checkpoint.root)
    return True


def test_every_receipt_is_kept_in_time(asker: Asker, place: Place, tree: TreeReader) -> None:
    replies = [expect_person(asker.ask()) for _ in range(5)]
    until = time.monotonic() + PROMISED
    for reply in replies:
        names = [f"{reply.exchange}-q", f"{reply.exchange}-a"]
        for name, leaf in zip(names, leaves_of(reply), strict=True):
            while not included(tree, name, leaf, place.port):
                assert time.monotonic() < until, f"{name} is not in the tree"
                time.sleep(0.1)


def test_refusals_stand_in_the_tree_as_well(asker: Asker, place: Place, tree: TreeReader) -> None:
    exchange = asker.send(b"<no/>")
    (refusal,) = exchange.records
    until = time.monotonic() + PROMISED
    while not included(tree, refusal.entry.record, refusal.leaf_hash, place.port):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_tree_is_only_ever_added_to(asker: Asker, place: Place, tree: TreeReader) -> None:
    seen = []
    for _ in range(3):
        asker.ask()
        time.sleep(1.2)
        seen.append(published(place.port))
    assert seen[0].size < seen[-1].size
    for before, after in pairwise(seen):
        proof = tree.consistency(before.size, after.size)
        check_consistency(before.size, after.size, proof, before.root, after.root)


def test_workers_have_one_tree(crew: Place) -> None:
    assert crew.bus is not None
    tree = await_tree(crew)
    replies = [expect_person(Asker(crew).ask()) for _ in range(6)]
    until = time.monotonic() + PROMISED
    for reply in replies:
        for name, leaf in zip(("q", "a"), leaves_of(reply), strict=True):
            while not included(tree, f"{reply.exchange}-{name}", leaf, crew.port):
                assert time.monotonic() < until
                time.sleep(0.1)
    tree.close()
