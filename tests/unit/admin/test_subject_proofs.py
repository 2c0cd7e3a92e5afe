"""A file of proofs that proves nothing, or something else than it says, is refused; what it says is never believed."""

import io
import zipfile
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.records import a_record

from esb.admin.subject_history import Evidence
from esb.admin.subject_proofs import ProofsInvalid, check_proofs, untold, write_proofs
from esb.audit.leaf import leaf_hash
from esb.audit.log_key import LogSigner
from esb.audit.merkle import node_hash
from esb.audit.notes import NoteKey
from esb.audit.past import Away
from esb.audit.proof import TlogProof

_KEY = Ed25519PrivateKey.generate()
LOG = LogSigner("bus.example/log", _KEY.public_key().public_bytes_raw(), _KEY.sign)
RECORDS = [a_record(), a_record()]
HASHES = [leaf_hash(each.leaf) for each in RECORDS]
NOTE = LOG.checkpoint(2, node_hash(*HASHES))
EVIDENCE = [
    Evidence(each.entry.record, each.leaf, TlogProof(index, (HASHES[1 - index],), NOTE))
    for index, each in enumerate(RECORDS)
]
FILE = write_proofs(EVIDENCE, LOG.key.text)


def changed(change: Callable[[dict[str, bytes]], object]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(FILE)) as container:
        held = {name: container.read(name) for name in container.namelist()}
    change(held)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as container:
        for name, content in held.items():
            container.writestr(name, content)
    return made.getvalue()


def test_what_is_proved_is_told() -> None:
    found = check_proofs(FILE, LOG.key)
    assert [(each.entry, each.index, each.size) for each in found] == [
        (each.entry, index, 2) for index, each in enumerate(RECORDS)
    ]
    assert check_proofs(write_proofs([Evidence("x", b"{}", None)], LOG.key.text), LOG.key) == []


def test_what_is_not_proved_is_refused() -> None:
    first, second = (each.entry.record for each in RECORDS)
    other = NoteKey("bus.example/log", LOG.key.kind, bytes(31) + b"1")
    for file, key in (
        (b"no zip", LOG.key),
        (FILE[:-40], LOG.key),
        (FILE, other),
        (changed(lambda held: held.update({f"{first}.leaf": RECORDS[1].leaf})), LOG.key),
        (changed(lambda held: held.pop(f"{first}.tlog-proof")), LOG.key),
        (changed(lambda held: held.update({"note.txt": b"trust me"})), LOG.key),
        (changed(lambda held: held.update({f"{first}.leaf": b"x" * 300_000})), LOG.key),
        (changed(lambda held: held.update({f"{second}.tlog-proof": held[f"{first}.tlog-proof"]})), LOG.key),
        (
            changed(
                lambda held: held.update(
                    {"other.leaf": held.pop(f"{first}.leaf"), "other.tlog-proof": held.pop(f"{first}.tlog-proof")}
                )
            ),
            LOG.key,
        ),
    ):
        with pytest.raises(ProofsInvalid):
            check_proofs(file, key)


def test_what_a_file_says_of_times_that_it_does_not_tell_of_is_read_or_refused() -> None:
    away = Away("2026-10-000000000000-000000000256", 0, 1_000_000, 256, "/media", 5, "away")
    octets = write_proofs((), "key", (away,))
    (told,) = untold(octets)
    assert (told.until, told.records, told.package) == ("1970-01-01T00:00:01.000Z", 256, away.package)
    assert untold(write_proofs((), "key")) == []
    for content in (b"[{}]", b"{", b"7", b'[{"since":"\\u0007","until":"","records":1,"package":""}]'):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as container:
            container.writestr("not-complete.json", content)
        with pytest.raises(ProofsInvalid, match="cannot be read"):
            untold(held.getvalue())
