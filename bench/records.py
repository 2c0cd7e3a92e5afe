"""Two records an exchange, made durable in groups: the least that an evidence log costs.

The tables and their keys are those of the bus's own stores, and so is what a commit promises (SQLite with
``synchronous=FULL``; PostgreSQL with the server's ``fsync``).  What is left out is all that a store does besides.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import psycopg
from sqlalchemy.engine import make_url

from esb.audit.postgres import PostgresStore
from esb.audit.record import EvidenceStore
from esb.audit.sqlite import SqliteStore

_COLUMNS = "id, record, kind, at, consumer, service, outcome, grant_id, replay_key, leaf"
_AS_THEY_STAND = ("EESMN", "DIN/BENCH/Answer/v1", "", 1)


class Row(NamedTuple):
    """One record with its messages."""

    record: str
    kind: str
    leaf: bytes
    message: bytes
    sent: bytes
    replay_key: bytes | None


class Journal(Protocol):
    """Where rows become durable."""

    def commit(self, rows: Sequence[Row]) -> None:
        """Make them durable in one commit."""


class SqliteJournal:
    """In a file with the tables of the bus's store."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._next = 1

    def commit(self, rows: Sequence[Row]) -> None:
        """See :class:`Journal`."""
        numbered = list(enumerate(rows, self._next))
        self._next += len(rows)
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            f"INSERT INTO record ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(number, row.record, row.kind, 0, *_AS_THEY_STAND, row.replay_key, row.leaf) for number, row in numbered],
        )
        self._connection.executemany(
            "INSERT INTO body (id, message, sent) VALUES (?, ?, ?)",
            [(number, row.message, row.sent) for number, row in numbered],
        )
        self._connection.execute("COMMIT")


class PostgresJournal:
    """In a database with the tables of the bus's store, by COPY."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection
        self._next = 1

    def commit(self, rows: Sequence[Row]) -> None:
        """See :class:`Journal`."""
        numbered = list(enumerate(rows, self._next))
        self._next += len(rows)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            with cursor.copy(f"COPY evidence.record ({_COLUMNS}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
                copy.set_types(["int8", "text", "text", "int8", "text", "text", "text", "int8", "bytea", "bytea"])
                for number, row in numbered:
                    copy.write_row((number, row.record, row.kind, 0, *_AS_THEY_STAND, row.replay_key, row.leaf))
            with cursor.copy(b"COPY evidence.replay (replay_key, record, at) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["bytea", "text", "int8"])
                for row in rows:
                    if row.replay_key is not None:
                        copy.write_row((row.replay_key, row.record, 0))
            with cursor.copy(b"COPY evidence.body (id, message, sent) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["int8", "bytea", "bytea"])
                for number, row in numbered:
                    copy.write_row((number, row.message, row.sent))


@contextmanager
def open_journal(path: Path, database: str | None) -> Iterator[Journal]:
    """A fresh journal: in ``database`` (the SQLAlchemy URL of an empty one), or in the file ``path``."""
    if database is not None:
        libpq = make_url(database).set(drivername="postgresql").render_as_string(hide_password=False)
        _make_tables(PostgresStore(libpq))
        with psycopg.connect(libpq, autocommit=True) as server:
            yield PostgresJournal(server)
        return
    _make_tables(SqliteStore(path))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        yield SqliteJournal(connection)
    finally:
        connection.close()


def _make_tables(store: EvidenceStore) -> None:
    store.idle()
    store.close()
