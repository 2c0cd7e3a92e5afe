"""Signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint), and what cosigns them.

A note is a text, an empty line, and signature lines: an em dash, the signer's name, and in base64 four octets that
tell its key and the signature.  A checkpoint is a note that says: this log, at this size, has this root.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from esb.kernel.faults import EsbError

ED25519: Final = 1
COSIGNATURE: Final = 4
"""The kinds of keys: of a log, and of a witness, whose signature also says when (c2sp.org/tlog-cosignature)."""

_LONGEST: Final = 64 * 1024  # octets of a note
_MOST_SIGNATURES: Final = 64
_ID_BYTES: Final = 4
_KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64
_TIME_BYTES: Final = 8
_NAME: Final = re.compile(r"[^\s+]{1,200}")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteInvalid(EsbError):
    """What is said to be a signed note or a checkpoint is not one, or nobody who counts has signed it."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key under its name: who signs notes.

    Attributes:
        name: of the log (its origin) or witness: no white space, no plus sign.
        kind: :data:`ED25519` or :data:`COSIGNATURE`.
        key: 32 octets.
    """

    name: str
    kind: int
    key: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.kind not in (ED25519, COSIGNATURE) or len(self.key) != _KEY_BYTES:
            raise NoteInvalid("a log's or witness's key is NAME+ID+KEY, of Ed25519; the name has no blank and no plus")

    @property
    def id(self) -> bytes:
        """Four octets by which a signature line tells the key."""
        return hashlib.sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.key).digest()[:_ID_BYTES]

    @property
    def text(self) -> str:
        """The key as people pass it on: ``NAME+ID+KEY``."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.key).decode()}"

    @staticmethod
    def parse(text: str) -> "NoteKey":
        """Read ``NAME+ID+KEY``.

        Raises:
            NoteInvalid: it is not of this form, or its id is not that of its key.
        """
        try:
            name, number, encoded = text.strip().split("+", 2)
            octets = base64.b64decode(encoded, validate=True)
        except ValueError:
            raise NoteInvalid("this is no key of a log or witness: it looks like NAME+ID+KEY on one line") from None
        if not octets:
            raise NoteInvalid("the log's or witness's key is empty")
        key = NoteKey(name, octets[0], octets[1:])
        if key.id.hex() != number:
            raise NoteInvalid("the id in the middle of the log's or witness's key is not that of the key: copy it anew")
        return key


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line.

    Attributes:
        name: whose it says it is.
        key_id: four octets that tell the key.
        value: what follows them.
    """

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note."""
        return f"\u2014 {self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signature lines.  The text ends with a line break."""

    text: str
    signatures: tuple[Signature, ...]

    def octets(self) -> bytes:
        """The note as it is published."""
        return f"{self.text}\n{''.join(signature.line for signature in self.signatures)}".encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself.

    Attributes:
        origin: the log's name.
        size: leaves in its tree.
        root: of that tree, 32 octets.
    """

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text of the note."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_note(octets: bytes) -> Note:
    """Read a note.  Nothing is verified.

    Raises:
        NoteInvalid: it has not the form of one.
    """
    if len(octets) > _LONGEST:
        raise NoteInvalid("the signed note is too long to be one")
    try:
        whole = octets.decode()
    except UnicodeDecodeError:
        raise NoteInvalid("the signed note is not text in UTF-8") from None
    text, gap, tail = whole.rpartition("\n\n")
    if not gap or not text or not tail.endswith("\n") or any(one < " " and one != "\n" for one in whole):
        raise NoteInvalid("the signed note is not a text, an empty line and signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise NoteInvalid("the signed note has too many signatures")
    return Note(text + "\n", tuple(parse_signature(line) for line in lines))


def parse_signature(line: str) -> Signature:
    """Read a signature line, without its line break.

    Raises:
        NoteInvalid: it has not the form of one.
    """
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or not _NAME.fullmatch(parts[1]):
        raise NoteInvalid("a signature line of the note is not: an em dash, a name, and base64")
    try:
        octets = base64.b64decode(parts[2], validate=True)
    except (binascii.Error, ValueError):
        raise NoteInvalid("a signature line of the note is not: an em dash, a name, and base64") from None
    if len(octets) <= _ID_BYTES:
        raise NoteInvalid("a signature of the note is empty")
    return Signature(parts[1], octets[:_ID_BYTES], octets[_ID_BYTES:])


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint out of a note's text.

    Raises:
        NoteInvalid: it is none.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise NoteInvalid("the note is not a checkpoint: origin, size and root, a line each")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError):
        raise NoteInvalid("the checkpoint's root is not base64") from None
    if len(root) != hashlib.sha256().digest_size or base64.b64encode(root).decode() != lines[2]:
        raise NoteInvalid("the checkpoint's root is not a SHA-256 hash")
    return Checkpoint(lines[0], int(lines[1]), root)


def sign_note(text: str, key: NoteKey, sign: Callable[[bytes], bytes]) -> Signature:
    """Sign a note's text as a log does.

    Args:
        sign: makes an Ed25519 signature with the private key of ``key``.
    """
    return Signature(key.name, key.id, sign(text.encode()))


def cosign(text: str, key: NoteKey, at: int, sign: Callable[[bytes], bytes]) -> Signature:
    """Sign a checkpoint as a witness does: as one that was seen, and was consistent, at a time (Unix seconds)."""
    return Signature(key.name, key.id, at.to_bytes(_TIME_BYTES, "big") + sign(_cosigned(text, at)))


def verified_by(note: Note, key: NoteKey) -> int | None:
    """Verify a note with one key: the time that a cosignature states (Unix seconds), 0 for a log's signature.

    None where the note has no signature of that key.

    Raises:
        NoteInvalid: it has one, and it is false.
    """
    for signature in note.signatures:
        if (signature.name, signature.key_id) != (key.name, key.id):
            continue
        if key.kind == COSIGNATURE:
            at = int.from_bytes(signature.value[:_TIME_BYTES], "big")
            signed, value = _cosigned(note.text, at), signature.value[_TIME_BYTES:]
        else:
            at, signed, value = 0, note.text.encode(), signature.value
        if len(value) != _SIGNATURE_BYTES:
            raise NoteInvalid(f"the signature of {key.name} on the note is not one of Ed25519")
        try:
            Ed25519PublicKey.from_public_bytes(key.key).verify(value, signed)
        except InvalidSignature:
            raise NoteInvalid(f"the signature of {key.name} on the note is false: the note was altered") from None
        return at
    return None


def open_checkpoint(
    octets: bytes, log: NoteKey, witnesses: Sequence[NoteKey] = ()
) -> tuple[Checkpoint, dict[NoteKey, int]]:
    """Read a checkpoint and verify it: by its log, and by those witnesses who have signed it.

    Returns:
        The checkpoint, and when each witness signed it (Unix seconds), by key: a name alone tells no signer
        (c2sp.org/signed-note), and two keys of one name are two.

    Raises:
        NoteInvalid: it is of another log, the log has not signed it, or a signature is false.
    """
    note = parse_note(octets)
    if verified_by(note, log) is None:
        raise NoteInvalid(f"the checkpoint is not signed with the key of {log.name}")
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != log.name:
        raise NoteInvalid(f"the checkpoint is of another log than {log.name}")
    seen = {key: at for key in witnesses if (at := verified_by(note, key)) is not None}
    return checkpoint, seen


def _cosigned(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()
