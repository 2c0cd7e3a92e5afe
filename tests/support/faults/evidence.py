"""The evidence log as an outsider reads it: plain SQL on the file or database, nothing of the bus's own classes."""

import hashlib
import itertools
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

_COLUMNS: Final = "r.id, r.record, r.kind, r.at, r.consumer, r.service, r.outcome, r.replay_key, r.leaf"


@dataclass(frozen=True, slots=True)
class Row:
    """One record as the tables hold it; of its messages only SHA-256 (hex), and whether there is any.

    Attributes:
        message, sent: digests; None where the record has no row beside it that keeps its messages.
        message_size, sent_size: bytes.
    """

    id: int
    record: str
    kind: str
    at: int
    consumer: str
    service: str
    outcome: str
    replay_key: bytes | None
    leaf: bytes
    message: str | None
    message_size: int
    sent: str | None
    sent_size: int


def is_database(where: str) -> bool:
    """Whether this names a PostgreSQL database, not a file."""
    return where.startswith("postgres")


def libpq_url(where: str) -> str:
    """A settings' URL as psycopg reads it."""
    return where.replace("postgresql+psycopg://", "postgresql://", 1)


def read_rows(where: str) -> Iterator[Row]:
    """Every record of a log, in the order of its numbers.

    Args:
        where: a SQLite file's path, or a libpq URL.
    """
    yield from _database_rows(libpq_url(where)) if is_database(where) else _file_rows(where)


def read_changes(where: str) -> Iterator[dict[str, Any]]:
    """Every change of a registry, by its number, ``at`` in microseconds since the epoch.

    Args:
        where: a SQLite file's path, or a URL.
    """
    query: Any = "SELECT number, at, author, act, kind, key, detail FROM changes ORDER BY number"
    names = ("number", "at", "author", "act", "kind", "key", "detail")
    if is_database(where):
        with psycopg.connect(libpq_url(where)) as database:
            rows = [dict(zip(names, row, strict=True)) for row in database.execute(query)]
    else:
        with closing(_open(where)) as file:
            rows = [dict(zip(names, row, strict=True)) for row in file.execute(query)]
    for row in rows:
        at = row["at"] if isinstance(row["at"], datetime) else datetime.fromisoformat(row["at"])
        since = (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
        detail = row["detail"] if isinstance(row["detail"], dict) else json.loads(row["detail"])
        yield {**row, "at": since // timedelta(microseconds=1), "detail": detail}


def read_strays(where: str) -> list[int]:
    """Numbers of kept messages that belong to no record."""
    query = "SELECT b.id FROM {0}body b LEFT JOIN {0}record r ON r.id = b.id WHERE r.id IS NULL"
    if is_database(where):
        with psycopg.connect(libpq_url(where)) as database:
            return [row[0] for row in database.execute(query.format("evidence."))]  # type: ignore[arg-type]
    with closing(_open(where)) as file:
        return [row[0] for row in file.execute(query.format(""))]


def _open(path: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)


def _file_rows(path: str) -> Iterator[Row]:
    query = f"SELECT {_COLUMNS}, b.message, b.sent FROM record r LEFT JOIN body b ON b.id = r.id ORDER BY r.id"
    with closing(_open(path)) as file:
        for *facts, message, sent in file.execute(query):
            digests = (*_digest(message), *_digest(sent))
            yield Row(*facts, *digests)


def _database_rows(url: str) -> Iterator[Row]:
    query: Any = (
        f"SELECT {_COLUMNS}, encode(sha256(b.message), 'hex'), coalesce(length(b.message), 0), "
        "encode(sha256(b.sent), 'hex'), coalesce(length(b.sent), 0) "
        "FROM evidence.record r LEFT JOIN evidence.body b ON b.id = r.id ORDER BY r.id"
    )
    with psycopg.connect(url) as database:
        for row in database.execute(query, binary=True):
            yield Row(*row)


def _digest(octets: bytes | None) -> tuple[str | None, int]:
    return (None, 0) if octets is None else (hashlib.sha256(octets).hexdigest(), len(octets))


def looker(where: str, every: int = 1) -> Callable[[str], bool | None]:
    """Make a witness who says whether the request of an exchange is on record at this moment.

    Args:
        where: the log; "" for a witness who never looks.
        every: looks at one exchange in so many.

    Returns:
        None is said where the witness did not look, or could not.
    """
    turns = itertools.count()

    def look(exchange: str) -> bool | None:
        if not where or next(turns) % every:
            return None
        record = f"{exchange}-q"
        try:
            if is_database(where):
                with psycopg.connect(libpq_url(where), connect_timeout=2) as database:
                    found = database.execute("SELECT 1 FROM evidence.record WHERE record = %s", (record,)).fetchone()
            else:
                with closing(_open(where)) as file:
                    found = file.execute("SELECT 1 FROM record WHERE record = ?", (record,)).fetchone()
        except (sqlite3.Error, psycopg.Error):
            return None
        return found is not None

    return look
