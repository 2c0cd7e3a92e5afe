"""Reading the evidence log: what was recorded, newest first, and what an exchange was answered."""

from dataclasses import dataclass
from typing import Any, Final

from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import LeafInvalid, leaf_hash, read_leaf
from esb.audit.reading import log_reading
from esb.audit.store import locate
from esb.kernel.faults import EsbError

_SELECT: Final = """
SELECT record.id, record.record, leaf, coalesce(length(message), 0), coalesce(length(sent), 0)
FROM record LEFT JOIN body ON body.id = record.id
"""


class LogDamaged(EsbError):
    """A record cannot be read as what the bus once wrote."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One record as it stands in the log.

    Attributes:
        id: number in the order of insertion; what ``recent`` goes on from.
        entry: its facts.
        leaf_hash: 32 bytes, the hash that receipts cite.
        message_size, sent_size: bytes kept of the message as received and of the envelope that left.
    """

    id: int
    entry: Entry
    leaf_hash: bytes
    message_size: int
    sent_size: int


class EvidenceReader:
    """Reads a log that another thread or process may be writing.  Blocks; may be called from any thread.

    Args:
        url: as for :func:`~esb.audit.store.locate`.  Opened at the first question.

    Every method raises :class:`~esb.audit.record.StoreUnavailable` when the log cannot be read now.
    """

    def __init__(self, url: str) -> None:
        self._log = log_reading(locate(url))

    def recent(
        self,
        limit: int = 50,
        before: int | None = None,
        *,
        consumer: str | None = None,
        service: str | None = None,
        kind: Kind | None = None,
        outcome: str | None = None,
        exchange: str | None = None,
    ) -> list[Recorded]:
        """List records, newest first.

        Args:
            limit: how many at most.
            before: only records whose ``id`` is lower: the last one's of the page before.
            consumer, service, kind, outcome, exchange: only records with exactly this.

        Raises:
            LogDamaged: a record in the list cannot be read.
        """
        conditions, values = [], list[object]()
        for column, wanted in (
            ("record.id < ?", before),
            ("consumer = ?", consumer),
            ("service = ?", service),
            ("kind = ?", None if kind is None else kind.value),
            ("outcome = ?", outcome),
        ):
            if wanted is not None:
                conditions.append(column)
                values.append(wanted)
        if exchange is not None:
            names = [record_id(exchange, each) for each in Kind]
            conditions.append(f"record IN ({', '.join('?' * len(names))})")
            values += names
        where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
        rows = self._log.rows(f"{_SELECT} {where}ORDER BY record.id DESC LIMIT ?", [*values, limit])
        return [_recorded(row) for row in rows]

    def show(self, exchange: str) -> list[Recorded]:
        """List everything recorded of an exchange, oldest first.  Raises :class:`LogDamaged` as ``recent`` does."""
        return self.recent(exchange=exchange)[::-1]

    def bodies(self, record: str) -> tuple[bytes, bytes] | None:
        """Read a record's message as received and envelope as sent; None when there are none."""
        rows = self._log.rows(
            "SELECT message, sent FROM record JOIN body ON body.id = record.id WHERE record = ?", [record]
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def holds(self, record: str) -> bool:
        """Say whether there is a record of this name."""
        return bool(self._log.rows("SELECT 1 FROM record WHERE record = ?", [record]))

    def answer_of(self, exchange: str) -> bytes | None:
        """Read the envelope that answered or refused an exchange; None while there is none."""
        rows = self._log.rows(
            "SELECT sent FROM record JOIN body ON body.id = record.id "
            "WHERE record IN (?, ?) ORDER BY record.id DESC LIMIT 1",
            [record_id(exchange, Kind.ANSWER), record_id(exchange, Kind.REFUSAL)],
        )
        return rows[0][0] or None if rows else None

    def counts_by_grant(self, since: int) -> dict[int, int]:
        """Count accepted requests by grant, from ``since`` (microseconds since the epoch) on.

        A daily quota goes on from here after a restart.
        """
        rows = self._log.rows(
            "SELECT grant_id, count(*) FROM record "
            "WHERE kind = 'request' AND at >= ? AND grant_id IS NOT NULL GROUP BY grant_id",
            [since],
        )
        return dict((grant, count) for grant, count in rows)

    def close(self) -> None:
        """Let go of the log; the next question opens it again."""
        self._log.close()


def _recorded(row: tuple[Any, ...]) -> Recorded:
    number, name, leaf, message_size, sent_size = row
    try:
        entry = read_leaf(leaf)
    except LeafInvalid as error:
        raise LogDamaged(f"record {name} (number {number}) of the evidence log is damaged: {error}") from error
    if entry.record != name:
        raise LogDamaged(f"record {name} (number {number}) of the evidence log holds the facts of another")
    return Recorded(number, entry, leaf_hash(leaf), message_size, sent_size)
