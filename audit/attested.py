"""What others say of the log's checkpoints, held against them: time-stamps, and witnesses' cosignatures."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from esb.audit.examine import Finding
from esb.audit.notes import Note, NoteInvalid, NoteKey, Signature, parse_note, parse_signature, verified_by
from esb.audit.tree_reader import Stamp, TreeReader
from esb.kernel.faults import EsbError

StampJudge = Callable[[bytes, bytes], tuple[int, int]]
"""Verifies a token over a checkpoint's note: the time that it states and how far that may be off, in microseconds.

Raises EsbError, whose text says why, where it does not hold.
"""

CLOCKS: Final = 300 * 1_000_000
"""Microseconds by which the bus's clock and a time-stamp authority's may differ before a record's time is doubted."""

_STEPPED: Final = 60 * 1_000_000  # an authority's own clock is kept right by steps smaller than this


@dataclass
class Attested:
    """How much was verified; grows while findings are drawn."""

    stamps: int = 0
    cosignatures: int = 0


@dataclass(frozen=True, slots=True)
class Dated:
    """A time-stamp that was verified.

    Attributes:
        size: of the tree whose checkpoint it dates.
        at, accuracy: the time that it states and how far that may be off, microseconds.
    """

    size: int
    at: int
    accuracy: int


@dataclass(frozen=True, slots=True)
class Said:
    """What others say of some checkpoints.

    Attributes:
        stamps: how many time-stamps were looked at.
        cosignatures: how many cosignatures were verified.
        dated: the time-stamps that hold, in their order.
        findings: what is wrong.
    """

    stamps: int
    cosignatures: int
    dated: tuple[Dated, ...]
    findings: tuple[Finding, ...]


def attested(
    reader: TreeReader,
    low: int,
    high: int,
    notes: Mapping[int, bytes],
    judge: StampJudge | None,
    witnesses: Iterable[NoteKey],
) -> Said:
    """Verify time-stamps and cosignatures of checkpoints of ``low`` leaves or more and fewer than ``high``.

    Args:
        notes: those checkpoints, by their sizes.
        judge: None to leave the time-stamps.
        witnesses: keys; cosignatures of other witnesses can only be held against their own form.

    Raises:
        StoreUnavailable: the tree cannot be read.
    """
    findings: list[Finding] = []
    stamps = [] if judge is None else list(reader.all_stamps(low, high))
    dated: list[Dated] = []
    for stamp in stamps:
        assert judge is not None
        try:
            dated.append(_judged(stamp, notes, judge))
        except EsbError as error:
            where = f"time-stamp of checkpoint {stamp.size}"
            findings.append(Finding("a time-stamp cannot be believed", where, str(error)))
    made = reader.made({one.size - 1 for one in dated})
    findings += [
        Finding(
            "a record says that it was made after it was time-stamped",
            f"time-stamp of checkpoint {one.size}",
            f"leaf {one.size - 1}",
        )
        for one in dated
        if made.get(one.size - 1, 0) > one.at + one.accuracy + CLOCKS
    ]
    keys = {(key.name, key.id): key for key in witnesses}
    cosignatures = 0
    for size, name, line in reader.all_cosignatures(low, high):
        try:
            cosignatures += _cosigned(size, name, line, notes, keys)
        except NoteInvalid as error:
            findings.append(Finding("a cosignature cannot be believed", f"{name} on checkpoint {size}", str(error)))
    return Said(len(stamps), cosignatures, tuple(dated), tuple(findings))


class Order:
    """Holds time-stamps against those of smaller trees: none of a smaller tree may state a later time."""

    def __init__(self) -> None:
        self._latest, self._size = 0, -1

    def follow(self, dated: Iterable[Dated]) -> Iterator[Finding]:
        """Go on with some more of them, in the order of their trees' sizes and then of their times."""
        for one in dated:
            if one.size == self._size:
                continue  # the first of a tree is the one that counts; another may come any time later
            if one.at + one.accuracy + _STEPPED < self._latest:
                yield Finding(
                    "time-stamps are out of order",
                    f"time-stamp of checkpoint {one.size}",
                    "a smaller tree's states a later time: a clock was set back",
                )
            self._latest, self._size = max(self._latest, one.at), one.size


def _judged(stamp: Stamp, notes: Mapping[int, bytes], judge: StampJudge) -> Dated:
    note = notes.get(stamp.size)
    if note is None:
        raise NoteInvalid("there is no checkpoint of this size")
    at, accuracy = judge(stamp.token, note)
    if at != stamp.at:
        raise NoteInvalid("it states another time than its column says")
    return Dated(stamp.size, at, accuracy)


def _cosigned(
    size: int, name: str, line: str, notes: Mapping[int, bytes], keys: Mapping[tuple[str, bytes], NoteKey]
) -> bool:
    """Whether a cosignature was verified; False where its witness's key was not given."""
    signature = parse_signature(line.removesuffix("\n"))
    if signature.name != name or signature.line != line:
        raise NoteInvalid("the line is not this witness's")
    note = notes.get(size)
    if note is None:
        raise NoteInvalid("there is no checkpoint of this size")
    return is_witnessed(parse_note(note).text, signature, keys)


def is_witnessed(text: str, signature: Signature, keys: Mapping[tuple[str, bytes], NoteKey]) -> bool:
    """Whether a cosignature on a checkpoint's text was verified; False where its witness's key was not given.

    Args:
        keys: of witnesses, by name and key id.

    Raises:
        NoteInvalid: it is false, or is made with another key than that of the witness whose name it has.
    """
    key = keys.get((signature.name, signature.key_id))
    if key is None:
        if signature.name in {known for known, _ in keys}:
            raise NoteInvalid("it is made with another key than the one that was given")
        return False
    return verified_by(Note(text, (signature,)), key) is not None
