"""A package's manifest and seal: one form, nothing believed that contradicts itself or is not signed."""

from dataclasses import replace

import pytest
from support.archives import SIGNER

from esb.audit.log_key import LogSigner
from esb.audit.notes import NoteInvalid, parse_checkpoint, parse_note
from esb.audit.package import (
    Manifest,
    Member,
    PackageInvalid,
    open_seal,
    package_name,
    parse_manifest,
    range_tiles,
    read_package_name,
    read_rows_name,
    rows_name,
    seal,
)
from esb.audit.tiles import Place

ROWS = (Member(rows_name(512, 768), 9, "aa" * 32), Member(rows_name(768, 1024), 9, "bb" * 32))
MANIFEST = Manifest(SIGNER.origin, "2026-10", 512, 1024, 5, 6, 1030, "cc" * 32, ROWS)


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert parse_manifest(MANIFEST.octets()) == MANIFEST
    assert read_package_name(MANIFEST.name) == ("2026-10", 512, 1024)
    assert read_rows_name(ROWS[0].name) == (512, 768)
    assert read_package_name(package_name("2026-10", 0, 256) + "x") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"first": 513},
        {"end": 512},
        {"checkpoint": 1023},
        {"previous": ""},
        {"previous": "zz"},
        {"month": "october"},
        {"members": ROWS[:1]},
        {"members": ROWS[::-1]},
        {"members": (*ROWS, Member("../../etc/passwd", 1, "aa" * 32))},
        {"members": (ROWS[0], replace(ROWS[1], sha256="aa"))},
        {"first": 512.0},
    ],
)
def test_a_manifest_that_contradicts_itself_is_none(wrong: dict[str, object]) -> None:
    with pytest.raises(PackageInvalid):
        parse_manifest(replace(MANIFEST, **wrong).octets())


@pytest.mark.parametrize("octets", [b"", b"{}", b"[]", b'{"format":2}', MANIFEST.octets() + b" ", b"\xff"])
def test_what_is_no_manifest(octets: bytes) -> None:
    with pytest.raises(PackageInvalid):
        parse_manifest(octets)


def test_a_seal_is_the_logs_and_no_checkpoint() -> None:
    note = seal(MANIFEST, SIGNER)
    found = open_seal(note, SIGNER.key)
    assert (found.first, found.end, found.digest, found.previous) == (512, 1024, MANIFEST.digest, "cc" * 32)
    with pytest.raises(NoteInvalid):
        parse_checkpoint(parse_note(note).text)
    with pytest.raises(PackageInvalid, match="cannot be believed"):
        open_seal(note.replace(b"leaves 512", b"leaves 256"), SIGNER.key)
    with pytest.raises(PackageInvalid, match="not sealed"):
        open_seal(SIGNER.checkpoint(1, bytes(32)), SIGNER.key)
    other = LogSigner("other.example/log", SIGNER.public, SIGNER.sign)
    with pytest.raises(PackageInvalid, match="not sealed"):
        open_seal(note, other.key)


def test_the_tiles_of_a_range_and_those_above() -> None:
    size = 256 * 256 + 300
    found = list(range_tiles(256 * 256 - 256, 256 * 256 + 256, size))
    assert found == [Place(0, 255), Place(0, 256), Place(1, 0), Place(1, 1), Place(2, 0)]
