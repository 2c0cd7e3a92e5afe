"""A witness of logs (C2SP tlog-witness, tlog-cosignature): what it signs, what it refuses, and what it keeps as proof.

It remembers of each log the last checkpoint that it signed, and signs a next one only when that one is shown to be a
beginning of it.  So it never signs two roots of one size and never goes back, whoever asks and however often it is
killed: what it remembers is durable before a signature leaves.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from esb.audit.merkle import EMPTY_ROOT, ProofInvalid, check_consistency
from esb.audit.notes import Checkpoint, NoteInvalid, NoteKey, cosign, open_checkpoint, parse_checkpoint, parse_note
from esb.audit.witness_request import SIZE_TYPE, RequestInvalid, read_request

SAME_SIZE: Final = "both trees have one size, and different roots"
_TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a witness remembers of a log.

    Attributes:
        log: its public key.
        url: where it publishes itself, without a slash at the end.
        note: the last checkpoint that was cosigned, as the log signed it; empty before the first.
        at: when that was, Unix seconds.
        behind: since when the log shows only less than was cosigned, Unix seconds; 0 while it does not.
        proof: the file that shows what is wrong with it; "" while nothing is.
        forked: whether that is two histories, after which nothing of it is cosigned any more.
    """

    log: NoteKey
    url: str
    note: bytes = b""
    at: int = 0
    behind: int = 0
    proof: str = ""
    forked: bool = False

    @property
    def head(self) -> Checkpoint:
        """The last checkpoint that was cosigned, that of an empty tree before the first."""
        if not self.note:
            return Checkpoint(self.log.name, 0, EMPTY_ROOT)
        return parse_checkpoint(parse_note(self.note).text)


class Memory(Protocol):
    """Where a witness remembers; durable when a call is over."""

    def recall(self, origin: str) -> Seen | None:
        """What is remembered of the log of this name; None of one that is not witnessed."""

    def remember(self, seen: Seen) -> None:
        """Put this in the place of what was remembered of the log."""

    def keep_proof(self, seen: Seen, words: str, notes: Sequence[tuple[str, bytes]]) -> str:
        """Write what shows a log's two histories to a file, and return the file's name.

        Args:
            words: what happened, for a person.
            notes: signed checkpoints, each with what it is.
        """


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """An answer over HTTP.

    Attributes:
        origin: the log whose own publication should be looked at, because what was posted is doubtful; "" of none.
            Anybody may post a log's old checkpoints, or false proofs: neither shows anything by itself.
        doubt: a signed checkpoint whose proof did not hold; empty where there is none.
    """

    status: int
    content_type: str
    body: bytes
    origin: str = ""
    doubt: bytes = b""


class Witness:
    """Cosigns checkpoints.  May be called from several threads.

    Args:
        key: the witness's public key; ``sign`` makes Ed25519 signatures with its private one.
        now: Unix seconds.
        alarm: told in plain words of a log that has two histories.
        patience: seconds for which a log may show less than was cosigned before that counts as cut back: an answer
            may be old, and another of its servers behind.
    """

    def __init__(
        self,
        key: NoteKey,
        sign: Callable[[bytes], bytes],
        memory: Memory,
        now: Callable[[], float],
        alarm: Callable[[str], None],
        patience: float = 60.0,
    ) -> None:
        self.key = key
        self._sign = sign
        self._memory = memory
        self._now = now
        self._alarm = alarm
        self._patience = patience
        self._one = threading.Lock()

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Answer ``POST /add-checkpoint``.  Blocking."""
        try:
            request = read_request(body)
            origin = parse_note(request.note).text.partition("\n")[0]
        except (RequestInvalid, NoteInvalid) as error:
            return _plain(400, str(error))
        with self._one:
            seen = self._memory.recall(origin)
            if seen is None:
                return _plain(404, "This witness does not know a log of this name.")
            try:
                point, _ = open_checkpoint(request.note, seen.log)
            except NoteInvalid as error:
                return _plain(403, str(error))
            if request.old > point.size:
                return _plain(400, "The old size is above the checkpoint's.")
            return self._decide(seen, point, request.note, request.old, request.proof)

    def accept(self, seen: Seen, note: bytes, proof: Sequence[bytes]) -> None:
        """Cosign a checkpoint that was fetched, whose proof from the last one was worked out of the log's tiles.

        Does nothing where another was cosigned since ``seen`` was remembered.

        Raises:
            ProofInvalid: it is not a continuation of what was cosigned last.
            NoteInvalid: the log has not signed it.
        """
        with self._one:
            now = self._memory.recall(seen.log.name)
            if now is None or now.forked or now.note != seen.note:
                return
            point, _ = open_checkpoint(note, now.log)
            head = now.head
            check_consistency(head.size, point.size, proof, head.root, point.root)
            self._advance(now, point, note)

    def falls_behind(self, seen: Seen, note: bytes) -> bool:
        """Note that a log publishes less than was cosigned; True, with an alarm, once it has done so for too long.

        Args:
            note: the smaller checkpoint; the log has signed it.
        """
        with self._one:
            known = self._memory.recall(seen.log.name)
            if known is None or known.note != seen.note:
                return False
            now = int(self._now())
            if not known.behind:
                self._memory.remember(replace(known, behind=now))
                return False
            if now - known.behind < self._patience:
                return False
            if not known.proof:
                size = _size_of(note)
                words = (
                    f"The log {known.log.name} was cut back. This witness cosigned {known.head.size} of its records, "
                    f"and for {now - known.behind} seconds it has published only {size}: its database was put back to "
                    "an older state, or records were cut off. Whoever keeps the log owes an explanation; both "
                    "checkpoints carry the log's own signature."
                )
                self._keep(known, words, [(f"published later, {size} records", note)], forked=False)
            return True

    def accuse(self, seen: Seen, why: str, *shown: bytes) -> None:
        """Keep and tell that a log signed what cannot stand beside what was cosigned.

        Does nothing where another checkpoint was cosigned since ``seen`` was remembered.

        Args:
            why: how that was found.
            shown: checkpoints that show it; the log has signed each.
        """
        with self._one:
            known = self._memory.recall(seen.log.name)
            if known is not None and known.note == seen.note:
                self._accuse(known, why, *shown)

    def _decide(self, seen: Seen, point: Checkpoint, note: bytes, old: int, proof: Sequence[bytes]) -> WitnessAnswer:
        head = seen.head
        if point.size == head.size and point.root != head.root:
            # Two signatures of the log under two roots of one size: nothing more is needed to show it.
            self._accuse(seen, SAME_SIZE, note)
        if seen.forked or (point.size == head.size and point.root != head.root):
            return _plain(409, "This log has shown this witness two histories: nothing more of it is cosigned.")
        if old != head.size:
            return replace(_size(head.size), origin=seen.log.name if point.size < head.size else "")
        try:
            check_consistency(old, point.size, proof, head.root, point.root)
        except ProofInvalid as error:
            return replace(_plain(422, str(error)), origin=seen.log.name, doubt=note)
        return WitnessAnswer(200, _TEXT, self._advance(seen, point, note).encode())

    def _advance(self, seen: Seen, point: Checkpoint, note: bytes) -> str:
        """Remember, and then sign."""
        at = int(self._now())
        own = _as_the_log_signed_it(note, seen.log)
        self._memory.remember(replace(seen, note=own, at=at, behind=0, proof=""))
        return cosign(parse_note(own).text, self.key, at, self._sign).line

    def _accuse(self, seen: Seen, why: str, *shown: bytes) -> None:
        if seen.forked:
            return
        words = (
            f"The log {seen.log.name} has two histories. This witness cosigned its {seen.head.size} records, and "
            f"the log has signed another that cannot stand beside it: {why}. Nothing more of this log is cosigned. "
            "Whoever keeps the log owes an explanation; all these checkpoints carry the log's own signature."
        )
        notes = [(f"shown later, {_size_of(note)} records", note) for note in shown]
        self._keep(seen, words, notes, forked=True)

    def _keep(self, seen: Seen, words: str, shown: list[tuple[str, bytes]], *, forked: bool) -> None:
        first = [(f"cosigned here, {seen.head.size} records", seen.note)] if seen.note else []
        proof = self._memory.keep_proof(seen, words, [*first, *shown])
        self._memory.remember(replace(seen, proof=proof, forked=forked))
        self._alarm(f"{words} Proof: {proof}")


def _size_of(note: bytes) -> int:
    return parse_checkpoint(parse_note(note).text).size


def _as_the_log_signed_it(note: bytes, log: NoteKey) -> bytes:
    """The note with the log's own signature alone: others' may have been put to it by anybody."""
    read = parse_note(note)
    own = tuple(each for each in read.signatures if (each.name, each.key_id) == (log.name, log.id))
    return replace(read, signatures=own[:1]).octets()


def _plain(status: int, text: str) -> WitnessAnswer:
    return WitnessAnswer(status, _TEXT, f"{text}\n".encode())


def _size(size: int) -> WitnessAnswer:
    return WitnessAnswer(409, SIZE_TYPE, f"{size}\n".encode())
