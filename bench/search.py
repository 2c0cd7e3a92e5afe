"""How long a page of a search takes, for each criterion and some combinations, warm and with nothing in memory."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from esb.audit.entry import Kind
from esb.audit.leaf import read_leaf
from esb.audit.query import Query
from esb.audit.search import Searcher
from esb.audit.store import locate
from esb.bench.big_log import made, mixed

_TIMES: Final = 15
_LIMIT: Final = 50


def _queries(count: int) -> dict[str, Callable[[int], Query]]:
    """Queries by name; each is asked about another record each time, anywhere in the log."""

    def of(turn: int) -> "Query":
        entry = read_leaf(made(mixed(turn) % count).leaf)
        return Query(
            since=entry.at,
            name=entry.exchange,
            consumer=entry.consumer,
            client=entry.client,
            provider=entry.service.split("/", maxsplit=1)[0],
            service=entry.service,
            operation=entry.operation,
            outcome=entry.outcome,
            message_id=entry.message_id,
            case_number=entry.case_number,
            officer=entry.officer,
            grant=entry.grant,
            subject=entry.subject,
        )

    return {
        "the newest": lambda _: Query(),
        "a time": lambda turn: Query(until=of(turn).since),
        "an hour": lambda turn: Query(since=of(turn).since, until=(of(turn).since or 0) + 3_600_000_000),
        "member": lambda turn: Query(member=of(turn).consumer),
        "consumer": lambda turn: Query(consumer=of(turn).consumer),
        "client system": lambda turn: Query(client=of(turn).client),
        "provider": lambda turn: Query(provider=of(turn).provider),
        "service": lambda turn: Query(service=of(turn).service),
        "operation": lambda turn: Query(operation=of(turn).operation),
        "outcome": lambda _: Query(outcome="AccessDenied"),
        "rule": lambda _: Query(rule="GRT-01"),
        "exchange": lambda turn: Query(name=of(turn).name),
        "message id": lambda turn: Query(message_id=of(turn).message_id),
        "case number": lambda turn: Query(case_number=of(turn).case_number),
        "officer": lambda turn: Query(officer=of(turn).officer),
        "grant": lambda turn: Query(grant=of(turn).grant),
        "slower than 2 s": lambda _: Query(slower_than=2_000_000),
        "slower than 2.2 s": lambda _: Query(slower_than=2_200_000),
        "slower than any": lambda _: Query(slower_than=2_999_999_999),
        "subject": lambda turn: Query(subject=of(turn).subject),
        "nobody's": lambda _: Query(consumer="NOBODY"),
        "consumer, service and day": lambda turn: Query(
            consumer=of(turn).consumer,
            service=of(turn).service,
            since=of(turn).since,
            until=(of(turn).since or 0) + 86_400_000_000,
        ),
        "officer and subject": lambda turn: Query(officer=of(turn).officer, subject=of(turn).subject),
        "two frequent that exclude one another": lambda _: Query(kind=Kind.REQUEST, outcome="answered"),
        "frequent consumer, slow, one operation": lambda _: Query(
            consumer="M000", operation="Get1", slower_than=2_200_000
        ),
    }


def measure(url: str, count: int, cool: Callable[[], None] | None = None) -> dict[str, dict[str, float]]:
    """Ask each query some times; returns milliseconds by query: p50, p95, this process's CPU, the first after ``cool``.

    Args:
        url: of a log that :func:`~esb.bench.big_log.fill` made with ``count`` records, and that is indexed.
        cool: lets go of what is cached, so that the next question finds nothing in memory.
    """
    told: dict[str, dict[str, float]] = {}
    for name, query in _queries(count).items():
        figures = {}
        if cool is not None:
            cool()
            figures["cold"] = _took(url, query(1_000))
        began = time.process_time()
        took = sorted(_took(url, query(turn)) for turn in range(_TIMES))
        cpu = (time.process_time() - began) * 1000 / _TIMES
        figures |= {"p50": took[len(took) // 2], "p95": took[-1 - len(took) // 20], "cpu": round(cpu, 1)}
        told[name] = figures
    return told


def _took(url: str, query: Query) -> float:
    """As a command asks: with connections of its own."""
    began = time.perf_counter()
    searcher = Searcher(url)
    searcher.search(query, _LIMIT)
    took = time.perf_counter() - began
    searcher.close()
    return round(took * 1000, 1)


def let_go(folder: Path) -> None:
    """Have the system forget what it has cached of the files below a folder (posix_fadvise(2)).

    Not while this process has one of them open in SQLite, whose locks closing it would take away.
    """
    for path in folder.rglob("*"):
        if path.is_file():
            try:
                file = os.open(path, os.O_RDONLY)
            except OSError:
                continue
            try:
                os.fdatasync(file)
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(file)


def sizes(url: str, folder: Path) -> dict[str, int]:
    """Octets of the log's files, or of its tables with their indexes."""
    if isinstance(locate(url), Path):
        return {path.name: path.stat().st_size for path in sorted(folder.glob("evidence*"))}
    import psycopg

    with psycopg.connect(str(locate(url))) as database:
        rows = database.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = "
            "(SELECT oid FROM pg_namespace WHERE nspname = 'evidence') ORDER BY relname"
        ).fetchall()
    return {name: size for name, size in rows}
