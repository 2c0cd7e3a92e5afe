"""Looking at some of the log's checkpoints: is each signed, is it of the tree, and is what others say of it true?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from esb.audit.attested import Said, StampJudge, attested
from esb.audit.examine import Finding
from esb.audit.notes import Checkpoint, NoteInvalid, NoteKey, open_checkpoint
from esb.audit.tiles import TileMissing
from esb.audit.tree_reader import Published, TreeReader


@dataclass(frozen=True, slots=True)
class Judges:
    """By what checkpoints are judged; can be handed to another process.

    Attributes:
        key: the log's.
        size: leaves in the tree when the walk began.
        since: time-stamps and cosignatures of checkpoints of fewer leaves are left.
        stamped: verifies time-stamps; None to leave them.
        witnesses: keys of those whose cosignatures are verified.
    """

    key: NoteKey
    size: int
    since: int
    stamped: StampJudge | None
    witnesses: Sequence[NoteKey]


@dataclass(frozen=True, slots=True)
class Points:
    """What some checkpoints came to.

    Attributes:
        count: how many there are.
        findings: what is wrong with them.
        said: what others say of them.
    """

    count: int
    findings: tuple[Finding, ...]
    said: Said


def examine_points(reader: TreeReader, judges: Judges, low: int, high: int) -> Points:
    """Verify the checkpoints of trees of ``low`` leaves or more and fewer than ``high``, and what is said of them.

    Raises:
        StoreUnavailable: the tree cannot be read.
    """
    points = list(reader.checkpoints(low, high))
    findings = tuple(one for point in points for one in _wrong_with(reader, judges, point))
    notes = {point.size: point.note for point in points}
    said = attested(reader, max(low, judges.since), high, notes, judges.stamped, judges.witnesses)
    return Points(len(points), findings, said)


def _wrong_with(reader: TreeReader, judges: Judges, point: Published) -> Iterator[Finding]:
    where = f"checkpoint {point.size}"
    try:
        said, _ = open_checkpoint(point.note, judges.key)
    except NoteInvalid as error:
        yield Finding("a checkpoint cannot be believed", where, str(error))
        return
    if said != Checkpoint(judges.key.name, point.size, point.root):
        yield Finding("a checkpoint's columns say something else than its note", where)
    if said.size > judges.size:
        # One that was published while we walked is looked at the next time.
        if reader.size() < said.size:
            yield Finding("the log was cut back", where, f"its tree has only {judges.size} leaves now")
        return
    try:
        if reader.root(said.size) != said.root:
            yield Finding("a checkpoint's root is not that of the tree", where)
    except TileMissing as error:
        yield Finding("a checkpoint's root cannot be computed again", where, str(error))
