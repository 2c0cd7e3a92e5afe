"""The log's own key: who signs checkpoints, under which name."""

from collections.abc import Callable
from dataclasses import dataclass, field

from esb.audit.notes import ED25519, Checkpoint, Note, NoteKey, sign_note


@dataclass(frozen=True, slots=True)
class LogSigner:
    """Signs checkpoints.

    Args:
        origin: the log's name, unique in the world: a host's name and a path, without a scheme.
        public: the raw Ed25519 public key, 32 octets.
        sign: makes an Ed25519 signature.
    """

    origin: str
    public: bytes
    sign: Callable[[bytes], bytes] = field(repr=False)

    @property
    def key(self) -> NoteKey:
        """The public key, as verifiers are given it."""
        return NoteKey(self.origin, ED25519, self.public)

    def checkpoint(self, size: int, root: bytes) -> bytes:
        """The signed note of a tree."""
        text = Checkpoint(self.origin, size, root).text
        return Note(text, (sign_note(text, self.key, self.sign),)).octets()
