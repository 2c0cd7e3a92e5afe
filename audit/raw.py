"""The log's tables as they stand, whatever their columns are: for packages, which keep what is there."""

from collections.abc import Iterator
from typing import Any, Final

from esb.audit.month_files import ONE_FILE, Where
from esb.audit.tree import Span
from esb.audit.tree_reader import Published, TreeReader

TABLES: Final = ("record", "body")
"""The tables that have a row for a record, under its number, ``id``."""

_TYPES: Final = {
    "bigint": "INTEGER",
    "integer": "INTEGER",
    "smallint": "INTEGER",
    "boolean": "INTEGER",
    "bytea": "BLOB",
}

_BEST: Final = (
    "SELECT stamp.size FROM stamp JOIN cosignature ON cosignature.size = stamp.size WHERE stamp.size >= ? "
    "ORDER BY stamp.size LIMIT 1",
    "SELECT size FROM stamp WHERE size >= ? ORDER BY size LIMIT 1",
    "SELECT size FROM cosignature WHERE size >= ? ORDER BY size LIMIT 1",
)
_SQLITE_COLUMNS: Final = "SELECT name, type FROM pragma_table_info(?)"
_POSTGRES_COLUMNS: Final = (
    "SELECT column_name::text, data_type::text FROM information_schema.columns "
    "WHERE table_schema = 'evidence' AND table_name = ? ORDER BY ordinal_position"
)


class RawReader(TreeReader):
    """Reads rows of the log as they are, by their indices in the tree.

    See :class:`~esb.audit.tree_reader.TreeReader`.
    """

    def columns(self, table: str) -> list[tuple[str, str]]:
        """Name and type (as SQLite has it) of each of a table's columns."""
        if self._log.sqlite:
            found = self._log.rows(_SQLITE_COLUMNS, (table,), ONE_FILE)
            return [(str(name), str(kind)) for name, kind in found]
        found = self._log.rows(_POSTGRES_COLUMNS, (table,))
        return [(str(name), _TYPES.get(str(kind), "TEXT")) for name, kind in found]

    def select(self, table: str) -> str:
        """The question for :meth:`raw`; asked once, because the columns do not change under way."""
        names = ", ".join(f'"{name}"' for name, _ in self.columns(table))
        return f"SELECT {names} FROM {table} WHERE id >= ? AND id < ? ORDER BY id"  # noqa: S608  # our own names

    def raw(self, select: str, low: int, high: int) -> list[tuple[Any, ...]]:
        """Rows whose numbers are from ``low`` on and below ``high``, in their order, every column.

        Args:
            select: a table's, by :meth:`select`.
        """
        return self._log.rows(select, (low, high), Where(low, high))

    def numbers(self, start: int, end: int) -> Iterator[Span]:
        """What numbers the records from index ``start`` on and before ``end`` have."""
        for span in self._spans(start, end):
            skip = max(0, start - span.index)
            last = min(span.count, end - span.index)
            yield Span(span.index + skip, span.record + skip, last - skip)

    def before(self, number: int) -> int:
        """How many records of the tree have lower numbers than this one."""
        query = "SELECT first, record, count FROM span WHERE record < ? ORDER BY record DESC LIMIT 1"
        return sum(
            int(first) + min(number - int(low), int(count)) for first, low, count in self._tree.rows(query, (number,))
        )

    def moment(self, index: int) -> int | None:
        """When the record at an index was made, or the next one that is no change of the registry.

        Changes are passed over: they are put on record later than they were made, sometimes years.
        None where no such record is there any more.
        """
        spans = self._tree.rows("SELECT first, record FROM span WHERE first <= ? ORDER BY first DESC LIMIT 1", (index,))
        if not spans:
            return None
        number = int(spans[0][1]) + index - int(spans[0][0])
        rows = self._log.rows(
            "SELECT at FROM record WHERE id >= ? AND kind <> 'change' ORDER BY id LIMIT 1",
            (number,),
            Where(number, most=1),
        )
        return int(rows[0][0]) if rows else None

    def covering(self, size: int) -> Published | None:
        """The first checkpoint of at least so many leaves that is time-stamped and cosigned; else that is one of both.

        Where there is none of these, the first at all; None where there is none yet.
        """
        for query in _BEST:
            rows = self._others(query, size)
            if rows:
                return self.at_least(int(rows[0][0]))
        return self.at_least(size)

    def first_since(self, moment: int, start: int = 0) -> int:
        """The index, from ``start`` on, of the first record that was made at ``moment`` or later.

        Microseconds since the Unix epoch; the tree's size where all are older.  Found by halving, so it takes for
        granted that the bus's clock went forward; where it did not, a few records come to lie on the other side.
        """
        low, high = start, max(start, self.size())
        while low < high:
            middle = (low + high) // 2
            found = self.moment(middle)
            if found is not None and found < moment:
                low = middle + 1
            else:
                high = middle
        return low
