"""Finding an exchange in the log's archive: by the time that its id tells, and by name, in one file or a few.

An exchange's id is a UUID of version 7 (RFC 9562), whose first 48 bits are the milliseconds in which its request came.
So the id tells the package, the time of a file's first record tells the file, and the file's index of names the row: of
a month of two thousand files some four are opened.  Nothing is believed that the log's key has not vouched for: the
log's own entry of the package is sealed with it and has each file's SHA-256, and the tree has each record's leaf hash.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

from esb.audit.archive import as_now
from esb.audit.archive_walk import seal_problem
from esb.audit.depot import Depot, DepotUnavailable, digest_of
from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import LeafInvalid, leaf_hash, read_leaf
from esb.audit.notes import NoteKey
from esb.audit.package import Member, PackageInvalid, read_rows_name
from esb.audit.package_read import open_member
from esb.audit.tree_reader import Kept, TreeReader
from esb.kernel.faults import EsbError

_EARLY: Final = 120_000_000
"""Microseconds by which records may stand out of the order of their times: they waited, or a clock was set right."""
_LONGEST: Final = 3_600_000_000
"""Microseconds after its request up to which an answer is looked for."""
_KINDS: Final = (Kind.REQUEST, Kind.ANSWER, Kind.REFUSAL)
_NAMED: Final = (
    "SELECT record.id, record, leaf, coalesce(message, x''), coalesce(sent, x''), key "
    "FROM record LEFT JOIN body ON body.id = record.id WHERE record IN (?, ?, ?) ORDER BY record.id"
)
# Changes are passed over: they are put on record later than they were made, sometimes years.
_FIRST: Final = "SELECT at FROM record WHERE kind <> 'change' ORDER BY id LIMIT 1"
_LAST: Final = "SELECT at FROM record WHERE kind <> 'change' ORDER BY id DESC LIMIT 1"


class ArchivedAway(EsbError):
    """What is asked for has left the log, and its package is not at hand; the text says which, and what to type."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A record out of the archive, as the log had it.

    Attributes:
        number: in the log.
        record, leaf: its name, and its leaf, which is the one in the tree.
        message, sent: as the table of messages had them, sealed where there is a key.
        key: number of the data key; None of messages in the clear.
    """

    number: int
    record: str
    leaf: bytes
    message: bytes = field(repr=False)
    sent: bytes = field(repr=False)
    key: int | None


class Vault:
    """The records that a log has let go of.  Blocks; for one thread.

    Args:
        url: of the log, as for :func:`~esb.audit.store.locate`.
        key: gives the log's public key.
        depots: gives the places where packages are now; none where nobody has said.  Both are asked once the log has
            let go of something of the age that is asked for.
    """

    def __init__(self, url: str, key: Callable[[], NoteKey], depots: Callable[[], Sequence[Depot]]) -> None:
        self._tree = TreeReader(url)
        self._key = key
        self._open_depots = depots
        self._depots: Sequence[Depot] | None = None
        self._found: tuple[str, list[Shelved]] | None = None

    def find(self, exchange: str) -> list[Shelved]:
        """The records of an exchange that have left the log, oldest first; none where none of its age have left it.

        The last exchange that was found is remembered.

        Raises:
            ArchivedAway: packages hold what is of its age, and they are not at hand.
            PackageInvalid: what is there is not what the log has sealed.
            StoreUnavailable: the log's tree cannot be read now.
        """
        if self._found is None or self._found[0] != exchange:
            self._found = (exchange, self._look_for(exchange))
        return self._found[1]

    def close(self) -> None:
        """Let go of the log's tree, and of what was found."""
        self._tree.close()
        self._found = None

    def _look_for(self, exchange: str) -> list[Shelved]:
        found: list[Shelved] = []
        began = _began(exchange)
        if began is None:
            return found
        names = [record_id(exchange, kind) for kind in _KINDS]
        until = began + _LONGEST
        for kept in self._tree.packages():
            manifest = kept.manifest
            if kept.dropped is None or manifest.latest + _EARLY < began or manifest.earliest > until + _EARLY:
                continue
            with closing(self._opened(kept)) as files:
                for number in range(files.start(began - _EARLY), files.count):
                    for row in files.named(number, names):
                        entry = self._checked(row, kept)
                        found.append(row)
                        if entry.kind is not Kind.REQUEST:
                            until = entry.at  # and a little later, for a refusal after an answer
                    if files.last(number) > until + _EARLY:
                        break
        return found

    def _opened(self, kept: Kept) -> "_Files":
        """The files of a package that the log's key has sealed."""
        name = kept.manifest.name
        if problem := seal_problem(kept, self._key()):
            raise PackageInvalid(f"what the log says of package {name} cannot be believed: {problem}: esb log verify")
        if self._depots is None:
            try:
                self._depots = self._open_depots()
            except EsbError as error:
                raise _away(kept, str(error)) from error
        if not self._depots:
            raise _away(kept, "nobody has said where the archive is now")
        return _Files(kept, self._depots)

    def _checked(self, row: Shelved, kept: Kept) -> Entry:
        try:
            entry = read_leaf(row.leaf)
        except LeafInvalid:
            entry = None
        if entry is None or entry.record != row.record or self._tree.hash_of(row.number) != leaf_hash(row.leaf):
            raise PackageInvalid(
                f"record {row.record} in package {kept.manifest.name} is not the one in the log's tree: esb log verify"
            )
        return entry


def _began(exchange: str) -> int | None:
    """When an exchange began by its id, microseconds since the Unix epoch; None for what is no UUID of version 7."""
    try:
        ident = UUID(exchange)
    except ValueError:
        return None
    return None if ident.version != 7 or str(ident) != exchange else (ident.int >> 80) * 1_000


def _away(kept: Kept, why: str) -> ArchivedAway:
    date = f"{datetime.fromtimestamp(kept.archived, UTC):%Y-%m-%d}"
    return ArchivedAway(
        f"Records of that time have left the log: package {kept.manifest.name} holds them, which was put to "
        f"{kept.place} on {date}. It is not at hand: {why}. Give the same command --archive {quote(kept.place)}, or "
        "the place where it is now; archive.place in the settings says it once for all."
    )


class _Files:
    """The files of rows of a package, one of them open at a time: each is first held against its sealed digest."""

    def __init__(self, kept: Kept, depots: Sequence[Depot]) -> None:
        self._kept = kept
        self._depots = depots
        self._members = [each for each in kept.manifest.members if read_rows_name(each.name) is not None]
        self._workshop = TemporaryDirectory(prefix="esb-archive-")
        self._open: tuple[int, sqlite3.Connection] | None = None
        self.count = len(self._members)

    def start(self, moment: int) -> int:
        """The last file whose first record was made at a moment or before; 0 without one.

        Guessed by the times between which it must lie, as evenly as records come, and by halves where that misleads.
        """
        low, high = 0, self.count
        early, late = self._kept.manifest.earliest, self._kept.manifest.latest
        by_halves = False
        while high - low > 1:
            share = (moment - early) / (late - early) if late > early else 0.5
            guess = (low + high) // 2 if by_halves else low + int(min(max(share, 0.0), 1.0) * (high - low))
            guess, by_halves = min(max(guess, low + 1), high - 1), not by_halves
            at = self._moment(guess, _FIRST)
            if at is not None and at <= moment:
                low, early = guess, at
            else:
                high, late = guess, late if at is None else at
        return low

    def last(self, number: int) -> int:
        """When the last record of a file was made; 0 where it has only changes of the registry."""
        return self._moment(number, _LAST) or 0

    def named(self, number: int, names: Sequence[str]) -> list[Shelved]:
        """The records of these three names that a file holds."""
        return [
            Shelved(int(at), str(name), bytes(leaf), bytes(message), bytes(sent), key)
            for at, name, leaf, message, sent, key in self._rows(number, _NAMED, names)
        ]

    def _moment(self, number: int, which: str) -> int | None:
        rows = self._rows(number, which, ())
        return int(rows[0][0]) if rows else None

    def _rows(self, number: int, query: str, values: Sequence[str]) -> list[tuple[Any, ...]]:
        try:
            return self._file(number).execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise PackageInvalid(f"{self._where(self._members[number])} cannot be read: {error}") from error

    def _file(self, number: int) -> sqlite3.Connection:
        if self._open is None or self._open[0] != number:
            self._let_go()
            self._open = (number, as_now(open_member(self._fetched(self._members[number]))))
        return self._open[1]

    def _fetched(self, member: Member) -> Path:
        places = ", ".join(depot.place for depot in self._depots)
        for depot in self._depots:
            try:
                path = depot.fetch(self._kept.manifest.name, member.name, Path(self._workshop.name))
            except DepotUnavailable as error:
                raise _away(self._kept, str(error)) from error
            if path is None:
                continue
            if path.stat().st_size != member.size or digest_of(path) != member.sha256:
                raise PackageInvalid(
                    f"{self._where(member)} in {depot.place} was altered: it is not the file that the log sealed "
                    f"(esb log verify --archive {depot.place})"
                )
            return path
        raise _away(self._kept, f"{places} has no {member.name} of it")

    def _where(self, member: Member) -> str:
        return f"{self._kept.manifest.name}/{member.name}"

    def close(self) -> None:
        """Let go of the file, and of copies that were fetched."""
        self._let_go()
        self._workshop.cleanup()

    def _let_go(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None
            for copy in Path(self._workshop.name).iterdir():
                copy.unlink()
