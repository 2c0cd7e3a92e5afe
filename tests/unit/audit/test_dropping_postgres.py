"""Months of records leave a PostgreSQL log as whole tables; what stays of them stays readable; kills take nothing."""

import os
import signal
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import psycopg
import pytest
from support.archives import NOW, SIGNER, a_request, archived, fill, moment

from esb.audit import dropping_postgres
from esb.audit.archiving import droppable, verified
from esb.audit.depot import Folder
from esb.audit.dropping import drop_rows
from esb.audit.log import EvidenceReader
from esb.audit.raw import RawReader
from esb.audit.record import WRITTEN
from esb.audit.shelf import Shelf
from esb.audit.store import open_store, open_tree
from esb.audit.walk import walk


@pytest.fixture
def url(fresh_postgres_dsn: str) -> str:
    """A log of three months, each in a partition of its own, that were made ahead."""
    for month, count in (("2026-09", 5), ("2026-10", 300), ("2026-11", 260), ("2026-12", 20)):
        fill(fresh_postgres_dsn, {month: count})
    return fresh_postgres_dsn


@pytest.fixture
def asked(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True, options="-c search_path=evidence") as connection:
        yield connection


def counts(asked: psycopg.Connection) -> dict[str, int]:
    """How many records each partition holds, where there are any."""
    return dict(asked.execute("SELECT tableoid::regclass::text, count(*) FROM record GROUP BY 1").fetchall())


def drop(url: str, depot: Folder, until: str = "2026-11") -> int:
    reader = RawReader(url)
    gone = 0
    for kept in droppable(reader, until, NOW):
        verified(kept, depot, SIGNER.key, reader)
        Shelf(url).dropping(kept.manifest.first, int(NOW))
        gone += drop_rows(url, reader.numbers(kept.manifest.first, kept.manifest.end))
    reader.close()
    return gone


def test_a_month_leaves_as_a_table_and_its_end_stays_for_the_next(
    url: str, asked: psycopg.Connection, tmp_path: Path
) -> None:
    before = counts(asked)
    assert before == {"record_2026_09": 5, "record_2026_10": 300, "record_2026_11": 260, "record_2026_12": 20} | {
        "record_rest": 4
    }
    log, depot = EvidenceReader(url), Folder(tmp_path)
    archived(url, depot)
    late = next(line.entry.record for line in log.recent(300) if line.entry.message_id == "2026-10 299")
    assert drop(url, depot, "2026-10") == 256 - 2  # a whole tile, without two changes of the registry
    # Fifty-one of October belong to November's package; its table is gone, and they are read as before.
    assert counts(asked) == {"record_rest": 4 + 51, "record_2026_11": 260, "record_2026_12": 20}
    assert log.bodies(late) == (b"<m>2026-10 299</m>", b"")
    assert walk(url, SIGNER.key, depots=[depot]).findings == []
    assert drop(url, depot) == 256 - 1
    assert counts(asked).keys() == {"record_rest", "record_2026_11", "record_2026_12"} - {"record_2026_11"}
    assert drop(url, depot) == 0
    report = walk(url, SIGNER.key, depots=[depot])
    assert (report.findings, report.records, report.elsewhere) == ([], report.size, 0)
    log.close()


def test_what_is_in_no_package_stays_whatever_its_name_says(
    url: str, asked: psycopg.Connection, tmp_path: Path
) -> None:
    """Of November by its name and of December by its number; and one that has no number in the tree yet."""
    depot = Folder(tmp_path)
    archived(url, depot)
    store, tree = open_store(url), open_tree(url)
    late = a_request(moment("2026-11") + 999, "late")
    store.write([late])
    tree.add()
    tree.publish(SIGNER.checkpoint)
    later = a_request(moment("2026-11") + 1_000, "later")
    store.write([later])  # and has no place in the tree yet
    store.write([a_request(moment("2026-12") + 5_000, "last")])
    assert counts(asked)["record_2026_11"] == 262
    drop(url, depot)
    assert "record_2026_11" not in counts(asked)
    log = EvidenceReader(url)
    assert all(log.holds(one.entry.record) for one in (late, later))
    tree.add()
    tree.publish(SIGNER.checkpoint)
    assert walk(url, SIGNER.key, depots=[depot]).findings == []
    for each in (log, store, tree):
        each.close()


def test_a_month_of_which_much_stays_is_left_as_a_table(
    url: str, asked: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    depot = Folder(tmp_path)
    archived(url, depot)
    monkeypatch.setattr(dropping_postgres, "_MOST_LEFT", 50)
    assert drop(url, depot, "2026-10") == 254
    assert counts(asked)["record_2026_10"] == 51
    assert drop(url, depot) == 255
    assert walk(url, SIGNER.key, depots=[depot]).findings == []


def test_a_month_that_somebody_reads_without_a_pause_is_told(
    url: str, asked: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    depot = Folder(tmp_path)
    archived(url, depot)
    monkeypatch.setattr(dropping_postgres, "_ATTEMPTS", 1)
    monkeypatch.setattr(dropping_postgres, "_PAUSE", 0)
    with psycopg.connect(url) as other:
        other.execute("SELECT count(*) FROM evidence.record")  # and its transaction goes on
        with pytest.raises(dropping_postgres.StoreUnavailable, match="the same command goes on from here"):
            drop(url, depot)
    store = open_store(url)
    assert store.write([a_request(moment("2026-12") + 6_000, "meanwhile")]) == [WRITTEN]
    store.close()
    assert drop(url, depot) == 254 + 255


class _Deadly:
    """Stands for the connection of whoever dies at its n-th statement."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __call__(self, connection: psycopg.Connection) -> psycopg.Connection:
        execute = connection.execute

        def counted(*given: object, **more: object) -> object:
            self.steps -= 1
            if self.steps == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(*given, **more)  # type: ignore[arg-type]

        connection.execute = counted  # type: ignore[method-assign,assignment]
        return connection


def _dying(url: str, depot: Folder, steps: int) -> None:
    deadly, connect = _Deadly(steps), dropping_postgres.postgres.connect
    dropping_postgres.postgres.connect = lambda url: deadly(connect(url))  # type: ignore[attr-defined]
    drop(url, depot)


def test_killed_at_any_statement_nothing_is_lost_and_the_next_attempt_ends_it(url: str, tmp_path: Path) -> None:
    depot = Folder(tmp_path)
    archived(url, depot)
    fork = get_context("fork")
    steps = 1
    while True:
        child = fork.Process(target=_dying, args=(url, depot, steps))
        child.start()
        child.join()
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        report = walk(url, SIGNER.key, depots=[depot])
        assert (report.findings, report.records, report.elsewhere) == ([], report.size, 0)
        steps += 1 if os.environ.get("FAULTS") == "full" else 5
    assert steps > 10
    report = walk(url, SIGNER.key, depots=[depot])
    assert (report.findings, report.records) == ([], report.size)
