"""The walk over the whole log: all is computed again from the records, and held against tiles and checkpoints."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from multiprocessing import get_context
from typing import Final

from esb.audit.archive import Archive
from esb.audit.archive_attested import Vouchers
from esb.audit.archive_walk import Archived, walk_archive
from esb.audit.attested import Attested, StampJudge, attested
from esb.audit.depot import Depot
from esb.audit.examine import Finding, Stretch, examine
from esb.audit.examine_beside import examine_beside
from esb.audit.examine_bodies import SentJudge, Tally
from esb.audit.merkle import ProofInvalid, check_consistency, perfect_root, root
from esb.audit.notes import Checkpoint, NoteInvalid, NoteKey, open_checkpoint
from esb.audit.seal import MasterKeys
from esb.audit.shreddings import shreddings
from esb.audit.store import open_data_keys
from esb.audit.tiles import HASH_BYTES, HEIGHT, WIDTH, Place, TileMissing, subtrees, tile_path, width_at
from esb.audit.tree import TreeDamaged
from esb.audit.tree_reader import Published, TreeReader

_TILES_A_STRETCH: Final = 16  # some 4,000 records: a second's work, after which progress is told
_TILES_KEPT: Final = 4_096

OpenMasters = Callable[[], MasterKeys] | None
Told = Callable[[int, int], None]
"""Is told how many leaves were looked at, and of how many."""


@dataclass
class Report:
    """What a walk found.

    Attributes:
        size: leaves in the tree when it began.
        records: how many of them were looked at.
        checkpoints: how many were verified.
        attested: how many time-stamps and cosignatures were verified.
        findings: what is not as it was; empty where all is well.
        packages: those that the log knows of, or that the archive holds.
        elsewhere: records that have left the log for an archive that was not to be had.
        tally: what was seen of messages.
        shredded: when keys of messages were destroyed (UTC days), by the last day of what they sealed.
    """

    size: int
    records: int = 0
    checkpoints: int = 0
    attested: Attested = field(default_factory=Attested)
    findings: list[Finding] = field(default_factory=list)
    packages: tuple[Archived, ...] = ()
    elsewhere: int = 0
    tally: Tally = field(default_factory=Tally)
    shredded: Mapping[str, frozenset[str]] = field(default_factory=dict)


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
        masters: opens the master keys of messages, and can be named too; None leaves what is sealed unopened.
        today: the UTC day; messages that were to be kept until one before it may be gone.  "" where none may.

    Raises:
        StoreUnavailable: the log or its tree cannot be read.
    """
    reader = TreeReader(url, Archive(depots) if depots else None, masters)
    try:
        latest = reader.latest()
        size = reader.size()
        report = Report(size)
        start = min(since, size) // WIDTH * WIDTH
        step = _TILES_A_STRETCH * WIDTH
        stretches = [(at, min(at + step, size)) for at in range(start, size, step)]
        roots: dict[int, bytes] = {}
        report.packages, flaws = walk_archive(reader, key, depots, Vouchers(stamped, tuple(witnesses)))
        report.findings += flaws
        dropped = tuple((one.first, one.end) for one in report.packages if one.dropped is not None)
        look = _Look(url, tuple(depots), masters, size, sent, dropped, today)
        try:
            for stretch in _stretches(look, reader, stretches, processes):
                report.records += stretch.records
                report.elsewhere += stretch.elsewhere
                report.findings += stretch.findings
                report.tally.add(stretch.tally)
                roots.update(stretch.roots)
                told(min(stretch.start + step, size) - start, size - start)
        except TreeDamaged as error:
            report.findings.append(Finding("the tree does not say where records stand", "its spans", str(error)))
        report.findings += _upper_tiles(reader, size, roots)
        report.findings += _checkpoints(reader, key, report)
        if report.elsewhere and depots:
            where = f"{report.elsewhere} of those that left the log"
            report.findings.append(Finding("records are in no archive that was given", where))
        report.findings += attested(reader, start, stamped, witnesses, report.attested)
        if not reader.is_coherent():
            report.findings.append(Finding("the tree's marks are not those of its records", "its size and mark"))
        report.findings += [Finding("the log's files do not follow one another", *flaw) for flaw in reader.file_flaws()]
        # An act on record may be in what was not looked at.
        if start == 0 and not report.elsewhere:
            report.shredded, wrong = shreddings(open_data_keys(url), report.tally)
            report.findings += wrong
        report.findings += [Finding("a record was put in afterwards", name) for name in reader.strays()]
        report.findings += examine_beside(url, lambda record: _leaves(reader, record, dropped))
        report.findings += [one for note in kept for one in _outsiders(reader, key, note, latest)]
        return report
    finally:
        reader.close()


@dataclass(frozen=True, slots=True)
class _Look:
    """How stretches are looked at; can be handed to another process."""

    url: str
    depots: tuple[Depot, ...]
    masters: OpenMasters
    size: int
    sent: SentJudge | None
    dropped: tuple[tuple[int, int], ...]
    today: str

    def at(self, reader: TreeReader, stretch: tuple[int, int]) -> Stretch:
        return examine(reader, *stretch, self.size, self.sent, self.dropped, self.today)

    def apart(self, stretch: tuple[int, int]) -> Stretch:
        """In a process that opens the log for itself, once."""
        reader = _own_readers.get(self.url)
        if reader is None:
            archive = Archive(self.depots) if self.depots else None
            reader = _own_readers[self.url] = TreeReader(self.url, archive, self.masters)
        return self.at(reader, stretch)


_own_readers: dict[str, TreeReader] = {}


def _stretches(look: _Look, reader: TreeReader, stretches: list[tuple[int, int]], processes: int) -> Iterator[Stretch]:
    if processes <= 1 or len(stretches) < 2:
        for stretch in stretches:
            yield look.at(reader, stretch)
        return
    # Spawned, not forked: a child must not share this process's open databases.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from pool.map(look.apart, stretches)


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


def _checkpoints(reader: TreeReader, key: NoteKey, report: Report) -> Iterator[Finding]:
    """Verify every checkpoint's signature, and its root against the tiles."""
    read = lru_cache(_TILES_KEPT)(lambda place: reader.tile(place, report.size))
    last = 0
    for point in reader.checkpoints():
        report.checkpoints += 1
        last = point.size
        where = f"checkpoint {point.size}"
        try:
            said, _ = open_checkpoint(point.note, key)
        except NoteInvalid as error:
            yield Finding("a checkpoint cannot be believed", where, str(error))
            continue
        if said != Checkpoint(key.name, point.size, point.root):
            yield Finding("a checkpoint's columns say something else than its note", where)
        if said.size > report.size:
            # One that was published while we walked is looked at the next time.
            if reader.size() < said.size:
                yield Finding("the log was cut back", where, f"its tree has only {report.size} leaves now")
            continue
        try:
            if root(said.size, subtrees(said.size, read)) != said.root:
                yield Finding("a checkpoint's root is not that of the tree", where)
        except TileMissing as error:
            yield Finding("a checkpoint's root cannot be computed again", where, str(error))
    if last < report.size and report.size > 0 and last == 0:
        yield Finding("no checkpoint covers the log", f"leaf {report.size - 1}")


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
