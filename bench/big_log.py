"""A log of millions of records like those of a state, made quickly: for measuring what a large log costs.

Records go into the database in bulk and its indexes are made afterwards, because ten million commits are not what is to
be measured.  Half of them are requests and nearly all others answers; who asks whom how often is uneven, as it is.
Messages are of a few octets.
"""

import hashlib
import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from esb.audit.entry import Kind
from esb.audit.leaf import read_leaf
from esb.audit.months import month_at, month_begin, months_from
from esb.audit.record import Record, replay_key
from esb.audit.record_partitions import border, make_months
from esb.audit.replays import FILLED
from esb.audit.store import locate, open_store

MESSAGE: Final = b"<m/>"
_DIGEST: Final = hashlib.sha256(MESSAGE).hexdigest()
_BEGUN: Final = 1_764_374_400_000_000 - 86_400_000_000 * 31  # 31 days before 2025-11-29
_STEP: Final = 250_000  # microseconds between two records
_MEMBERS: Final = 300
_PROVIDERS: Final = 60
_OFFICERS: Final = 20_000
_PERSONS: Final = 4_000_000
_REFUSED: Final = 37  # every so many-th exchange is refused
_CODES: Final = (("AccessDenied", "GRT-01"), ("InvalidContent", "XSD-01"), ("ProviderUnavailable", "PRV-02"))
_ROWS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Made:
    """A record's row: what a store would write."""

    record: str
    kind: str
    at: int
    consumer: str
    service: str
    outcome: str
    grant: int
    replay_key: bytes | None
    leaf: bytes


def mixed(number: int) -> int:
    """64 bits that look like chance and are the same for the same number (Fibonacci hashing, twice)."""
    number = (number * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    return ((number ^ (number >> 29)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF


def _uneven(chance: int, count: int) -> int:
    """One of ``count``, the first ones far more often than the last."""
    return int(count * (chance / 0xFFFF) ** 3) if chance < 0xFFFF else 0


def made(number: int) -> Made:
    """The record of this number, from 0 on."""
    return pair(number // 2)[number % 2]


def pair(number: int) -> tuple[Made, Made]:
    """The records of an exchange: a request, and its answer or refusal."""
    chance = mixed(number)
    member = _uneven(chance & 0xFFFF, _MEMBERS)
    provider = _uneven(chance >> 16 & 0xFFFF, _PROVIDERS)
    grant = member * _PROVIDERS + provider
    consumer = f"M{member:03d}"
    service = f"P{provider:02d}/SYS{chance >> 32 & 1}/Query{chance >> 33 & 7}/v1"
    officer = _uneven(chance >> 20 & 0xFFFF, _OFFICERS)
    case = number // 3 if number % 7 else number // 5
    person = mixed(_PERSONS + mixed(number + 1) % _PERSONS)
    at = _BEGUN + 2 * number * _STEP
    exchange = f"{border(at)}-7abc-8def-{number:012d}"
    # Most take some 20 ms, one in a hundred a second.
    took = int(20_000 * math.exp(((chance >> 40 & 0xFFF) / 0xFFF) ** 6 * 5))
    refused = number % _REFUSED == 0
    outcome, rule = _CODES[number % 3] if refused else ("answered", "")
    kind, ending = ("refusal", "r") if refused else ("answer", "a")
    cited = f'"rule":"{rule}",' if rule else ""
    before = (
        f',"body_sha256":"{_DIGEST}","case_number":"2025-{case}","certificate":"{_DIGEST}",'
        f'"client":"{consumer}/HR","consumer":"{consumer}","duration_us":'
    )
    named = f',"exchange":"{exchange}","grant":{grant},"kind":"'
    between = (
        f'","legal_basis":"Labour Code, article 49","message_id":"urn:uuid:{exchange}","message_sha256":"{_DIGEST}",'
        f'"officer":"officer {officer}","operation":"Get{chance >> 36 & 3}","outcome":"'
    )
    calling = f'","peer":"10.0.0.7","purpose":"Employment contracts","record":"{exchange}-'
    after = f'"service":"{service}","signature":"{_DIGEST}","stage":"record","subject":"{person:032x}","v":1}}'
    asked = f'{{"at":{at}{before}900{named}request{between}accepted{calling}q",{after}'
    told = f'{{"at":{at + took}{before}{took}{named}{kind}{between}{outcome}{calling}{ending}",{cited}{after}'
    facts = (consumer, service)
    key = replay_key(consumer, f"urn:uuid:{exchange}")
    return (
        Made(f"{exchange}-q", "request", at, *facts, "accepted", grant, key, asked.encode()),
        Made(f"{exchange}-{ending}", kind, at + took, *facts, outcome, grant, None, told.encode()),
    )


def record_of(row: Made) -> Record:
    """The same as a store takes it."""
    sent = b"" if row.kind == Kind.REQUEST.value else MESSAGE
    return Record(read_leaf(row.leaf), row.leaf, MESSAGE, sent, row.replay_key)


def fill(url: str, count: int, told: Callable[[int], None] = lambda _done: None) -> None:
    """Make a new log of ``count`` records.

    Args:
        url: of a log that is not there yet.
        told: is told now and then how many are made.
    """
    store = open_store(url)
    store.idle()  # makes the tables
    store.close()
    place = locate(url)
    if isinstance(place, Path):
        _fill_file(place, count, told)
    else:
        _fill_database(place, count, told)


def _batches(count: int, told: Callable[[int], None]) -> Iterator[list[tuple[int, Made]]]:
    for start in range(0, count, _ROWS):
        end = min(start + _ROWS, count)
        rows = (row for number in range(start // 2, (end + 1) // 2) for row in pair(number))
        yield list(zip(range(start + 1, end + 1), rows, strict=False))
        told(end)


def _fill_file(path: Path, count: int, told: Callable[[int], None]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        later = rows.fetchall()
        for name, _ in later:
            connection.execute(f"DROP INDEX {name}")
        for batch in _batches(count, told):
            connection.execute("BEGIN")
            connection.executemany(
                "INSERT INTO record (id, record, kind, at, consumer, service, outcome, grant_id, replay_key, leaf) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(number, *_columns(row)) for number, row in batch],
            )
            connection.executemany(
                "INSERT INTO body (id, message, sent) VALUES (?, ?, ?)",
                [(number, MESSAGE, b"" if row.kind == "request" else MESSAGE) for number, row in batch],
            )
            connection.execute("COMMIT")
        for _, sql in later:
            connection.execute(sql)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _fill_database(url: str, count: int, told: Callable[[int], None]) -> None:
    with psycopg.connect(url, autocommit=True, options="-c search_path=evidence -c synchronous_commit=off") as database:
        for month in months_from(_BEGUN, month_at(_BEGUN + count * _STEP)):
            make_months(database, month_begin(month))
        record = "COPY record (id, record, kind, at, consumer, service, outcome, grant_id, replay_key, leaf) FROM STDIN"
        for batch in _batches(count, told):
            with database.transaction(), database.cursor() as cursor:
                with cursor.copy(record.encode()) as copy:
                    for number, row in batch:
                        copy.write_row((number, *_columns(row)))
                with cursor.copy(b"COPY body (id, message, sent) FROM STDIN") as copy:
                    for number, row in batch:
                        copy.write_row((number, MESSAGE, b"" if row.kind == "request" else MESSAGE))
        database.execute("SELECT setval('record_number', %s)", (count,))
        database.execute(FILLED.encode())
        database.execute("VACUUM ANALYZE")


def _columns(row: Made) -> tuple[object, ...]:
    return (
        row.record,
        row.kind,
        row.at,
        row.consumer,
        row.service,
        row.outcome,
        row.grant,
        row.replay_key,
        row.leaf,
    )
