"""What the log's door gives out: checkpoints and hashes, of published trees alone, and never an entry."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.records import a_record
from support.rig import done

from esb.audit.leaf import leaf_hash
from esb.audit.log_key import LogSigner
from esb.audit.notes import open_checkpoint
from esb.audit.store import open_store, open_tree
from esb.audit.tree import TreeStore
from esb.audit.tree_reader import TreeReader
from esb.endpoints.log import LogDoor
from esb.kernel.http import HttpRequest, HttpResponse, Peer

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)
RECORDS = [a_record() for _ in range(300)]


class Log:
    """A log of 300 records, its tree and its door."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder / 'evidence.db'}"
        self.store = open_store(url)
        self.store.write(RECORDS)
        self.tree: TreeStore = open_tree(url)
        self.reader = TreeReader(url)

        async def run(work: Callable[[], HttpResponse]) -> HttpResponse:
            return work()

        self.door = LogDoor(self.reader, run, SIGNER.key.text)

    def get(self, path: str) -> HttpResponse:
        return done(self.door.get(HttpRequest("GET", path, "", {}, b"", Peer("192.0.2.7"))))

    def close(self) -> None:
        self.store.close()
        self.tree.close()
        self.reader.close()


@pytest.fixture
def log(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = Log(tmp_path)
    yield made
    made.close()


def test_before_the_tree_is_made_the_door_says_so(log: Log) -> None:
    assert log.get("/log/checkpoint").status == 503
    log.tree.add(0)
    assert log.get("/log/checkpoint").status == 404


def test_the_last_checkpoint_and_its_tiles(log: Log) -> None:
    log.tree.add()
    log.tree.publish(SIGNER.checkpoint)
    found, _ = open_checkpoint(log.get("/log/checkpoint").body, SIGNER.key)
    assert found.size == 300
    whole = log.get("/log/tile/0/000")
    assert whole.body == b"".join(leaf_hash(record.leaf) for record in RECORDS[:256])
    assert ("Cache-Control", "public, max-age=31536000, immutable") in whole.headers
    assert log.get("/log/tile/0/001.p/44").body == b"".join(leaf_hash(record.leaf) for record in RECORDS[256:])
    assert log.get("/log/tile/0/001.p/3").body == b"".join(leaf_hash(record.leaf) for record in RECORDS[256:259])
    assert log.get("/log/tile/1/000.p/1").status == 200


def test_what_no_checkpoint_covers_is_not_published(log: Log) -> None:
    log.tree.add(10)
    log.tree.publish(SIGNER.checkpoint)
    log.tree.add(290)
    assert log.get("/log/tile/0/000").status == 404
    assert log.get("/log/tile/0/000.p/11").status == 404
    assert log.get("/log/tile/0/000.p/10").status == 200


@pytest.mark.parametrize(
    "path", ["/log/", "/log/tile/", "/log/tile/entries/000", "/log/tile/0/../000", "/log/tile/9/000", "/log/other"]
)
def test_nothing_else_is_there(log: Log, path: str) -> None:
    log.tree.add()
    log.tree.publish(SIGNER.checkpoint)
    assert log.get(path).status == 404


def test_the_key_is_told(log: Log) -> None:
    assert log.get("/log/key").body.decode().strip() == SIGNER.key.text


def test_whoever_reads_all_tiles_asks_for_the_checkpoint_once(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.tree.add()
    log.tree.publish(SIGNER.checkpoint)
    asked: list[int] = []
    latest = log.reader.latest
    monkeypatch.setattr(log.reader, "latest", lambda: (asked.append(1), latest())[1])
    for path in ("0/000", "0/001.p/44", "1/000.p/1", "0/000"):
        assert log.get(f"/log/tile/{path}").status == 200
    assert len(asked) == 1
    assert log.get("/log/tile/0/001.p/45").status == 404
    log.store.write([a_record()])
    log.tree.add()
    assert log.get("/log/tile/0/001.p/45").status == 404  # grown, and not published yet
    log.tree.publish(SIGNER.checkpoint)
    assert log.get("/log/tile/0/001.p/45").status == 200
