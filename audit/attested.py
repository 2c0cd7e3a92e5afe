"""What others say of the log's checkpoints, held against them: time-stamps, and witnesses' cosignatures."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from esb.audit.examine import Finding
from esb.audit.notes import Note, NoteInvalid, NoteKey, Signature, parse_note, parse_signature, verified_by
from esb.audit.tree import TreeDamaged
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


def attested(
    reader: TreeReader,
    since: int,
    judge: StampJudge | None,
    witnesses: Iterable[NoteKey],
    count: Attested,
) -> Iterator[Finding]:
    """Verify time-stamps and cosignatures of checkpoints of ``since`` leaves or more.

    Args:
        judge: None to leave the time-stamps.
        witnesses: keys; cosignatures of other witnesses can only be held against their own form.
        count: is told how many were verified.

    Raises:
        StoreUnavailable: the tree cannot be read.
    """
    if judge is not None:
        yield from _stamps(reader, since, judge, count)
    yield from _cosignatures(reader, since, {(key.name, key.id): key for key in witnesses}, count)


def _stamps(reader: TreeReader, since: int, judge: StampJudge, count: Attested) -> Iterator[Finding]:
    latest, size = 0, -1
    for stamp in reader.all_stamps(since):
        where = f"time-stamp of checkpoint {stamp.size}"
        count.stamps += 1
        try:
            accuracy = _judged(reader, stamp, judge)
        except EsbError as error:
            yield Finding("a time-stamp cannot be believed", where, str(error))
            continue
        if stamp.size != size and stamp.at + accuracy + _STEPPED < latest:
            yield Finding(
                "time-stamps are out of order", where, "a smaller tree's states a later time: a clock was set back"
            )
        made = None
        with suppress(TreeDamaged):  # which the walk itself tells
            made = reader.made_at(stamp.size - 1)
        if made is not None and made > stamp.at + accuracy + CLOCKS:
            yield Finding("a record says that it was made after it was time-stamped", where, f"leaf {stamp.size - 1}")
        if stamp.size != size:  # the first of a tree is the one that counts; another may come any time later
            latest, size = max(latest, stamp.at), stamp.size


def _judged(reader: TreeReader, stamp: Stamp, judge: StampJudge) -> int:
    point = reader.checkpoint(stamp.size)
    if point is None:
        raise NoteInvalid("there is no checkpoint of this size")
    at, accuracy = judge(stamp.token, point.note)
    if at != stamp.at:
        raise NoteInvalid("it states another time than its column says")
    return accuracy


def _cosignatures(
    reader: TreeReader, since: int, keys: Mapping[tuple[str, bytes], NoteKey], count: Attested
) -> Iterator[Finding]:
    for size, name, line in reader.all_cosignatures(since):
        try:
            count.cosignatures += _cosigned(reader, size, name, line, keys)
        except NoteInvalid as error:
            yield Finding("a cosignature cannot be believed", f"{name} on checkpoint {size}", str(error))


def _cosigned(reader: TreeReader, size: int, name: str, line: str, keys: Mapping[tuple[str, bytes], NoteKey]) -> bool:
    """Whether a cosignature was verified; False where its witness's key was not given."""
    signature = parse_signature(line.removesuffix("\n"))
    if signature.name != name or signature.line != line:
        raise NoteInvalid("the line is not this witness's")
    point = reader.checkpoint(size)
    if point is None:
        raise NoteInvalid("there is no checkpoint of this size")
    return is_witnessed(parse_note(point.note).text, signature, keys)


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
