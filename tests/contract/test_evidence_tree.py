"""What every place for the log's tree promises: the same tests on SQLite and on PostgreSQL."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.records import a_record

from esb.audit.leaf import leaf_hash
from esb.audit.log_key import LogSigner
from esb.audit.merkle import check_consistency, check_inclusion, perfect_root, root
from esb.audit.notes import open_checkpoint
from esb.audit.record import EvidenceStore, Record, StoreUnavailable
from esb.audit.store import open_store, open_tree
from esb.audit.tree import TreeStore
from esb.audit.tree_reader import Stamp, TreeReader

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)
_numbers = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'evidence.db'}"
    dsn: str = request.getfixturevalue("fresh_postgres_dsn")
    return dsn


@pytest.fixture
def store(url: str) -> Iterator[EvidenceStore]:
    store = open_store(url)
    store.idle()
    yield store
    store.close()


@pytest.fixture
def tree(url: str, store: EvidenceStore) -> Iterator[TreeStore]:
    tree = open_tree(url)
    yield tree
    tree.close()


@pytest.fixture
def reader(url: str, tree: TreeStore) -> Iterator[TreeReader]:
    tree.add()  # makes the tables
    reader = TreeReader(url)
    yield reader
    reader.close()


def records(number: int) -> list[Record]:
    return [a_record() for _ in range(number)]


def plain(leaves: list[bytes]) -> bytes:
    return root(len(leaves), lambda height, index: perfect_root(leaves[index << height : (index + 1) << height]))


def hashes(written: list[Record]) -> list[bytes]:
    return [leaf_hash(record.leaf) for record in written]


def test_records_get_their_places_in_the_order_of_their_numbers(
    store: EvidenceStore, tree: TreeStore, reader: TreeReader
) -> None:
    written: list[Record] = []
    for batch in (1, 300, 5, 256):
        more = records(batch)
        store.write(more)
        written += more
        assert tree.add() == batch
        note = tree.publish(SIGNER.checkpoint)
        assert note is not None
        found, _ = open_checkpoint(note, SIGNER.key)
        assert (found.size, found.root) == (len(written), plain(hashes(written)))
    assert [reader.index_of(record.entry.record) for record in written] == list(range(len(written)))
    assert [(name, leaf) for _, name, leaf in reader.leaves(0, len(written))] == [
        (record.entry.record, record.leaf) for record in written
    ]
    assert [one.size for one in reader.checkpoints()] == [1, 301, 306, 562]


def test_nothing_new_is_no_new_checkpoint(store: EvidenceStore, tree: TreeStore, reader: TreeReader) -> None:
    assert tree.add() == 0
    assert tree.publish(SIGNER.checkpoint) is None
    assert reader.latest() is None
    store.write(records(3))
    assert tree.oldest_waiting() is not None
    tree.add()
    assert tree.oldest_waiting() is None
    assert tree.publish(SIGNER.checkpoint) is not None
    assert tree.publish(SIGNER.checkpoint) is None


def test_every_record_and_every_growth_is_proved(store: EvidenceStore, tree: TreeStore, reader: TreeReader) -> None:
    written: list[Record] = []
    for batch in (3, 254, 400):
        more = records(batch)
        store.write(more)
        written += more
        tree.add()
        tree.publish(SIGNER.checkpoint)
    points = list(reader.checkpoints())
    last = points[-1]
    for index in (0, 2, 3, 255, 256, 257, 600, 656):
        proof = reader.inclusion(index, last.size)
        check_inclusion(leaf_hash(written[index].leaf), index, last.size, proof, last.root)
    for point in points:
        check_consistency(point.size, last.size, reader.consistency(point.size, last.size), point.root, last.root)
    assert reader.at_least(4) == points[1]
    assert reader.at_least(last.size + 1) is None


def test_numbers_that_duplicates_used_up_leave_no_gap_in_the_tree(
    store: EvidenceStore, tree: TreeStore, reader: TreeReader
) -> None:
    first, second, third = a_record(replay_key=b"k" * 32), a_record(replay_key=b"k" * 32), a_record()
    store.write([first, second, third])
    tree.add()
    assert [name for _, name, _ in reader.leaves(0, 9)] == [first.entry.record, third.entry.record]
    assert reader.index_of(second.entry.record) is None
    assert reader.index_of(third.entry.record) == 1
    assert list(reader.strays()) == []


def test_a_record_that_is_gone_is_told_by_its_index(
    url: str, store: EvidenceStore, tree: TreeStore, reader: TreeReader
) -> None:
    written = records(5)
    store.write(written)
    tree.add()
    name = written[2].entry.record
    _change(url, "DELETE FROM record WHERE record = ?", name)
    found = list(reader.leaves(0, 5))
    assert [index for index, _, leaf in found if leaf is None] == [2]


def test_rows_hold_messages_of_any_size(store: EvidenceStore, tree: TreeStore, reader: TreeReader) -> None:
    """Large ones are not read together with others; what is gone is told all the same."""
    messages = [b"small", b"x" * 100_000, b"", b"y" * 32_768, b"z" * 32_769]
    store.write([a_record(message=message) for message in messages])
    tree.add()
    found = [row for _, row in reader.rows(0, 5)]
    assert [row and (row.kept, row.message, row.sent) for row in found] == [(True, each, b"") for each in messages]


def test_a_record_that_is_put_in_afterwards_is_a_stray(
    url: str, store: EvidenceStore, tree: TreeStore, reader: TreeReader
) -> None:
    first = a_record()
    store.write([first, a_record(first.entry.exchange, consumer="another"), a_record()])  # which uses a number up
    tree.add()
    store.write([a_record(record_of="forged")])
    _change(url, "UPDATE record SET id = 2 WHERE record LIKE ?", "forged%")
    assert [name.startswith("forged") for name in reader.strays()] == [True]


def test_only_one_is_elected_and_another_follows_it(url: str, store: EvidenceStore, tree: TreeStore) -> None:
    other = open_tree(url)
    assert tree.elect()
    assert tree.elect()
    assert not other.elect()
    tree.close()
    for _ in range(100):  # PostgreSQL ends a session a moment after it was left
        if other.elect():
            break
        time.sleep(0.02)
    assert other.elect()
    other.close()


def test_two_who_both_believe_to_be_elected_double_nothing(url: str, store: EvidenceStore) -> None:
    """The transaction decides, whatever a lock service may have said."""
    written = records(400)
    store.write(written)
    trees = [open_tree(url) for _ in range(3)]
    for each in trees:
        each.oldest_waiting()  # tables are there
    counts: list[int] = []

    def work(one: TreeStore) -> None:
        for _ in range(40):
            try:
                counts.append(one.add(7))
                one.publish(SIGNER.checkpoint)
            except StoreUnavailable:
                counts.append(0)  # waited for the others too long: nothing was written

    threads = [threading.Thread(target=work, args=(one,)) for one in trees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while more := trees[0].add(7):
        counts.append(more)
    trees[0].publish(SIGNER.checkpoint)
    for one in trees:
        one.close()
    reader = TreeReader(url)
    assert sum(counts) == 400
    assert reader.size() == 400
    latest = reader.latest()
    assert latest is not None
    assert latest.root == plain(hashes(written))
    for point in reader.checkpoints():
        assert point.root == plain(hashes(written)[: point.size])
    reader.close()


def test_what_writers_commit_late_is_not_lost(url: str, tree: TreeStore) -> None:
    """Four writers at once: numbers are seen in another order than they were given; none may be passed over."""
    if url.startswith("sqlite"):
        open_store(url).idle()
    stores = [open_store(url) for _ in range(4)]
    written: list[list[Record]] = [[] for _ in stores]

    def write(at: int) -> None:
        for _ in range(60):
            batch = records(3)
            stores[at].write(batch)
            written[at] += batch

    threads = [threading.Thread(target=write, args=(at,)) for at in range(len(stores))]
    for thread in threads:
        thread.start()
    found = 0
    while any(thread.is_alive() for thread in threads):
        found += tree.add(50)
    for thread in threads:
        thread.join()
    while more := tree.add():
        found += more
    for one in stores:
        one.close()
    assert found == 4 * 180
    reader = TreeReader(url)
    names = [name for _, name, _ in reader.leaves(0, found)]
    assert sorted(names) == sorted(record.entry.record for each in written for record in each)
    assert list(reader.strays()) == []
    reader.close()


def test_tiles_of_an_earlier_size_can_still_be_had(store: EvidenceStore, tree: TreeStore, reader: TreeReader) -> None:
    from esb.audit.tiles import Place

    written = records(300)
    store.write(written)
    tree.add()
    place = Place(0, 1)
    assert reader.tile(place, 300) == b"".join(hashes(written)[256:])
    assert reader.tile(place, 258) == b"".join(hashes(written)[256:258])
    assert reader.tile(place, 256) is None
    assert reader.tile(Place(1, 0), 300) == perfect_root(hashes(written)[:256])
    assert reader.tile(Place(0, 2), 300) is None


def test_a_tree_that_nobody_made_is_told(url: str, store: EvidenceStore) -> None:
    reader = TreeReader(url)
    with pytest.raises(StoreUnavailable):
        reader.latest()
    reader.close()


def test_what_others_say_of_checkpoints_is_kept_beside_them(
    store: EvidenceStore, tree: TreeStore, reader: TreeReader
) -> None:
    for _ in range(3):
        store.write(records(2))
        tree.add()
        tree.publish(SIGNER.checkpoint)
    assert (reader.stamped(), reader.cosigned("one"), reader.stamps(2), reader.cosignatures(2)) == (0, 0, [], {})
    tree.keep_stamp(2, 5_000, b"first")
    tree.keep_stamp(2, 5_000, b"again")  # the same time over the same tree: the first one stays
    tree.keep_stamp(2, 9_000, b"second")
    tree.keep_stamp(4, 7_000, b"third")
    tree.keep_cosignature(2, "one", "old\n")
    tree.keep_cosignature(2, "one", "line\n")
    tree.keep_cosignature(4, "two", "other\n")
    tree.keep_cosignature(4, "one", "more\n")
    assert reader.stamps(2) == [Stamp(2, 5_000, b"first"), Stamp(2, 9_000, b"second")]
    assert [(one.size, one.at) for one in reader.all_stamps(0)] == [(2, 5_000), (2, 9_000), (4, 7_000)]
    assert [one.size for one in reader.all_stamps(3)] == [4]
    assert reader.cosignatures(4) == {"one": "more\n", "two": "other\n"}
    assert list(reader.all_cosignatures(0)) == [(2, "one", "line\n"), (4, "one", "more\n"), (4, "two", "other\n")]
    assert (reader.stamped(), reader.cosigned("one"), reader.cosigned("nobody")) == (4, 4, 0)
    assert reader.cosigned_by({"one", "two"}, 2) == 4
    assert reader.cosigned_by({"two", "three"}, 1) == 4
    assert reader.cosigned_by({"three"}, 1) == 0
    assert [one.size for one in reader.points(2, 9)] == [4, 6]
    assert [one.size for one in reader.points(0, 2)] == [4, 6]
    assert reader.checkpoint(3) is None
    assert reader.made_at(5) == 1_700_000_000_000_000
    assert reader.made_at(6) is None


def test_a_tree_of_the_first_version_is_read_as_it_is_and_brought_up_by_whoever_writes(
    url: str, store: EvidenceStore, tree: TreeStore
) -> None:
    store.write(records(3))
    tree.add()
    tree.publish(SIGNER.checkpoint)
    tree.close()
    _to_first_version(url)
    reader = TreeReader(url)
    assert reader.latest() is not None
    assert (reader.stamped(), reader.stamps(3), reader.cosigned("one"), list(reader.all_stamps(0))) == (0, [], 0, [])
    store.write(records(1))
    assert tree.add() == 1
    tree.publish(SIGNER.checkpoint)
    tree.keep_stamp(4, 1, b"token")
    assert reader.stamped() == 4
    assert [one.size for one in reader.checkpoints()] == [3, 4]
    reader.close()


def _to_first_version(url: str) -> None:
    statements = ["DROP TABLE stamp", "DROP TABLE cosignature"]
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///").replace(".db", "-tree.db")) as connection:
            for statement in (*statements, "PRAGMA user_version = 1"):
                connection.execute(statement)
        connection.close()
        return
    with psycopg.connect(url, options="-c search_path=evidence") as connection:
        for statement in (*statements, "UPDATE tree SET version = 1"):
            connection.execute(statement.encode())


def _change(url: str, statement: str, *values: object) -> None:
    """Do what a person with the database's password can do."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.execute(statement, values)
        connection.close()
        return
    with psycopg.connect(url, options="-c search_path=evidence") as connection:
        connection.execute(statement.replace("?", "%s").encode(), values)
