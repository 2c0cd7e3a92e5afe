"""Which checkpoint a package is put under."""

from pathlib import Path

from support.records import a_record

from esb.admin.evidence.attest import attested_checkpoint
from esb.audit.log_key import LogSigner
from esb.audit.store import open_store, open_tree
from esb.audit.tree_reader import TreeReader


def test_the_first_that_others_vouch_for_is_taken(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store, tree, reader = open_store(url), open_tree(url), TreeReader(url)
    signer = LogSigner("bus.example/log", bytes(32), lambda _: bytes(64))
    store.idle()
    for _ in range(5):
        store.write([a_record()])
        tree.add()
        tree.publish(signer.checkpoint)
    store.close()

    def taken(needed: int = 2) -> tuple[int, int, int]:
        found = attested_checkpoint(reader, needed)
        assert found is not None
        return found.size, len(found.tokens), found.note.count(b"\xe2\x80\x94") - 1

    assert taken() == (2, 0, 0)
    tree.keep_cosignature(5, "w.example", "\u2014 w.example AAAA\n")
    assert taken() == (5, 0, 1)
    tree.keep_stamp(1, 1, b"early")
    tree.keep_stamp(3, 3, b"token")
    assert taken() == (3, 1, 0)
    tree.keep_stamp(5, 6, b"later")
    tree.keep_stamp(5, 5, b"token")
    assert taken() == (5, 2, 1)
    assert taken(1) == (5, 2, 1)
    assert attested_checkpoint(reader, 6) is None
    tree.close()
    reader.close()
