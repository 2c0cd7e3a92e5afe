"""What a log and a witness say to each other (c2sp.org/tlog-witness): the body of ``POST /add-checkpoint``."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from esb.audit.tiles import HASH_BYTES
from esb.kernel.faults import EsbError

PATH: Final = "/add-checkpoint"
SIZE_TYPE: Final = "text/x.tlog.size"
"""Media type of the answer that says which size the witness has cosigned last."""

MAX_BODY: Final = 80 * 1024
"""Octets of a body: a note and 63 hashes."""

_MOST_HASHES: Final = 63
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")


class RequestInvalid(EsbError):
    """What was posted is not the body of an add-checkpoint request."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request.

    Attributes:
        old: the size of the tree that the witness is thought to have cosigned last.
        proof: that it is a beginning of the checkpoint's; empty where ``old`` is 0.
        note: the signed checkpoint.
    """

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def octets(self) -> bytes:
        """The body."""
        lines = [f"old {self.old}", *(base64.b64encode(each).decode() for each in self.proof), "", ""]
        return "\n".join(lines).encode() + self.note


def read_request(body: bytes) -> AddCheckpoint:
    """Read a body.  Of the note nothing is looked at.

    Raises:
        RequestInvalid: it is none.
    """
    head, gap, note = body.partition(b"\n\n")
    if len(body) > MAX_BODY or not gap or not note:
        raise RequestInvalid("the body is not: an old size, a proof, an empty line and a checkpoint")
    try:
        first, *hashes = head.decode("ascii").split("\n")
        found = _OLD.fullmatch(first)
        proof = tuple(_hash(each) for each in hashes)
    except (UnicodeDecodeError, binascii.Error, ValueError):
        raise RequestInvalid("the lines before the checkpoint are not an old size and base64") from None
    if found is None or len(proof) > _MOST_HASHES:
        raise RequestInvalid("the lines before the checkpoint are not an old size and at most 63 hashes")
    return AddCheckpoint(int(found.group(1)), proof, note)


def read_size(body: bytes) -> int | None:
    """The size that a conflict's answer states; None where it states none."""
    text = body[:32].decode("ascii", "replace")
    return int(text) if re.fullmatch(r"(?:0|[1-9][0-9]{0,18})\n", text) else None


def signature_lines(body: bytes) -> Sequence[str]:
    """The lines of a good answer, without their breaks; the form of each is not looked at."""
    return body.decode("utf-8", "replace").splitlines()[:64]


def _hash(line: str) -> bytes:
    octets = base64.b64decode(line, validate=True)
    if len(octets) != HASH_BYTES or base64.b64encode(octets).decode() != line:
        raise ValueError("no hash")
    return octets
