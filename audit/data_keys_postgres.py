"""Data keys of a log in PostgreSQL, in the log's own schema.

PostgreSQL keeps what was there before a change until a table is vacuumed, and in its write-ahead log until that is
recycled.  After keys were destroyed the table, which is small, is written anew; the write-ahead log and backups are the
database's keeper's to bring to an end: docs/evidence.md.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, LiteralString

import psycopg

from esb.audit import postgres
from esb.audit.data_keys import DataKey, read_row
from esb.audit.record import StoreUnavailable

_ONE: Final[LiteralString] = "SELECT id, until, made, first, master, wrapped, shredded FROM data_key WHERE id = %s"
_ALL: Final[LiteralString] = "SELECT id, until, made, first, master, wrapped, shredded FROM data_key ORDER BY id"


class PostgresDataKeys:
    """A :class:`~esb.audit.data_keys.DataKeys` in the log's database; the store makes the table.

    Args:
        url: a libpq URL, ``postgresql://…``.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.RLock()
        self._connection: psycopg.Connection | None = None

    def add(self, until: str, made: int, first: int, master: str, wrapped: bytes) -> DataKey:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        with self._place() as place:
            row = place.execute(
                "INSERT INTO data_key (until, made, first, master, wrapped) VALUES (%s, %s, %s, %s, %s) RETURNING id",
                (until, made, first, master, wrapped),
            ).fetchone()
        return DataKey(0 if row is None else int(row[0]), until, made, first, master, wrapped, None)

    def get(self, number: int) -> DataKey | None:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        rows = self._rows(_ONE, number)
        return rows[0] if rows else None

    def all(self) -> list[DataKey]:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        return self._rows(_ALL)

    def rewrap(self, key: DataKey, master: str, wrapped: bytes) -> bool:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        with self._place() as place:
            done = place.execute(
                "UPDATE data_key SET master = %s, wrapped = %s WHERE id = %s AND wrapped = %s AND shredded IS NULL",
                (master, wrapped, key.id, key.wrapped),
            )
            return done.rowcount == 1

    def shred(self, numbers: Iterable[int], at: int) -> None:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        with self._place() as place:
            place.execute(
                "UPDATE data_key SET wrapped = ''::bytea, shredded = %s WHERE id = ANY(%s) AND shredded IS NULL",
                (at, list(numbers)),
            )
            place.execute("VACUUM FULL data_key")

    def freed(self, numbers: Iterable[int]) -> None:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        with self._place() as place:
            place.execute("UPDATE data_key SET first = 0 WHERE id = ANY(%s) AND shredded IS NOT NULL", (list(numbers),))

    def close(self) -> None:
        """See :class:`~esb.audit.data_keys.DataKeys`."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(psycopg.Error):
                    connection.close()

    def _rows(self, query: LiteralString, *values: object) -> list[DataKey]:
        with self._place() as place:
            return [read_row(row) for row in place.execute(query, values, binary=True)]

    @contextmanager
    def _place(self) -> Iterator[psycopg.Connection]:
        with self._lock:
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = postgres.connect(self._url)
                    postgres.bring_up(self._connection)
                yield self._connection
            except psycopg.Error as error:
                self.close()
                raise StoreUnavailable(f"the log's keys: {postgres.reason(error)}") from error
