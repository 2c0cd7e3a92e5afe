"""Reading a place of the evidence log that another thread or process may be writing, on either database."""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import psycopg

from esb.audit import postgres, sqlite
from esb.audit.record import StoreUnavailable, check_schema

Rows = list[tuple[Any, ...]]


class _Connection(Protocol):
    def rows(self, query: str, values: Sequence[object]) -> Rows: ...
    def close(self) -> None: ...


class Reading:
    """Asks a database, and opens it again where it was lost.  Blocks; may be called from any thread.

    Args:
        place: an SQLite file, or a libpq URL.  Opened at the first question, for reading only.
        check: looks whether the tables are those of this program, by ``rows``.
    """

    def __init__(self, place: Path | str, check: Callable[["Reading.Ask"], None]) -> None:
        self._place = place
        self._check = check
        self._lock = threading.Lock()
        self._connection: _Connection | None = None

    Ask = Callable[[str, Sequence[object]], Rows]
    """Asks one question: SQL with a question mark for each value."""

    @property
    def sqlite(self) -> bool:
        """Whether the place is a file."""
        return isinstance(self._place, Path)

    @property
    def place(self) -> Path | str:
        """The file, or the libpq URL."""
        return self._place

    def rows(self, query: str, values: Sequence[object] = ()) -> Rows:
        """Ask one question.

        Raises:
            StoreUnavailable: the place cannot be read now.
        """
        with self._lock:
            if self._connection is not None:
                with suppress(StoreUnavailable):  # a connection may have died since; a new one decides
                    return self._connection.rows(query, values)
                self._drop()
            opened = _sqlite(self._place) if isinstance(self._place, Path) else _postgres(self._place)
            self._connection = opened
            try:
                self._check(opened.rows)
                return opened.rows(query, values)
            except StoreUnavailable:
                self._drop()
                raise

    def close(self) -> None:
        """Let go of the place; the next question opens it again."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def log_reading(place: Path | str) -> Reading:
    """What reads the log's own tables: of an earlier version once they are brought up to this one, of a later never."""
    if isinstance(place, Path):
        return Reading(place, partial(_check_file, place))
    return Reading(place, partial(_check_database, place))


def _check_file(place: Path, ask: Reading.Ask) -> None:
    if 0 < ask("PRAGMA user_version", ())[0][0] < sqlite.SCHEMA_VERSION:
        sqlite.bring_up(place)
    check_schema(ask("PRAGMA user_version", ())[0][0], sqlite.SCHEMA_VERSION)


def _check_database(place: str, ask: Reading.Ask) -> None:
    version = "SELECT version FROM evidence.version"
    if ask(version, ())[0][0] < postgres.SCHEMA_VERSION:
        try:
            with postgres.connect(place) as connection:
                postgres.bring_up(connection)
        except psycopg.Error as error:
            raise StoreUnavailable(postgres.reason(error)) from error
    check_schema(ask(version, ())[0][0], postgres.SCHEMA_VERSION)


@dataclass(frozen=True, slots=True)
class _Sqlite:
    connection: sqlite3.Connection

    def rows(self, query: str, values: Sequence[object]) -> Rows:
        try:
            return self.connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(sqlite.reason(error)) from error

    def close(self) -> None:
        self.connection.close()


def _sqlite(path: Path) -> _Sqlite:
    try:
        return _Sqlite(
            sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
        )
    except sqlite3.Error as error:
        raise StoreUnavailable(sqlite.reason(error)) from error


@dataclass(frozen=True, slots=True)
class _Postgres:
    connection: psycopg.Connection

    def rows(self, query: str, values: Sequence[object]) -> Rows:
        try:
            return self.connection.execute(query.replace("?", "%s").encode(), values, binary=True).fetchall()
        except psycopg.Error as error:
            raise StoreUnavailable(postgres.reason(error)) from error

    def close(self) -> None:
        self.connection.close()


def _postgres(url: str) -> _Postgres:
    try:
        connection = postgres.connect(url)
        try:
            connection.execute("SET default_transaction_read_only = on")
        except BaseException:
            connection.close()
            raise
    except psycopg.Error as error:
        raise StoreUnavailable(postgres.reason(error)) from error
    return _Postgres(connection)
