"""An inclusion proof as a file: C2SP tlog-proof (c2sp.org/tlog-proof@v1), which other programs verify offline.

It holds the leaf's index, the hashes from its sibling up to the root's child (RFC 6962, section 2.1.1), and the
checkpoint to the letter, cosignatures included.  The leaf itself stands elsewhere: whoever verifies hashes it.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from esb.audit.merkle import check_inclusion
from esb.audit.notes import NoteInvalid, parse_checkpoint, parse_note
from esb.audit.tiles import HASH_BYTES
from esb.kernel.faults import EsbError

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})")
_MOST_HASHES: Final = 64
_LONGEST: Final = 128 * 1024


class ProofMalformed(EsbError):
    """Octets are not an inclusion proof in the one form that is read here; the text says where they are not."""


@dataclass(frozen=True, slots=True)
class TlogProof:
    """What one such file says; nothing of it is verified by being read.

    Attributes:
        index: of the leaf, from 0.
        hashes: the audit path, 32 octets each.
        checkpoint: the signed note, to the letter.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes

    def octets(self) -> bytes:
        """The proof as a file, whose name should end in ``.tlog-proof``."""
        lines = [_HEADER, f"index {self.index}", *(base64.b64encode(one).decode() for one in self.hashes), "", ""]
        return "\n".join(lines).encode() + self.checkpoint

    def check(self, leaf: bytes) -> None:
        """Check that the leaf of this hash is in the tree that the checkpoint states.

        Whether the log has signed the checkpoint is asked apart (:func:`~esb.audit.notes.open_checkpoint`).

        Raises:
            ProofInvalid: the path does not lead from the leaf to the root.
            NoteInvalid: the checkpoint is none.
        """
        stated = parse_checkpoint(parse_note(self.checkpoint).text)
        check_inclusion(leaf, self.index, stated.size, self.hashes, stated.root)


def read_proof(octets: bytes) -> TlogProof:
    """Read a proof without extra data, and in its one spelling only.

    Raises:
        ProofMalformed: see the class.
    """
    if len(octets) > _LONGEST:
        raise ProofMalformed("the inclusion proof is too long to be one")
    head, gap, checkpoint = octets.partition(b"\n\n")
    try:
        header, index, *lines = head.decode("ascii").split("\n")
        hashes = tuple(base64.b64decode(line, validate=True) for line in lines)
        parse_checkpoint(parse_note(checkpoint).text)
    except (ValueError, binascii.Error, NoteInvalid):
        raise ProofMalformed("this is not an inclusion proof of the form tlog-proof@v1 with a checkpoint") from None
    found = _INDEX.fullmatch(index)
    if not gap or header != _HEADER or found is None:
        raise ProofMalformed("the inclusion proof does not begin with its form's name and the leaf's index")
    if len(hashes) > _MOST_HASHES or any(len(one) != HASH_BYTES for one in hashes):
        raise ProofMalformed("the inclusion proof's path is not of SHA-256 hashes, or too long")
    proof = TlogProof(int(found.group(1)), hashes, checkpoint)
    if proof.octets() != octets:
        raise ProofMalformed("the inclusion proof is spelled in another way than its form says")
    return proof
