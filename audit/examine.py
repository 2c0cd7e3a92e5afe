"""Looking through one stretch of the log: is each record what was sequenced, and does its row say what its leaf says?

A leaf is what counts: its hash is in the tree, and the tree's root under the log's signature.  All that stands beside
it, for finding and for showing, is held against it here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from esb.audit.body_opener import BodyOpener
from esb.audit.entry import Kind, clip
from esb.audit.examine_bodies import SentJudge, Tally, wrong_with_bodies
from esb.audit.leaf import LeafInvalid, leaf_hash, read_leaf
from esb.audit.merkle import perfect_root
from esb.audit.record import replay_key
from esb.audit.tiles import HASH_BYTES, WIDTH, Place, tile_path
from esb.audit.tree_reader import Row, TreeReader

_KINDS: Final = {kind.value: kind for kind in Kind}
# Who asks what comes again and again.
_clipped = lru_cache(1_000)(clip)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that is not as it was.

    Attributes:
        what: in a few words, the same for all of a kind.
        where: the record, tile or checkpoint that it is about.
        detail: more for a person; "" where there is nothing to add.
    """

    what: str
    where: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one stretch of the log came to.

    Attributes:
        start: index of its first leaf, at the beginning of a tile.
        records: how many were looked at.
        roots: hash of each whole tile, by its number, as recomputed from records that are what was sequenced.
        findings: what is wrong.
        tally: what was seen of messages.
        elsewhere: how many were archived, have left the log, and were not to be had.
    """

    start: int
    records: int
    roots: Mapping[int, bytes]
    findings: tuple[Finding, ...]
    tally: Tally
    elsewhere: int = 0


def examine(
    reader: TreeReader,
    start: int,
    end: int,
    size: int,
    sent: SentJudge | None = None,
    dropped: Sequence[tuple[int, int]] = (),
    today: str = "",
) -> Stretch:
    """Recompute the tiles of a stretch from its records, and hold each record's row against its leaf.

    Args:
        start: index of the first leaf, a multiple of 256.
        end: index after the last.
        size: of the tree.
        sent: judges the envelopes that were sent; None to leave them.
        dropped: ranges whose records may be gone, because a package holds them.
        today: the UTC day; messages that were to be kept until one before it may be gone.  "" where none may.

    Raises:
        StoreUnavailable: the log cannot be read.
        TreeDamaged: the tree does not say which records stand there.
    """
    findings: list[Finding] = []
    roots: dict[int, bytes] = {}
    hashes: list[bytes] = []
    names: list[str] = []
    records = elsewhere = 0
    tally = Tally()

    def tile_done(last: int) -> None:
        place = Place(0, (last - 1) // WIDTH)
        tile = reader.tile(place, size)
        is_as_sequenced = tile is not None and tile == b"".join(hashes)
        if not is_as_sequenced:
            findings.extend(_tile_findings(tile, place, hashes, names))
        elif len(hashes) == WIDTH:
            roots[place.number] = perfect_root(hashes)
        hashes.clear()
        names.clear()

    index = start - 1
    for index, row in reader.rows(start, end):
        if row is None:
            if any(first <= index < after for first, after in dropped):
                elsewhere += 1
            else:
                findings.append(Finding("a record is gone", f"leaf {index}"))
            hashes.append(b"")
            names.append("")
        else:
            records += 1
            if wrong := wrong_with(row, reader.bodies, sent, today, tally):
                findings += [Finding(what, row.record) for what in wrong]
            hashes.append(leaf_hash(row.leaf))
            names.append(row.record)
        if len(hashes) == WIDTH:
            tile_done(index + 1)
    if hashes:
        tile_done(index + 1)
    return Stretch(start, records, roots, tuple(findings), tally, elsewhere)


def wrong_with(
    row: Row, bodies: BodyOpener, sent: SentJudge | None = None, today: str = "", tally: Tally | None = None
) -> list[str]:
    """What of a record's row is not what its leaf says."""
    try:
        entry = read_leaf(row.leaf)
    except LeafInvalid:
        return ["a record's leaf cannot be read as one"]
    wrong: list[str] = []
    if (
        entry.record != row.record
        or _KINDS.get(row.kind) is not entry.kind
        or row.at != entry.at
        or row.consumer != _clipped(entry.consumer)
        or row.service != _clipped(entry.service)
        or row.outcome != _clipped(entry.outcome)
        or row.grant != entry.grant
    ):
        wrong.append("a record's columns say something else than its leaf")
    asked = entry.kind is Kind.REQUEST
    if row.replay_key != (replay_key(entry.consumer, entry.message_id) if asked else None):
        wrong.append("a record's replay key is not that of its message")
    wrong += wrong_with_bodies(row, entry, sent, bodies, today, Tally() if tally is None else tally)
    return wrong


def _tile_findings(tile: bytes | None, place: Place, hashes: list[bytes], names: list[str]) -> Iterator[Finding]:
    if tile is None:
        yield Finding("a tile is missing", tile_path(place))
        return
    for at, found in enumerate(hashes):
        kept = tile[at * HASH_BYTES : (at + 1) * HASH_BYTES]
        if found and found != kept:
            yield Finding(
                "a record is not the one that was sequenced", names[at], f"leaf {place.number * WIDTH + at} of the tree"
            )
