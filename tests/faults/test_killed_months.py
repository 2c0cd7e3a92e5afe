"""SIGKILL where records stand in months (PostgreSQL): of writers and of whoever makes months, while a border is
crossed, and of whoever lets a month go."""

import os
import random
import signal
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import psycopg
from support.archives import SIGNER, a_request, archived, dropped, fill, moment

from esb.audit import dropping_postgres
from esb.audit.depot import Folder
from esb.audit.log import EvidenceReader
from esb.audit.record import WRITTEN, StoreUnavailable
from esb.audit.store import open_store, open_tree
from esb.audit.tree_reader import TreeReader
from esb.audit.walk import walk

_FORK = get_context("fork")
_HALF_A_DAY = 43_200_000_000


def _write(url: str, begin: int, which: str, end: int) -> None:
    """Write on, half a day with each batch, and tell of each record that is durable."""
    store = open_store(url)
    for at in range(1_000):
        batch = [a_request(begin + at * _HALF_A_DAY + each * 1_000, f"{which} {at} {each}") for each in range(3)]
        if store.write(batch) == [WRITTEN] * 3:
            os.write(end, "".join(f"{record.entry.record}\n" for record in batch).encode())


def _sequence(url: str) -> None:
    tree = open_tree(url)
    while True:
        try:
            if tree.elect():
                tree.add(37)
                tree.publish(SIGNER.checkpoint)
        except StoreUnavailable:
            pass


def test_writers_and_the_maker_of_months_are_killed_over_borders(fresh_postgres_dsn: str, full: bool) -> None:
    url, chance, promised = fresh_postgres_dsn, random.Random(5), set[str]()
    for turn in range(40 if full else 4):
        year, month = divmod(turn, 12)
        begin, (ours, theirs) = moment(f"{2031 + year}-{month + 1:02d}"), os.pipe()
        both = [_FORK.Process(target=_write, args=(url, begin, f"{turn} {which}", theirs)) for which in range(2)]
        children = [*both, _FORK.Process(target=_sequence, args=(url,))]
        for child in children:
            child.start()
        time.sleep(chance.uniform(0.3, 0.9))
        for child in chance.sample(children, 3):
            child.kill()
            child.join()
        os.close(theirs)
        with os.fdopen(ours) as told:
            promised |= {line.strip() for line in told if line.endswith("\n")}
    tree = open_tree(url)
    while tree.add():
        pass
    tree.publish(SIGNER.checkpoint)
    tree.close()
    report = walk(url, SIGNER.key)
    assert report.findings == []
    reader = TreeReader(url)
    names = [name for _, name, _ in reader.leaves(0, report.size)]
    reader.close()
    assert len(promised) > 50
    assert promised <= set(names)
    assert len(names) == len(set(names))
    with psycopg.connect(url) as asked:
        months = asked.execute("SELECT DISTINCT tableoid::regclass::text FROM evidence.record").fetchall()
    assert len(months) > 2, "a border was crossed"


def _dying(work: Callable[[], object], steps: int) -> None:
    """Do it, and die at the n-th statement that a connection of whoever drops is told."""
    connect = dropping_postgres.postgres.connect

    def opened(url: str) -> psycopg.Connection:
        connection = connect(url)
        execute = connection.execute

        def counted(*given: object, **more: object) -> object:
            nonlocal steps
            steps -= 1
            if steps == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(*given, **more)  # type: ignore[arg-type]

        connection.execute = counted  # type: ignore[method-assign,assignment]
        return connection

    dropping_postgres.postgres.connect = opened  # type: ignore[attr-defined]
    work()


def test_whoever_drops_is_killed_at_any_statement(fresh_postgres_dsn: str, tmp_path: Path, full: bool) -> None:
    url, depot = fresh_postgres_dsn, Folder(tmp_path)
    for month, count in (("2026-10", 300), ("2026-11", 260), ("2026-12", 20)):
        fill(url, {month: count})
    archived(url, depot)
    log = EvidenceReader(url)
    late = next(line.entry.record for line in log.recent(300) if line.entry.message_id == "2026-11 259")
    steps = 1
    while True:
        child = _FORK.Process(target=_dying, args=(lambda: dropped(url, depot), steps))
        child.start()
        child.join()
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        report = walk(url, SIGNER.key, depots=[depot])
        assert (report.findings, report.records, report.elsewhere) == ([], report.size, 0)
        assert log.bodies(late) == (b"<m>2026-11 259</m>", b"")
        steps += 1 if full else 9
    assert steps > 10
    log.close()
    report = walk(url, SIGNER.key, depots=[depot])
    assert (report.findings, report.records) == ([], report.size)
