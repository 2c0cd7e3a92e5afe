"""The month as the bus's evidence log tells it: counted by reading the log itself, once, from its first record on."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, LiteralString

import psycopg

from esb.audit import postgres, sqlite
from esb.audit.entry import Kind
from esb.audit.record import StoreUnavailable
from esb.audit.store import locate
from esb.bench.month.tally import Count, Tally

_QUERY: Final[LiteralString] = "SELECT record, kind, service, consumer, outcome FROM record"
_AT_ONCE: Final = 5_000

_Row = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the log holds.

    Attributes:
        requests: accepted requests by service.
        answers: answers by service, without providers' faults.
        by_pair: answers by service and consumer.
        others: every other record, by its outcome: refusals by their fault's code, and ``provider-fault``.
    """

    requests: dict[str, Count]
    answers: dict[str, Count]
    by_pair: dict[tuple[str, str], int]
    others: dict[str, int]


def count_evidence(url: str) -> Evidence:
    """Read a whole log, at which nobody is writing.

    Args:
        url: as in the bus's settings.

    Raises:
        StoreUnavailable: it cannot be read.
    """
    place = locate(url)
    requests, answers = Tally(), Tally()
    pairs: Counter[tuple[str, str]] = Counter()
    others: Counter[str] = Counter()
    asked, answered = Kind.REQUEST.value, Kind.ANSWER.value
    for record, kind, service, consumer, outcome in _sqlite(place) if isinstance(place, Path) else _postgres(place):
        exchange = record[:-2].encode()
        if kind == asked:
            requests.add(service, exchange)
        elif kind == answered and outcome == "answered":
            answers.add(service, exchange)
            pairs[service, consumer] += 1
        elif kind != Kind.CHANGE.value:  # what was set up for the month
            others[outcome] += 1
    return Evidence(requests.counts(), answers.counts(), dict(pairs), dict(others))


def size_of(url: str) -> int:
    """Bytes that a log takes on its disk."""
    place = locate(url)
    if isinstance(place, Path):
        files = (place, place.with_name(f"{place.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())
    with postgres.connect(place) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class "
            "WHERE relnamespace = 'evidence'::regnamespace AND relkind = 'r'"
        ).fetchone()
    return int(row[0]) if row else 0


def _sqlite(path: Path) -> Iterator[_Row]:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            cursor = connection.execute(_QUERY)
            while rows := cursor.fetchmany(_AT_ONCE):
                yield from rows
    except sqlite3.Error as error:
        raise StoreUnavailable(sqlite.reason(error)) from error


def _postgres(url: str) -> Iterator[_Row]:
    try:
        with postgres.connect(url) as connection, connection.transaction():
            connection.execute("SET LOCAL statement_timeout = 0")  # a whole log is longer than any question of the bus
            with connection.cursor("month") as cursor:
                cursor.itersize = _AT_ONCE
                cursor.execute(_QUERY)
                yield from cursor
    except psycopg.Error as error:
        raise StoreUnavailable(postgres.reason(error)) from error
