"""Reading the evidence log: what was recorded, newest first, and what an exchange was answered."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from esb.audit.body_opener import KeyShredded
from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import LeafInvalid, leaf_hash, read_leaf
from esb.audit.month_files import Where
from esb.audit.months import moment_of
from esb.audit.reading import last_number, log_reading
from esb.audit.record_partitions import border
from esb.audit.seal import OVERHEAD, MasterKeys
from esb.audit.store import locate, open_bodies
from esb.kernel.faults import EsbError
from esb.kernel.retention import Form, read_kept

_SELECT: Final = """
SELECT record.id, record.record, leaf, coalesce(length(message), 0), coalesce(length(sent), 0), key
FROM record LEFT JOIN body ON body.id = record.id
"""

_FEW: Final = 20  # numbers that are looked for everywhere
_AROUND: Final = 3_600_000_000  # microseconds by which an exchange may have begun before one with a lower number

Leaves = list[tuple[int, str, int, bytes]]
"""Records as a search takes them: number, name, the row's time, leaf."""


class LogDamaged(EsbError):
    """A record cannot be read as what the bus once wrote."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One record as it stands in the log.

    Attributes:
        id: number in the order of insertion; what ``recent`` goes on from.
        entry: its facts.
        leaf_hash: 32 bytes, the hash that receipts cite.
        message_size, sent_size: bytes kept of the message as received and of the envelope that left, without
            what sealing them adds.
        sealed: whether they are under a key, or go with one.
    """

    id: int
    entry: Entry
    leaf_hash: bytes
    message_size: int
    sent_size: int
    sealed: bool = False


class EvidenceReader:
    """Reads a log that another thread or process may be writing.  Blocks; may be called from any thread.

    Args:
        url: as for :func:`~esb.audit.store.locate`.  Opened at the first question.
        masters: opens the master keys that messages are sealed under, at the first that is asked for; None without.

    Every method raises :class:`~esb.audit.record.StoreUnavailable` when the log cannot be read now.
    """

    def __init__(self, url: str, masters: Callable[[], MasterKeys] | None = None) -> None:
        self._log = log_reading(locate(url))
        self._bodies = open_bodies(url, masters)

    def recent(self, limit: int = 50, before: int | None = None, *, kind: Kind | None = None) -> list[Recorded]:
        """List records, newest first.  For all else there is :mod:`esb.audit.search`.

        Args:
            limit: how many at most.
            before: only records whose ``id`` is lower: the last one's of the page before.
            kind: only records of this kind, of which every log has plenty.

        Raises:
            LogDamaged: a record in the list cannot be read.
        """
        conditions, values = [], list[object]()
        for column, wanted in (("record.id < ?", before), ("kind = ?", None if kind is None else kind.value)):
            if wanted is not None:
                conditions.append(column)
                values.append(wanted)
        where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
        rows = self._log.rows(
            f"{_SELECT} {where}ORDER BY record.id DESC LIMIT ?",
            [*values, limit],
            Where(high=before, newest_first=True, most=limit),
        )
        return [recorded(row) for row in rows]

    def show(self, exchange: str) -> list[Recorded]:
        """List everything recorded of an exchange, oldest first.  Raises :class:`LogDamaged` as ``recent`` does."""
        names = tuple(record_id(exchange, each) for each in Kind)
        places = ", ".join("?" * len(names))
        rows = self._log.rows(f"{_SELECT} WHERE record IN ({places}) ORDER BY record.id", names, Where(names=names))
        return [recorded(row) for row in rows]

    def bodies(self, record: str) -> tuple[bytes, bytes] | None:
        """Read a record's message as received and envelope as sent; None when there are none (any more).

        This serves the bus itself.  For a person :func:`esb.admin.bodies.read_bodies` puts it on record first.

        Raises:
            BodyUnreadable: they are sealed and cannot be opened here.
        """
        rows = self._log.rows(
            "SELECT message, sent, key FROM record JOIN body ON body.id = record.id WHERE record = ?",
            [record],
            Where(names=(record,)),
        )
        if not rows:
            return None
        message, sent, key = rows[0]
        try:
            return self._bodies.open(record, key, message, sent)
        except KeyShredded:
            return None

    def holds(self, record: str) -> bool:
        """Say whether there is a record of this name."""
        return bool(self._log.rows("SELECT 1 FROM record WHERE record = ?", [record], Where(names=(record,))))

    def answer_of(self, exchange: str) -> bytes | None:
        """Read the envelope that answered or refused an exchange; None while there is none, b"" where none was kept.

        Raises:
            BodyUnreadable: it is sealed and cannot be opened here.
        """
        names = (record_id(exchange, Kind.ANSWER), record_id(exchange, Kind.REFUSAL))
        rows = self._log.rows(
            "SELECT record, leaf FROM record WHERE record IN (?, ?) ORDER BY record.id DESC LIMIT 1",
            names,
            Where(names=names, newest_first=True, most=1),
        )
        if not rows:
            return None
        name, leaf = rows[0]
        # Without its Body an envelope is no answer.
        kept = read_kept(read_leaf(leaf).kept).form is Form.FULL
        found = self.bodies(name) if kept else None
        return b"" if found is None else found[1]

    def counts_by_grant(self, since: int) -> dict[int, int]:
        """Count accepted requests by grant, from ``since`` (microseconds since the epoch) on.

        A daily quota goes on from here after a restart.
        """
        rows = self._log.rows(
            "SELECT grant_id, count(*) FROM record "
            "WHERE kind = 'request' AND at >= ? AND grant_id IS NOT NULL GROUP BY grant_id",
            [since],
            Where(since=since),
        )
        counts: Counter[int] = Counter()
        for grant, count in rows:
            counts[grant] += count
        return dict(counts)

    def leaves(
        self, low: int, high: int, limit: int, *, oldest_first: bool = True, needles: Sequence[bytes] = ()
    ) -> Leaves:
        """Read leaves of records with numbers from ``low`` on and below ``high``, in their order.

        Args:
            limit: how many at most.
            needles: only leaves that hold all of these octets somewhere.
        """
        holds = "instr(leaf, ?) > 0" if self._log.sqlite else "position(? IN leaf) > 0"
        where = " AND ".join(["id >= ?", "id < ?", *[holds] * len(needles)])
        order = "ORDER BY id" if oldest_first else "ORDER BY id DESC"
        rows = self._log.rows(
            f"SELECT id, record, at, leaf FROM record WHERE {where} {order} LIMIT ?",  # noqa: S608  # no values
            [low, high, *needles, limit],
            Where(low, high, newest_first=not oldest_first, most=limit),
        )
        return [(number, name, at, bytes(leaf)) for number, name, at, leaf in rows]

    def leaves_of(self, numbers: Sequence[int]) -> Leaves:
        """Read the leaves of some records, in the order of their numbers; of those that are there."""
        if self._log.sqlite or len(numbers) < _FEW:
            return self._leaves_of(numbers)
        # PostgreSQL would look for each number in each month.  By the names of the first and the last it knows which
        # months to look into; what is not there is looked for everywhere.
        begun = sorted(name for _, name, _, _ in self._leaves_of([min(numbers), max(numbers)]))
        moments = [moment_of(name) for name in begun]
        if len(moments) < 2 or moments[0] is None or moments[1] is None:
            return self._leaves_of(numbers)
        between = (border(moments[0] - _AROUND), border(moments[1] + _AROUND))
        found = self._leaves_of(numbers, "record >= ? AND record < ?", between)
        missing = set(numbers).difference(number for number, *_ in found)
        return sorted([*found, *self._leaves_of(list(missing))]) if missing else found

    def _leaves_of(self, numbers: Sequence[int], also: str = "true", values: Sequence[object] = ()) -> Leaves:
        places = ", ".join("?" * len(numbers))
        rows = self._log.rows(
            f"SELECT id, record, at, leaf FROM record WHERE id IN ({places}) AND {also} ORDER BY id",  # noqa: S608  # no values
            [*numbers, *values],
            Where(numbers=tuple(numbers)),
        )
        return [(number, name, at, bytes(leaf)) for number, name, at, leaf in rows]

    def leaves_named(self, names: Sequence[str]) -> Leaves:
        """Read the leaves of the records of these names, in the order of their numbers."""
        places = ", ".join("?" * len(names))
        rows = self._log.rows(
            f"SELECT id, record, at, leaf FROM record WHERE record IN ({places}) ORDER BY id",  # noqa: S608  # no values
            names,
            Where(names=tuple(names)),
        )
        return [(number, name, at, bytes(leaf)) for number, name, at, leaf in rows]

    def last_number(self) -> int:
        """The number of the newest record; 0 where there is none."""
        return last_number(self._log)

    def close(self) -> None:
        """Let go of the log; the next question opens it again."""
        self._log.close()
        self._bodies.close()


def recorded(row: tuple[Any, ...]) -> Recorded:
    """A record by its row: number, name, leaf, octets of its two messages as they are kept, number of their key.

    Raises:
        LogDamaged: its leaf is none, or another's.
    """
    number, name, leaf, message_size, sent_size, key = row
    try:
        entry = read_leaf(leaf)
    except LeafInvalid as error:
        raise LogDamaged(f"record {name} (number {number}) of the evidence log is damaged: {error}") from error
    if entry.record != name:
        raise LogDamaged(f"record {name} (number {number}) of the evidence log holds the facts of another")
    if key is not None:
        message_size, sent_size = max(message_size - OVERHEAD, 0), max(sent_size - OVERHEAD, 0)
    return Recorded(number, entry, leaf_hash(leaf), message_size, sent_size, key is not None)
