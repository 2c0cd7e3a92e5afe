"""Others' words that a package encloses are verified, counted, and named where they are false, foreign or too early."""

import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.archives import SIGNER, archived, fill
from support.offices import NOW as ISSUED
from support.offices import authority, office

from esb.admin.stamp_sources import stamp_judge
from esb.audit.archive import Archive
from esb.audit.archive_attested import Vouchers
from esb.audit.archive_walk import Archived, walk_archive
from esb.audit.depot import Folder
from esb.audit.examine import Finding
from esb.audit.notes import COSIGNATURE, NoteKey, cosign, parse_note
from esb.audit.store import open_tree
from esb.audit.tree_reader import TreeReader
from esb.certs.profiles import TIME_STAMPING
from esb.certs.tsa import TimeStamper, timestamp

_WITNESS = Ed25519PrivateKey.generate()
WITNESS = NoteKey("witness.example", COSIGNATURE, _WITNESS.public_key().public_bytes_raw())
OTHER = NoteKey("other.example", COSIGNATURE, bytes(32))
STAMPER = TimeStamper(*office(TIME_STAMPING), authority()[1], "1.2.3.4", 1000)
Tokens = Callable[[bytes], bytes]
Lines = Callable[[str], str]


def token(note: bytes) -> bytes:
    return timestamp(STAMPER, hashlib.sha256(note).digest(), ISSUED, secrets.token_bytes)


def line(text: str, key: NoteKey = WITNESS) -> str:
    return cosign(text, key, 9, _WITNESS.sign).line


def walked(folder: Path, tokens: Tokens, lines: Lines, **vouch: object) -> tuple[Archived, list[Finding]]:
    """A log whose keeper seals packages with these words about its checkpoint, and what the walk says of the first."""
    url, depot = f"sqlite:///{folder / 'evidence.db'}", Folder(folder / "archive")
    fill(url, {"2026-10": 256, "2026-11": 3})
    tree, reader = open_tree(url), TreeReader(url, Archive([depot]))
    point = list(reader.checkpoints())[1]
    tree.keep_stamp(point.size, 5, tokens(point.note))
    for name, text in ((WITNESS.name, lines(parse_note(point.note).text)), (OTHER.name, line("x\n", OTHER))):
        tree.keep_cosignature(point.size, name, text)
    tree.close()
    archived(url, depot, "2026-10")
    vouchers = Vouchers(**{"judge": stamp_judge([authority()[1]]), "witnesses": (WITNESS,), **vouch})
    (found,), findings = walk_archive(reader, SIGNER.key, [depot], vouchers)
    reader.close()
    return found, findings


def test_what_was_verified_is_counted_and_what_nobody_can_verify_is_not(tmp_path: Path) -> None:
    found, findings = walked(tmp_path, token, line)
    assert (findings, found.verified, found.stamps, found.cosignatures) == ([], True, 1, 1)


def test_without_anchors_and_keys_nothing_is_claimed(tmp_path: Path) -> None:
    found, findings = walked(tmp_path, lambda _: b"token", lambda _: line("x\n"), judge=None, witnesses=())
    assert (findings, found.verified, found.stamps, found.cosignatures) == ([], True, 0, 0)


@pytest.mark.parametrize(
    ("tokens", "lines", "what", "where"),
    [
        (lambda _: b"token", line, "a time-stamp in a package cannot be believed", "stamp-0.tst"),
        (lambda note: token(note + b"x"), line, "a time-stamp in a package cannot be believed", "stamp-0.tst"),
        (token, lambda _: line("x\n"), "a cosignature in a package cannot be believed", "checkpoint"),
        (
            token,
            lambda text: line(text, NoteKey(WITNESS.name, COSIGNATURE, bytes(32))),
            "a cosignature in a package cannot be believed",
            "checkpoint",
        ),
    ],
)
def test_what_is_false_or_foreign_is_named(tmp_path: Path, tokens: Tokens, lines: Lines, what: str, where: str) -> None:
    found, findings = walked(tmp_path, tokens, lines)
    assert [(one.what, one.where.endswith(f"{found.name}/{where}")) for one in findings] == [(what, True)]
    assert not found.verified


def test_a_stamp_that_is_older_than_a_record_under_it_is_named(tmp_path: Path) -> None:
    found, findings = walked(tmp_path, token, line, judge=lambda _token, _note: (5, 0))
    assert [(one.what, one.where) for one in findings] == [
        ("a record in a package says that it was made after it was time-stamped", f"{found.name}/stamp-0.tst")
    ]


def test_a_stamp_of_a_stranger_is_named(tmp_path: Path) -> None:
    stranger = stamp_judge([authority("p256", "Stranger")[1]])
    _, findings = walked(tmp_path, token, line, judge=stranger)
    assert [one.what for one in findings] == ["a time-stamp in a package cannot be believed"]
