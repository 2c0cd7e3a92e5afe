"""The evidence log as an outsider reads it: plain SQL on the file or database, nothing of the bus's own classes."""

import hashlib
import itertools
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg

from support.faults.unsealed import DataKey, Unsealed

_ROWS: Final = (
    "SELECT r.id, r.record, r.kind, r.at, r.consumer, r.service, r.outcome, r.replay_key, r.leaf, b.message, b.sent, "
    "b.key FROM {0}record r LEFT JOIN {0}body b ON b.id = r.id ORDER BY r.id"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One record as the tables hold it; of its messages, opened, only SHA-256 (hex), and whether there is any.

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


def read_rows(where: str, master: bytes = b"") -> Iterator[Row]:
    """Every record of a log, in the order of its numbers.

    Args:
        where: a SQLite file's path (its first, where there is one a month), or a libpq URL.
        master: the key that data keys are wrapped under, where messages are sealed.
    """
    rows = _database_rows(libpq_url(where)) if is_database(where) else _file_rows(where)
    unsealed = Unsealed(master, partial(_data_key, where))
    for *facts, message, sent, key in rows:
        name = str(facts[1])
        clear = (unsealed.open(name, key, "message", message), unsealed.open(name, key, "sent", sent))
        yield Row(*facts, *_digest(clear[0]), *_digest(clear[1]))


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
    found = []
    for path in _files(where):
        with closing(_open(path)) as file:
            found += [row[0] for row in file.execute(query.format(""))]
    return found


def _open(path: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)


def _files(path: str) -> Iterator[str]:
    """The files of a log, each of which names the next."""
    name: str | None = path
    while name is not None:
        yield (path := str(Path(path).with_name(Path(name).name)))
        with closing(_open(path)) as file:
            named = file.execute("SELECT 1 FROM sqlite_master WHERE name = 'file'").fetchone()
            row = file.execute("SELECT next FROM file").fetchone() if named else None
        name = row[0] if row else None


def _file_rows(path: str) -> Iterator[tuple[Any, ...]]:
    for each in _files(path):
        with closing(_open(each)) as file:
            yield from file.execute(_ROWS.format(""))


def _database_rows(url: str) -> Iterator[tuple[Any, ...]]:
    query: Any = _ROWS.format("evidence.")
    with psycopg.connect(url) as database:
        yield from database.execute(query, binary=True)


def _data_key(where: str, number: int) -> DataKey:
    names = ("until", "made", "first", "master", "wrapped")
    query = f"SELECT {', '.join(names)} FROM "
    if is_database(where):
        asked: Any = query + "evidence.data_key WHERE id = %s"
        with psycopg.connect(libpq_url(where)) as database:
            row = database.execute(asked, (number,)).fetchone()
    else:
        with closing(_open(str(Path(where).with_name(f"{Path(where).stem}-keys.db")))) as file:
            row = file.execute(query + "data_key WHERE id = ?", (number,)).fetchone()
    return dict(zip(names, row or ("", 0, 0, "gone", b""), strict=True))


def _digest(octets: bytes | None) -> tuple[str | None, int]:
    return (None, 0) if octets is None else (hashlib.sha256(octets).hexdigest(), len(octets))


def _holds(path: str, record: str) -> bool:
    with closing(_open(path)) as file:
        return file.execute("SELECT 1 FROM record WHERE record = ?", (record,)).fetchone() is not None


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
                found = any(_holds(path, record) for path in _files(where))
        except (sqlite3.Error, psycopg.Error):
            return None
        return bool(found)

    return look
