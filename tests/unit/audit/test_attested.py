"""Other people's words are counted, and those that nobody can verify are not; tests/contract alters every field."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.records import a_record

from esb.audit.attested import Dated, Order, attested
from esb.audit.log_key import LogSigner
from esb.audit.notes import COSIGNATURE, NoteKey, cosign, parse_note
from esb.audit.store import open_store, open_tree
from esb.audit.tree_reader import ALL, TreeReader

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)
ONE, TWO = (NoteKey(name, COSIGNATURE, SIGNER.public) for name in ("one", "two"))


def test_only_what_was_verified_is_counted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store, tree, reader = open_store(url), open_tree(url), TreeReader(url)
    for _ in range(2):
        store.write([a_record()])
        tree.add()
        note = tree.publish(SIGNER.checkpoint)
        assert note is not None
        size = reader.size()
        tree.keep_stamp(size, 1_700_000_001_000_000, b"token")
        for key in (ONE, TWO):
            tree.keep_cosignature(size, key.name, cosign(parse_note(note).text, key, 5, _PRIVATE.sign).line)
    tree.keep_cosignature(9, "one", cosign("x\n", ONE, 5, _PRIVATE.sign).line)
    notes = {one.size: one.note for one in reader.checkpoints()}
    found = attested(reader, 0, ALL, notes, lambda _token, _note: (1_700_000_001_000_000, 0), [ONE])
    assert [(one.where, one.detail) for one in found.findings] == [
        ("one on checkpoint 9", "there is no checkpoint of this size")
    ]
    assert (found.stamps, found.cosignatures, len(found.dated)) == (2, 2, 2)
    later = attested(reader, 2, ALL, notes, None, [])
    assert (later.stamps, later.cosignatures, len(later.findings)) == (0, 0, 1)
    assert attested(reader, 2, 9, notes, None, []).findings == ()
    for each in (store, tree, reader):
        each.close()


def test_an_order_is_followed_over_many_ranges() -> None:
    order, minute = Order(), 60_000_000
    assert list(order.follow([Dated(1, 5 * minute, 0), Dated(1, 9 * minute, 0), Dated(2, 4 * minute, 0)])) == []
    assert [one.where for one in order.follow([Dated(3, 4 * minute - 1, 0)])] == ["time-stamp of checkpoint 3"]
    assert list(order.follow([Dated(4, 4 * minute - 1, 1)])) == []
