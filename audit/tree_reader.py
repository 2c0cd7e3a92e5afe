"""Reading the log's tree: checkpoints, tiles, where a record stands, and proofs."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from esb.audit import tree_postgres, tree_sqlite
from esb.audit.archive import Archive
from esb.audit.merkle import consistency_proof, inclusion_proof, root
from esb.audit.month_files import Where
from esb.audit.package import Manifest, parse_manifest
from esb.audit.reading import FilesReading, LogReading, Reading, log_reading
from esb.audit.record import check_schema
from esb.audit.seal import MasterKeys
from esb.audit.spans import gaps, runs, spans_between
from esb.audit.store import locate, open_bodies
from esb.audit.tiles import HASH_BYTES, WIDTH, Place
from esb.audit.tree import Span, TreeDamaged
from esb.audit.tree_hashes import TreeHashes
from esb.kernel.frozen import frozen

_ROW: Final = """
SELECT record.id, record, kind, at, consumer, service, outcome, grant_id, replay_key, leaf, body.id, {0}message END,
    {0}sent END, key
FROM record LEFT JOIN body ON body.id = record.id
"""
# So that a page of records with large messages does not fill the memory, those are read one by one.
_ROWS: Final = _ROW.format("CASE WHEN length(message) + length(sent) <= 32768 THEN ")
_ROW_WHOLE: Final = _ROW.format("CASE WHEN true THEN ")
# One statement, because the sequencer may be at work.
_MARKS: Final = """
SELECT size, mark, (SELECT sum(count) FROM span), first, record, count
FROM tree LEFT JOIN span ON first = (SELECT max(first) FROM span)
"""
_CHECKPOINT: Final = "SELECT size, root, note FROM checkpoint"
_STAMPS: Final = """
SELECT size, at, token FROM stamp WHERE size < ? AND (size > ? OR size = ? AND at > ?) ORDER BY size, at LIMIT ?
"""
_COSIGNATURES: Final = """
SELECT size, name, line FROM cosignature
WHERE size < ? AND (size > ? OR size = ? AND name > ?) ORDER BY size, name LIMIT ?
"""
ALL: Final = 1 << 62
"""More leaves than any tree has."""
_NEWEST: Final = 500  # cosignatures among which the newest of a quorum is looked for
_PAGE: Final = 1_000  # records read at a time
_GAPS: Final = 100  # ranges of numbers that one question is about


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint as it was published.

    Attributes:
        size: leaves in the tree.
        root: its root, 32 octets.
        note: the signed note.
    """

    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A package of the log, as the log knows it.

    Attributes:
        manifest: what it holds.
        seal: what the log's key has signed about it; nobody has verified that here.
        place: where it was put, for people.
        archived: when, Unix seconds.
        dropped: since when its records are leaving the log or have left it; None while they are in the log.
    """

    manifest: Manifest
    seal: bytes
    place: str
    archived: int
    dropped: int | None


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time-stamp as it stands in the tree's tables.

    Attributes:
        size: of the tree whose checkpoint it is of.
        at: the time that it is said to state, microseconds since the Unix epoch.
        token: RFC 3161, DER.
    """

    size: int
    at: int
    token: bytes


@frozen
class Row:
    """A record as it stands in the log's tables, every column of it.

    Attributes:
        kept: whether the table of messages has a row for it.
        message, sent: as the table has them, sealed where there is a key.
        key: number of the data key; None of messages in the clear.
    """

    record: str
    kind: str
    at: int
    consumer: str
    service: str
    outcome: str
    grant: int | None
    replay_key: bytes | None
    leaf: bytes
    kept: bool
    message: bytes
    sent: bytes
    key: int | None


class TreeReader:
    """Reads a tree that the sequencer may be growing.  Blocks; may be called from any thread.

    Args:
        url: of the log, as for :func:`~esb.audit.store.locate`.  Opened at the first question.
        archive: gives the rows of records that the log has let go of.
        masters: opens the master keys that messages are sealed under, at the first that is opened; None without.

    Attributes:
        bodies: opens the messages of rows.

    Every method raises :class:`~esb.audit.record.StoreUnavailable` when the log or its tree cannot be read now, as when
    no bus has made a tree yet.
    """

    def __init__(
        self, url: str, archive: Archive | None = None, masters: Callable[[], MasterKeys] | None = None
    ) -> None:
        place = locate(url)
        self.bodies = open_bodies(url, masters)
        self._archive = archive
        self._let_go: list[tuple[int, int]] | None = None
        if isinstance(place, Path):
            self._log: LogReading = log_reading(place)
            self._tree = Reading(tree_sqlite.tree_path(place), _check_file)
        else:
            self._log = self._tree = Reading(place, _check_database)
        self._hashes = TreeHashes(self._tree)

    def latest(self) -> Published | None:
        """The last checkpoint; None before the first."""
        return self._published("ORDER BY size DESC LIMIT 1")

    def at_least(self, size: int) -> Published | None:
        """The first checkpoint of a tree of at least ``size`` leaves; None where there is none yet."""
        return self._published("WHERE size >= ? ORDER BY size LIMIT 1", size)

    def checkpoints(self, low: int = 0, high: int = ALL) -> Iterator[Published]:
        """Every checkpoint of ``low`` leaves or more and fewer than ``high``, the smallest tree first."""
        query = f"{_CHECKPOINT} WHERE size >= ? AND size < ? ORDER BY size LIMIT ?"
        while rows := self._tree.rows(query, (low, high, _PAGE)):
            yield from (Published(*row) for row in rows)
            low = rows[-1][0] + 1

    def count_of_checkpoints(self) -> int:
        """How many checkpoints there are."""
        return int(self._tree.rows("SELECT count(*) FROM checkpoint")[0][0])

    def ranges(self, most: int) -> Iterator[tuple[int, int]]:
        """Ranges of sizes, each up to before its second, that hold ``most`` checkpoints at most and all of them."""
        low = 0
        query = "SELECT max(size), count(*) FROM (SELECT size FROM checkpoint WHERE size >= ? ORDER BY size LIMIT ?) x"
        while True:
            last, count = self._tree.rows(query, (low, most))[0]
            if count < most:
                yield low, ALL
                return
            yield low, last + 1
            low = last + 1

    def points(self, above: int, most: int) -> list[Published]:
        """The newest checkpoints of trees of more than ``above`` leaves, the smallest of them first."""
        rows = self._tree.rows(f"{_CHECKPOINT} WHERE size > ? ORDER BY size DESC LIMIT ?", (above, most))
        return [Published(*row) for row in reversed(rows)]

    def checkpoint(self, size: int) -> Published | None:
        """The checkpoint of the tree of exactly this size."""
        return self._published("WHERE size = ?", size)

    def stamps(self, size: int) -> list[Stamp]:
        """The time-stamps of the checkpoint of this size, the earliest first."""
        rows = self._others("SELECT size, at, token FROM stamp WHERE size = ? ORDER BY at", size)
        return [Stamp(*row) for row in rows]

    def cosignatures(self, size: int) -> dict[str, str]:
        """Witnesses' signature lines on the checkpoint of this size, by the witness's name; each ends with a break."""
        return dict(self._others("SELECT name, line FROM cosignature WHERE size = ? ORDER BY name", size))

    def all_stamps(self, since: int, high: int = ALL) -> Iterator[Stamp]:
        """Every time-stamp of checkpoints of ``since`` leaves or more and below ``high``, by size and then by time."""
        place = (since, -1)
        while rows := self._others(_STAMPS, high, place[0], *place, _PAGE):
            yield from (Stamp(*row) for row in rows)
            place = rows[-1][:2]

    def all_cosignatures(self, since: int, high: int = ALL) -> Iterator[tuple[int, str, str]]:
        """Size, name and line of each cosignature on checkpoints of ``since`` leaves or more and below ``high``."""
        place: tuple[int, str] = (since, "")
        while rows := self._others(_COSIGNATURES, high, place[0], *place, _PAGE):
            yield from ((int(size), str(name), str(line)) for size, name, line in rows)
            place = rows[-1][:2]

    def stamped(self) -> int:
        """The size of the largest tree whose checkpoint has a time-stamp: what it covers is dated."""
        rows = self._others("SELECT max(size) FROM stamp")
        return int(rows[0][0] or 0) if rows else 0

    def cosigned(self, name: str) -> int:
        """The size of the largest tree whose checkpoint a witness has cosigned."""
        rows = self._others("SELECT max(size) FROM cosignature WHERE name = ?", name)
        return int(rows[0][0] or 0) if rows else 0

    def cosigned_by(self, names: Collection[str], quorum: int) -> int:
        """The size of the largest tree whose checkpoint ``quorum`` of these witnesses have cosigned; 0 without one.

        Looks no further back than at the newest cosignatures.
        """
        seen: dict[int, int] = {}
        for size, name in self._others("SELECT size, name FROM cosignature ORDER BY size DESC, name LIMIT ?", _NEWEST):
            seen[size] = seen.get(size, 0) + (name in names)
            if seen[size] >= quorum:
                return int(size)
        return 0

    def waiting(self) -> int:
        """How many records have no place in the tree yet; while a bus serves, few and not for long."""
        mark = self.mark()
        counts = self._log.rows("SELECT count(*) FROM record WHERE id > ?", (mark,), Where(mark + 1))
        return sum(int(row[0]) for row in counts)

    def made_at(self, index: int) -> int | None:
        """When the record at an index was made, in microseconds since the Unix epoch; None without one.

        Raises:
            TreeDamaged: the tree does not say which record stands there.
        """
        for _, row in self._walk(index, index + 1, "SELECT record.id, at FROM record"):
            return None if row is None else int(row[1])
        return None

    def made(self, indices: Collection[int]) -> dict[int, int]:
        """As ``made_at`` of some hundreds: when each was made of which that can be said."""
        wanted = sorted(indices)
        numbers: dict[int, int] = {}
        left = iter(wanted)
        index = next(left, None)
        with suppress(TreeDamaged):  # which whoever walks over the records finds
            for span in self._spans(wanted[0], wanted[-1] + 1) if wanted else ():
                while index is not None and index < span.index + span.count:
                    numbers[span.record + index - span.index] = index
                    index = next(left, None)
        which = ", ".join("?" * len(numbers))
        which = f"SELECT id, at FROM record WHERE id IN ({which})"  # noqa: S608  # no values
        there = Where(min(numbers, default=0), max(numbers, default=-1) + 1)
        rows = self._log.rows(which, tuple(numbers), there) if numbers else []
        found = {numbers[number]: at for number, at in rows}
        if index is not None or self._archive is not None:
            for each in wanted:
                if each not in found:
                    with suppress(TreeDamaged):
                        at = self.made_at(each)
                        found |= {} if at is None else {each: at}
        return found

    def root(self, size: int) -> bytes:
        """The root of the tree of ``size`` leaves, out of its tiles.

        Raises:
            TileMissing: a tile is not there.
        """
        return root(size, self._hashes.whole(size))

    def size(self) -> int:
        """Leaves in the tree now; the last checkpoint may be of fewer."""
        return int(self._tree.rows("SELECT size FROM tree")[0][0])

    def mark(self) -> int:
        """Number of the last record that has its index: no record can appear any more under a lower one."""
        return int(self._tree.rows("SELECT mark FROM tree")[0][0])

    def tile(self, place: Place, size: int) -> bytes | None:
        """A tile's hashes as they were in the tree of ``size`` leaves; None where there was no such tile."""
        return self._hashes.tile(place, size)

    def index_of(self, record: str) -> int | None:
        """Where a record stands in the tree, by its name; None while it has no place there.

        A record that is not in the log at all has none either.
        """
        numbers = self._log.rows("SELECT id FROM record WHERE record = ?", (record,), Where(names=(record,)))
        return self.place_of(int(numbers[0][0])) if numbers else None

    def place_of(self, number: int) -> int | None:
        """Where a record stands in the tree, by its number in the log; None while it has no place there.

        It has its place too when it has left the log.
        """
        spans = self._tree.rows(
            "SELECT first, record, count FROM span WHERE record <= ? ORDER BY record DESC LIMIT 1", (number,)
        )
        if not spans:
            return None
        first, start, count = spans[0]
        return int(first) + number - int(start) if number < int(start) + int(count) else None

    def hash_of(self, number: int) -> bytes | None:
        """The leaf hash that the tree has for a record, by its number in the log; None where it has none.

        It is there too when the record has left the log.
        """
        index = self.place_of(number)
        if index is None:
            return None
        rows = self._tree.rows("SELECT hashes FROM tile WHERE level = 0 AND number = ?", (index // WIDTH,))
        at = index % WIDTH * HASH_BYTES
        return bytes(rows[0][0])[at : at + HASH_BYTES] if rows else None

    def numbers_let_go(self) -> list[tuple[int, int]]:
        """Ranges of numbers, each up to before its second, whose records are leaving the log or have left it."""
        gone = []
        for kept in self.packages():
            if kept.dropped is not None:
                first, end = kept.manifest.first, kept.manifest.end
                (one,), (last,) = self._spans(first, first + 1), self._spans(end - 1, end)
                gone.append((one.record, last.record + 1))
        return gone

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that the leaf of this index is in the tree of ``size`` leaves.

        Raises:
            TileMissing: a tile is not there.
        """
        return inclusion_proof(index, size, self._hashes.whole(size, index))

    def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the tree of ``first`` leaves is a beginning of that of ``second``.

        Raises:
            TileMissing: a tile is not there.
        """
        return consistency_proof(first, second, self._hashes.whole(second, first))

    def leaves(self, start: int, end: int) -> Iterator[tuple[int, str, bytes | None]]:
        """The records from index ``start`` on and before ``end``, as far as the tree goes: index, name and leaf.

        A record that the tree has and the log has not any more comes with an empty name and None.
        """
        for index, row in self._walk(start, end, "SELECT id, record, leaf FROM record"):
            yield (index, "", None) if row is None else (index, str(row[1]), bytes(row[2]))

    def rows(self, start: int, end: int) -> Iterator[tuple[int, Row | None]]:
        """As ``leaves``, whole rows with their messages; None for a record that is gone."""
        for index, found in self._walk(start, end, _ROWS):
            values = found
            if values is not None and values[10] is not None and values[11] is None:
                ((_, values),) = self._walk(index, index + 1, _ROW_WHOLE)
            if values is None:
                yield index, None
                continue
            _, record, kind, at, consumer, service, outcome, grant, replay, leaf, body, message, sent, key = values
            facts = (record, kind, at, consumer, service, outcome, grant, replay, leaf)
            yield index, Row(*facts, body is not None, message or b"", sent or b"", key)

    def _walk(self, start: int, end: int, select: str) -> Iterator[tuple[int, tuple[Any, ...] | None]]:
        """Rows by their indices, with their numbers first; None for what is gone."""
        for run in runs(self._spans(start, min(end, self.size())), _PAGE):
            low, high = run[0].record, run[-1].record + run[-1].count
            rows = self._log.rows(f"{select} WHERE record.id >= ? AND record.id < ?", (low, high), Where(low, high))
            found = {values[0]: values for values in rows}
            for span in run:
                last = span.record + span.count
                if self._archive is not None and not all(number in found for number in range(span.record, last)):
                    for number, values in self._archived(self._archive, select, span.index, span.record, last).items():
                        found.setdefault(number, values)
                for number in range(span.record, last):
                    yield span.index + number - span.record, found.get(number)

    def _archived(self, archive: Archive, select: str, index: int, low: int, high: int) -> dict[int, tuple[Any, ...]]:
        """Rows that the log has let go of: those that are only gone are not taken from anywhere."""
        if self._let_go is None:
            self._let_go = [
                (each.manifest.first, each.manifest.end) for each in self.packages() if each.dropped is not None
            ]
        found: dict[int, tuple[Any, ...]] = {}
        for first, end in self._let_go:
            start, stop = max(index, first), min(index + high - low, end)
            if start < stop:
                rows = archive.rows(select, start, low + start - index, stop - start)
                found.update((values[0], values) for values in rows)
        return found

    def packages(self) -> list[Kept]:
        """What was archived, as the log knows it, oldest first.

        Raises:
            PackageInvalid: an entry cannot be read.
        """
        asked = "SELECT count(*) FROM sqlite_master WHERE name = 'package'"
        if not self._tree.sqlite:
            asked = "SELECT count(*) FROM pg_tables WHERE schemaname = 'evidence' AND tablename = 'package'"
        if not self._tree.rows(asked)[0][0]:
            return []
        rows = self._tree.rows("SELECT manifest, seal, place, archived, dropped FROM package ORDER BY first")
        return [Kept(parse_manifest(bytes(manifest)), bytes(seal), *rest) for manifest, seal, *rest in rows]

    def is_coherent(self) -> bool:
        """Whether the tree's size and mark are those of the records that have a place in it."""
        size, mark, placed, first, record, count = self._tree.rows(_MARKS)[0]
        last = (0, 0) if first is None else (first + count, record + count - 1)
        return (size, mark) == last and size == (placed or 0)

    def file_flaws(self) -> list[tuple[str, str]]:
        """What is wrong with the order of the log's files, by their names; nothing where it is not in files."""
        return self._log.flaws() if isinstance(self._log, FilesReading) else []

    def strays(self) -> Iterator[str]:
        """Names of records that stand between those of the tree and have no place there: put in afterwards.

        Found by their numbers, which lie below the last one that was sequenced and in no span.
        """
        left = gaps(self._tree, self.mark())
        while some := list(islice(left, _GAPS)):
            after = 0
            while some := [(max(low, after), high) for low, high in some if high > after]:
                within = " OR ".join("id >= ? AND id < ?" for _ in some)
                rows = self._log.rows(
                    f"SELECT id, record FROM record WHERE {within} ORDER BY id LIMIT ?",  # noqa: S608  # no values
                    (*chain.from_iterable(some), _PAGE),
                    Where(some[0][0], some[-1][1], most=_PAGE),
                )
                yield from (str(name) for _, name in rows)
                after = rows[-1][0] + 1 if len(rows) == _PAGE else some[-1][1]

    def close(self) -> None:
        """Let go of log and tree; the next question opens them again."""
        self._log.close()
        self._tree.close()
        self._hashes.forget()
        self.bodies.close()
        if self._archive is not None:
            self._archive.close()

    def _spans(self, start: int, end: int) -> Iterator[Span]:
        return spans_between(self._tree, start, end)

    def _has_others(self) -> bool:
        """Whether there are tables for time-stamps and cosignatures: a tree of the first version has none yet."""
        version = "PRAGMA user_version" if self._tree.sqlite else "SELECT version FROM tree"
        return bool(self._tree.rows(version)[0][0] > 1)

    def _others(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of what others say of checkpoints."""
        return self._tree.rows(query, values) if self._has_others() else []

    def _published(self, which: str, *values: object) -> Published | None:
        rows = self._tree.rows(f"{_CHECKPOINT} {which}", values)
        return Published(*rows[0]) if rows else None


def _check_file(ask: Reading.Ask) -> None:
    _check_version(ask("PRAGMA user_version", ())[0][0], tree_sqlite.SCHEMA_VERSION)


def _check_database(ask: Reading.Ask) -> None:
    if ask("SELECT to_regclass('evidence.tree') IS NULL", ())[0][0]:
        check_schema(None, tree_postgres.SCHEMA_VERSION)
    _check_version(ask("SELECT version FROM tree", ())[0][0], tree_postgres.SCHEMA_VERSION)


def _check_version(found: int, known: int) -> None:
    """A tree of an earlier version is read as it is: whoever only reads must not need to write."""
    check_schema(known if 0 < found < known else found, known)
