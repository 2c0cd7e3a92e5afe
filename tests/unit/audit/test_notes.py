"""Signed notes: read in their one form, believed with the right key alone."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from esb.audit.notes import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    Note,
    NoteInvalid,
    NoteKey,
    cosign,
    open_checkpoint,
    parse_checkpoint,
    parse_note,
    sign_note,
    verified_by,
)

PRIVATE = Ed25519PrivateKey.generate()
WITNESS_PRIVATE = Ed25519PrivateKey.generate()
LOG = NoteKey("bus.example/log", ED25519, PRIVATE.public_key().public_bytes_raw())
WITNESS = NoteKey("witness.example", COSIGNATURE, WITNESS_PRIVATE.public_key().public_bytes_raw())
CHECKPOINT = Checkpoint(LOG.name, 17, bytes(range(32)))


def published(checkpoint: Checkpoint = CHECKPOINT, at: int = 1_700_000_000) -> Note:
    text = checkpoint.text
    return Note(text, (sign_note(text, LOG, PRIVATE.sign), cosign(text, WITNESS, at, WITNESS_PRIVATE.sign)))


def test_a_checkpoint_is_read_as_it_was_published() -> None:
    found, seen = open_checkpoint(published().octets(), LOG, [WITNESS])
    assert found == CHECKPOINT
    assert seen == {WITNESS: 1_700_000_000}


def test_two_keys_of_one_name_are_two_signers() -> None:
    private = Ed25519PrivateKey.generate()
    namesake = NoteKey(WITNESS.name, COSIGNATURE, private.public_key().public_bytes_raw())
    note = published()
    both = Note(note.text, (*note.signatures, cosign(note.text, namesake, 1_700_000_007, private.sign)))
    _, seen = open_checkpoint(both.octets(), LOG, [namesake, WITNESS])
    assert seen == {namesake: 1_700_000_007, WITNESS: 1_700_000_000}
    _, seen = open_checkpoint(both.octets(), LOG, [namesake])
    assert seen == {namesake: 1_700_000_007}


def test_the_example_of_the_specification_is_read() -> None:
    """The key of Go's checksum database, published with every release of Go."""
    key = NoteKey.parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    assert (key.name, key.kind, key.id.hex()) == ("sum.golang.org", ED25519, "033de0ae")
    assert NoteKey.parse(key.text) == key


def test_a_witness_who_has_not_signed_is_not_said_to_have_seen() -> None:
    note = published()
    _, seen = open_checkpoint(Note(note.text, note.signatures[:1]).octets(), LOG, [WITNESS])
    assert seen == {}


def test_a_stranger_signature_is_passed_over() -> None:
    other = NoteKey("bus.example/log", ED25519, WITNESS.key)
    text = CHECKPOINT.text
    note = Note(text, (sign_note(text, other, WITNESS_PRIVATE.sign), *published().signatures))
    assert open_checkpoint(note.octets(), LOG)[0] == CHECKPOINT
    with pytest.raises(NoteInvalid, match="not signed with the key"):
        open_checkpoint(Note(text, note.signatures[:1]).octets(), LOG)


@given(st.data())
def test_no_altered_octet_is_believed(data: st.DataObject) -> None:
    octets = published().octets()
    at = data.draw(st.integers(0, len(octets) - 1))
    altered = octets[:at] + bytes([octets[at] ^ data.draw(st.integers(1, 255))]) + octets[at + 1 :]
    try:
        found, seen = open_checkpoint(altered, LOG, [WITNESS])
    except NoteInvalid:
        return
    # What is left is a line that nobody's key is asked about any more: the checkpoint itself stands.
    assert found == CHECKPOINT
    assert seen in ({}, {"witness.example": 1_700_000_000})


def test_a_cosignature_is_of_its_time() -> None:
    note = published()
    line = note.signatures[1]
    later = type(line)(line.name, line.key_id, (1_800_000_000).to_bytes(8, "big") + line.value[8:])
    with pytest.raises(NoteInvalid, match="is false"):
        verified_by(Note(note.text, (note.signatures[0], later)), WITNESS)


def test_a_log_of_another_name_is_not_this_one() -> None:
    text = Checkpoint("other.example/log", 3, bytes(32)).text
    with pytest.raises(NoteInvalid, match="another log"):
        open_checkpoint(Note(text, (sign_note(text, LOG, PRIVATE.sign),)).octets(), LOG)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\nno signature\n",
        b"text\n\n\xe2\x80\x94 name !!\n",
        b"text\n\n\xe2\x80\x94 name AAAA\n",
        b"text\n\n\xe2\x80\x94 name AAAAAAA=",
        b"te\rxt\n\n\xe2\x80\x94 name AAAAAAA=\n",
        b"\xff\n\n\xe2\x80\x94 name AAAAAAA=\n",
        b"text\n\n" + b"\xe2\x80\x94 name AAAAAAA=\n" * 65,
        b"x" * 70_000,
    ],
)
def test_what_is_no_note_is_refused(octets: bytes) -> None:
    with pytest.raises(NoteInvalid):
        parse_note(octets)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        "o\n01\n" + "A" * 43 + "=\n",
        "o\n-1\n" + "A" * 43 + "=\n",
        "o\n1\nAAAA\n",
        "o\n1\n!\n",
        "\n1\n" + "A" * 43 + "=\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        parse_checkpoint(text)


def test_lines_after_the_root_are_lawful() -> None:
    text = CHECKPOINT.text + "an extension\n"
    assert parse_checkpoint(text) == CHECKPOINT


@pytest.mark.parametrize(
    "text", ["", "a+b", "a+00000000+", "a b+00000000+AQ==", "a+00000000+" + base64.b64encode(b"\1" * 33).decode()]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        NoteKey.parse(text)
