"""A witness's own look at a log: what it publishes to everybody must continue what was cosigned.

A log that is to show one history to its witnesses and another to the world has to publish the other one here.
"""

import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from esb.audit.merkle import ProofInvalid, check_consistency, consistency_proof, root
from esb.audit.notes import Checkpoint, NoteInvalid, open_checkpoint
from esb.audit.tiles import HASH_BYTES, Place, TileMissing, subtrees, tile_path, width_at
from esb.audit.witness import SAME_SIZE, Seen, Witness
from esb.certs.download import FetchFailed, ask
from esb.kernel.faults import EsbError

SECONDS: Final = 15.0
"""How long one answer of the log may take."""

_MOST: Final = 64 * 1024  # octets of a checkpoint
_TILES: Final = 64  # as many as a proof between two sizes needs


class LookFailed(EsbError):
    """The log could not be looked at; the text says why.  It tells nothing of its history."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a log came to.

    Attributes:
        size: records under the checkpoint that it publishes; None where it has none yet.
        words: for a person.
    """

    size: int | None
    words: str


class Watch:
    """Looks at logs.

    Args:
        tls: towards https; None judges by the machine's authorities.
    """

    def __init__(self, witness: Witness, tls: ssl.SSLContext | None = None) -> None:
        self._witness = witness
        self._tls = tls

    def look(self, seen: Seen, doubt: bytes = b"") -> Look:
        """Look at a log once; cosigns what continues, alarms where it does not.  Blocking.

        Args:
            seen: what is remembered of it.
            doubt: a checkpoint that the log signed and somebody gave a false proof for; without one that is taken
                which the log publishes.

        Raises:
            LookFailed: it cannot be looked at.
        """
        note = doubt or self._fetch(seen, "checkpoint", _MOST)
        if not note:
            if seen.note:
                raise LookFailed(f"the log {seen.log.name} publishes no checkpoint any more")
            return Look(None, "it has published nothing yet")
        head, origin = seen.head, seen.log.name
        try:
            point, _ = open_checkpoint(note, seen.log)
        except NoteInvalid as error:
            raise LookFailed(f"what the log {origin} publishes cannot be believed: {error}") from error
        if point.size < head.size:
            if not doubt and self._witness.falls_behind(seen, note):
                return Look(point.size, f"it was cut back: {head.size} records were cosigned")
            return Look(point.size, f"it shows {point.size} records and {head.size} were cosigned: looking again")
        if point.size == head.size and point.root != head.root:
            self._witness.accuse(seen, SAME_SIZE, note)
            return Look(point.size, "it has two histories")
        return self._continues(seen, note, point, bool(doubt))

    def _continues(self, seen: Seen, note: bytes, point: Checkpoint, doubted: bool) -> Look:
        head, size = seen.head, point.size
        read = lru_cache(_TILES)(lambda place: self._tile(seen, place, size))
        try:
            if size > head.size and root(size, subtrees(size, read)) != point.root:
                if doubted:
                    return self._beside_itself(seen, note, point)
                raise LookFailed(f"the tiles that the log {point.origin} publishes are not those of its checkpoint")
            proof = consistency_proof(head.size, size, subtrees(size, read)) if 0 < head.size < size else []
            check_consistency(head.size, size, proof, head.root, point.root)
            self._witness.accept(seen, note, proof)
        except TileMissing as error:
            raise LookFailed(f"the log {point.origin} does not publish all of its tree: {error}") from error
        except ProofInvalid:
            why = "its own tiles show that the earlier tree is no beginning of the later one: records were rewritten"
            self._witness.accuse(seen, why, note)
            return Look(size, "it has two histories")
        return Look(size, f"{size} records, all that were cosigned among them")

    def _beside_itself(self, seen: Seen, note: bytes, point: Checkpoint) -> Look:
        """A checkpoint that the log signed and whose root is not that of the tree that it publishes."""
        published = self._fetch(seen, "checkpoint", _MOST)
        try:
            public, _ = open_checkpoint(published, seen.log)
        except NoteInvalid as error:
            raise LookFailed(f"what the log {point.origin} publishes cannot be believed: {error}") from error
        read = lru_cache(_TILES)(lambda place: self._tile(seen, place, public.size))
        if public.size < point.size or root(public.size, subtrees(public.size, read)) != public.root:
            raise LookFailed(f"the tiles that the log {point.origin} publishes are not those of its checkpoint")
        why = "it publishes a tree to everybody in which the one that was posted here has no place"
        self._witness.accuse(seen, why, note, published)
        return Look(public.size, "it has two histories")

    def _tile(self, seen: Seen, place: Place, size: int) -> bytes | None:
        width = width_at(size, place)
        return self._fetch(seen, f"tile/{tile_path(place, width)}", width * HASH_BYTES) or None

    def _fetch(self, seen: Seen, path: str, most: int) -> bytes:
        """What the log publishes at a path; empty where there is nothing."""
        host = (urlsplit(seen.url).hostname or "").lower()
        try:
            answer = ask(f"{seen.url}/{path}", {host}, most=most, seconds=SECONDS, tls=self._tls)
        except (FetchFailed, OSError) as error:
            raise LookFailed(f"the log {seen.log.name}: {error}") from error
        if answer.status not in (200, 404):
            raise LookFailed(f"the log {seen.log.name}: {host} answers HTTP {answer.status}")
        return answer.octets if answer.status == 200 else b""
