"""Months of records leave a PostgreSQL log as whole tables; what stays of them stays readable."""

from pathlib import Path

import psycopg
import pytest
from support.archives import SIGNER, a_request, archived, counts, dropped, fill, moment

from esb.audit import dropping_postgres
from esb.audit.depot import Folder
from esb.audit.log import EvidenceReader
from esb.audit.record import WRITTEN
from esb.audit.store import open_store, open_tree
from esb.audit.walk import walk


@pytest.fixture
def url(fresh_postgres_dsn: str) -> str:
    """A log of three months, each in a partition of its own, that were made ahead."""
    for month, count in (("2026-09", 5), ("2026-10", 300), ("2026-11", 260), ("2026-12", 20)):
        fill(fresh_postgres_dsn, {month: count})
    return fresh_postgres_dsn


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
    assert dropped(url, depot, "2026-10") == 256 - 2  # a whole tile, without two changes of the registry
    # Fifty-one of October belong to November's package; its table is gone, and they are read as before.
    assert counts(asked) == {"record_rest": 4 + 51, "record_2026_11": 260, "record_2026_12": 20}
    assert log.bodies(late) == (b"<m>2026-10 299</m>", b"")
    assert walk(url, SIGNER.key, depots=[depot]).findings == []
    assert dropped(url, depot) == 256 - 1
    assert counts(asked).keys() == {"record_rest", "record_2026_11", "record_2026_12"} - {"record_2026_11"}
    assert dropped(url, depot) == 0
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
    dropped(url, depot)
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
    assert dropped(url, depot, "2026-10") == 254
    assert counts(asked)["record_2026_10"] == 51
    assert dropped(url, depot) == 255
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
            dropped(url, depot)
    store = open_store(url)
    assert store.write([a_request(moment("2026-12") + 6_000, "meanwhile")]) == [WRITTEN]
    store.close()
    assert dropped(url, depot) == 254 + 255
