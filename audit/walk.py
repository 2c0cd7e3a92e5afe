"""The walk over the whole log: all is computed again from the records, and held against tiles and checkpoints."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from esb.audit.archive import Archive
from esb.audit.archive_attested import Vouchers
from esb.audit.archive_walk import Archived, walk_archive
from esb.audit.attested import Attested, Order, StampJudge
from esb.audit.crew import Crew
from esb.audit.depot import Depot
from esb.audit.examine import Finding, Stretch, examine
from esb.audit.examine_beside import examine_beside
from esb.audit.examine_bodies import SentJudge, Tally
from esb.audit.examine_points import Judges, Points, examine_points
from esb.audit.merkle import ProofInvalid, check_consistency, perfect_root
from esb.audit.notes import NoteInvalid, NoteKey, open_checkpoint
from esb.audit.seal import MasterKeys
from esb.audit.shreddings import shreddings
from esb.audit.store import open_data_keys
from esb.audit.tiles import HASH_BYTES, HEIGHT, WIDTH, Place, TileMissing, tile_path, width_at
from esb.audit.tree import TreeDamaged
from esb.audit.tree_reader import Published, TreeReader

_TILES_A_STRETCH: Final = 16  # some 4,000 records: a second's work, after which progress is told
_POINTS_A_STRETCH: Final = 500

MOST: Final = 1_000
"""Findings of one kind that a report holds; more are counted."""

OpenMasters = Callable[[], MasterKeys] | None
Told = Callable[[int, int], None]
"""Is told how many leaves, or checkpoints, were looked at, and of how many."""


@dataclass
class Report:
    """What a walk found.

    Attributes:
        size: leaves in the tree when it began.
        waiting: records that had no place in it yet, and of which nothing here speaks.
        records: how many of them were looked at.
        checkpoints: how many were verified.
        attested: how many time-stamps and cosignatures were verified.
        findings: what is not as it was, up to :data:`MOST` of a kind; empty where all is well.
        counts: how many findings there are, by what they say.
        packages: those that the log knows of, or that the archive holds.
        elsewhere: records that have left the log for an archive that was not to be had.
        tally: what was seen of messages.
        shredded: when keys of messages were destroyed (UTC days), by the last day of what they sealed.
    """

    size: int
    waiting: int = 0
    records: int = 0
    checkpoints: int = 0
    attested: Attested = field(default_factory=Attested)
    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    packages: tuple[Archived, ...] = ()
    elsewhere: int = 0
    tally: Tally = field(default_factory=Tally)
    shredded: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def add(self, findings: Iterable[Finding]) -> None:
        """Add findings; a log with a million of them must not fill the memory."""
        for one in findings:
            self.counts[one.what] += 1
            if self.counts[one.what] <= MOST:
                self.findings.append(one)


def walk(
    url: str,
    key: NoteKey,
    *,
    since: int = 0,
    kept: Iterable[bytes] = (),
    processes: int = 1,
    sent: SentJudge | None = None,
    depots: Sequence[Depot] = (),
    stamped: StampJudge | None = None,
    witnesses: Sequence[NoteKey] = (),
    told: Told = lambda _done, _of: None,
    told_points: Told = lambda _done, _of: None,
    masters: OpenMasters = None,
    today: str = "",
) -> Report:
    """Walk over the log.

    Args:
        url: of the log.
        key: the log's public key, from somebody else than whoever keeps the log, where anything is to be proved by it.
        since: leaves before this index are taken as they stand in the tiles (which are still held against every
            checkpoint); the walk begins at their tile.
        kept: checkpoints that somebody kept elsewhere: what they cover must still be there.
        processes: how many share the work; each opens the log for itself.
        sent: judges the envelopes that were sent; a function that can be named, where ``processes`` is above one.
        depots: archives; their packages are verified, and what has left the log is read from them.
        stamped: verifies time-stamps; None to leave them.
        witnesses: keys of those whose cosignatures are verified.
        told, told_points: are told how many records, and how many checkpoints, were looked at.
        masters: opens the master keys of messages, and can be named too; None leaves what is sealed unopened.
        today: the UTC day; messages that were to be kept until one before it may be gone.  "" where none may.

    Raises:
        StoreUnavailable: the log or its tree cannot be read.
    """
    reader = TreeReader(url, Archive(depots) if depots else None, masters)
    try:
        latest = reader.latest()
        size = reader.size()
        report = Report(size, reader.waiting())
        start = min(since, size) // WIDTH * WIDTH
        step = _TILES_A_STRETCH * WIDTH
        stretches = ((at, min(at + step, size)) for at in range(start, size, step))
        roots: dict[int, bytes] = {}
        report.packages, flaws = walk_archive(reader, key, depots, Vouchers(stamped, tuple(witnesses)))
        report.add(flaws)
        dropped = tuple((one.first, one.end) for one in report.packages if one.dropped is not None)
        look = _Look(size, sent, dropped, today, Judges(key, size, start, stamped, tuple(witnesses)))
        make = partial(_tools, url, tuple(depots), masters, look)
        with Crew(make, (reader, look), processes) as crew:
            try:
                for stretch in crew.map(_records, stretches):
                    report.records += stretch.records
                    report.elsewhere += stretch.elsewhere
                    report.add(stretch.findings)
                    report.tally.add(stretch.tally)
                    roots.update(stretch.roots)
                    told(min(stretch.start + step, size) - start, size - start)
            except TreeDamaged as error:
                report.add([Finding("the tree does not say where records stand", "its spans", str(error))])
            report.add(_upper_tiles(reader, size, roots))
            order, points = Order(), reader.count_of_checkpoints()
            for some in crew.map(_points, reader.ranges(_POINTS_A_STRETCH)):
                report.checkpoints += some.count
                report.attested.stamps += some.said.stamps
                report.attested.cosignatures += some.said.cosignatures
                report.add((*some.findings, *some.said.findings, *order.follow(some.said.dated)))
                told_points(min(report.checkpoints, points), points)
        if size > 0 and not report.checkpoints:
            report.add([Finding("no checkpoint covers the log", f"leaf {size - 1}")])
        if report.elsewhere and depots:
            where = f"{report.elsewhere} of those that left the log"
            report.add([Finding("records are in no archive that was given", where)])
        if not reader.is_coherent():
            report.add([Finding("the tree's marks are not those of its records", "its size and mark")])
        report.add(Finding("the log's files do not follow one another", *flaw) for flaw in reader.file_flaws())
        # An act on record may be in what was not looked at.
        if start == 0 and not report.elsewhere:
            report.shredded, wrong = shreddings(open_data_keys(url), report.tally)
            report.add(wrong)
        report.add(Finding("a record was put in afterwards", name) for name in reader.strays())
        report.add(examine_beside(url, lambda record: _leaves(reader, record, dropped)))
        report.add(one for note in kept for one in _outsiders(reader, key, note, latest))
        return report
    finally:
        reader.close()


@dataclass(frozen=True, slots=True)
class _Look:
    """How records and checkpoints are looked at; can be handed to another process."""

    size: int
    sent: SentJudge | None
    dropped: tuple[tuple[int, int], ...]
    today: str
    judges: Judges


_Tools = tuple[TreeReader, _Look]


def _tools(url: str, depots: tuple[Depot, ...], masters: OpenMasters, look: _Look) -> _Tools:
    """For a process that opens the log for itself."""
    return TreeReader(url, Archive(depots) if depots else None, masters), look


def _records(tools: _Tools, stretch: tuple[int, int]) -> Stretch:
    reader, look = tools
    return examine(reader, *stretch, look.size, look.sent, look.dropped, look.today)


def _points(tools: _Tools, sizes: tuple[int, int]) -> Points:
    reader, look = tools
    return examine_points(reader, look.judges, *sizes)


def _leaves(reader: TreeReader, record: str, dropped: Iterable[tuple[int, int]]) -> bool:
    """Whether a record is about to leave the log for the archive."""
    index = reader.index_of(record)
    return index is not None and any(first <= index < end for first, end in dropped)


def _upper_tiles(reader: TreeReader, size: int, roots: dict[int, bytes]) -> Iterator[Finding]:
    """Hold each level's hashes against the tiles below; where those were recomputed from records, against that."""
    level = 1
    while count := size >> (HEIGHT * level):
        above: dict[int, bytes] = {}
        for number in range((count + WIDTH - 1) // WIDTH):
            place = Place(level, number)
            width = width_at(size, place)
            tile = reader.tile(place, size)
            if tile is None:
                yield Finding("a tile is missing", tile_path(place, width))
                continue
            hashes = [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]
            for at, found in enumerate(hashes):
                expected = roots.get(number * WIDTH + at) or _tile_root(
                    reader, Place(level - 1, number * WIDTH + at), size
                )
                if found != expected:
                    yield Finding(
                        "a tile is not that of the tiles below it", tile_path(place, width), f"its hash number {at}"
                    )
            if width == WIDTH:
                above[number] = perfect_root(hashes)
        roots = above
        level += 1


def _tile_root(reader: TreeReader, place: Place, size: int) -> bytes | None:
    tile = reader.tile(place, size)
    if tile is None or len(tile) != WIDTH * HASH_BYTES:
        return None
    return perfect_root([tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)])


def _outsiders(reader: TreeReader, key: NoteKey, note: bytes, latest: Published | None) -> Iterator[Finding]:
    """Hold a checkpoint that was kept elsewhere against the tree as it is."""
    try:
        said, _ = open_checkpoint(note, key)
    except NoteInvalid as error:
        yield Finding("a checkpoint that was kept cannot be believed", "the file", str(error))
        return
    where = f"kept checkpoint {said.size}"
    if latest is None or latest.size < said.size:
        has = 0 if latest is None else latest.size
        yield Finding("the log was cut back", where, f"it was signed over {said.size} leaves, and has {has} now")
        return
    if said.size == 0:
        return
    try:
        proof = reader.consistency(said.size, latest.size)
        check_consistency(said.size, latest.size, proof, said.root, latest.root)
    except (ProofInvalid, TileMissing) as error:
        yield Finding("the log was rewritten", where, str(error))
