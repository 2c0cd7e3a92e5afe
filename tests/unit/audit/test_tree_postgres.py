"""What is particular to a tree in PostgreSQL; the rest stands in tests/contract/test_evidence_tree.py."""

import threading

import psycopg
import pytest
from support.records import a_record

from esb.audit.postgres import PostgresStore
from esb.audit.record import StoreUnavailable
from esb.audit.tree_postgres import PostgresTree


@pytest.fixture
def url(fresh_postgres_dsn: str) -> str:
    store = PostgresStore(fresh_postgres_dsn)
    store.write([a_record(), a_record()])
    store.close()
    return fresh_postgres_dsn


def test_a_number_that_is_not_committed_yet_holds_later_ones_back(url: str) -> None:
    """A transaction that was given a number and has not ended: what has a higher one is not sequenced before it."""
    tree = PostgresTree(url)
    assert tree.add() == 2
    with psycopg.connect(url, options="-c search_path=evidence") as slow:
        slow.execute(
            "INSERT INTO record (id, record, kind, at, consumer, service, outcome, leaf) "
            "VALUES (nextval('record_number'), 'slow', 'request', 0, '', '', '', 'x')"
        )
        store = PostgresStore(url)
        store.write([a_record()])
        store.close()
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(tree.add()))
        thread.start()
        thread.join(0.3)
        assert found == []
        slow.commit()
    thread.join(5)
    assert found == [2]
    tree.close()


def test_a_session_that_is_ended_is_elected_no_more(url: str) -> None:
    first, second = PostgresTree(url), PostgresTree(url)
    assert first.elect()
    assert not second.elect()
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory') AND pid <> pg_backend_pid()"
        )
    for _ in range(100):
        if second.elect():
            break
    assert second.elect()
    with pytest.raises(StoreUnavailable):
        first.add()
    assert not first.elect()
    first.close()
    second.close()
