"""Messages in partitions: an earlier log becomes one, room is made ahead, strays are taken in, whole ones go."""

import psycopg
import pytest
from support.archives import NOW, SIGNER, a_request, fill

from esb.audit import partitions, tree_postgres
from esb.audit.dropping import drop_rows
from esb.audit.log import EvidenceReader
from esb.audit.raw import RawReader
from esb.audit.store import open_store, open_tree


@pytest.fixture
def url(fresh_postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A log with partitions of 128 numbers."""
    monkeypatch.setattr(partitions, "WIDTH", 128)
    monkeypatch.setattr(tree_postgres, "WIDTH", 128)
    return fresh_postgres_dsn


def counts(asked: psycopg.Connection) -> dict[str, int]:
    """How many messages each partition holds."""
    rows = asked.execute("SELECT tableoid::regclass::text, count(*) FROM body GROUP BY 1").fetchall()
    return dict(rows)


def tables(asked: psycopg.Connection) -> list[str]:
    return [
        row[0]
        for row in asked.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'body'::regclass ORDER BY 1"
        ).fetchall()
    ]


def test_months_leave_by_whole_tables_and_what_stays_keeps_its_messages(url: str, asked: psycopg.Connection) -> None:
    fill(url, {"2026-10": 300})  # the tree is not looked at in between, so no room was made for the last of them
    fill(url, {"2026-11": 40})
    assert counts(asked) == {"body_first": 127, "body_000001": 128, "body_000002": 87}
    assert "body_000004" in tables(asked)
    reader = RawReader(url)
    assert drop_rows(url, list(reader.numbers(0, 300))) == 299
    reader.close()
    assert counts(asked) == {"body_rest": 1, "body_000002": 42}
    assert not {"body_first", "body_000001"} & set(tables(asked))
    log = EvidenceReader(url)
    assert log.bodies("change-2026-10-9f86d081884c7d65-c") == (b"<asked/>", b"")
    log.close()


def test_a_log_of_an_earlier_version_becomes_one_with_all_that_it_holds(url: str, asked: psycopg.Connection) -> None:
    fill(url, {"2026-10": 20})
    asked.execute("CREATE TABLE plain (LIKE body_first INCLUDING ALL)")
    asked.execute("INSERT INTO plain SELECT * FROM body")
    asked.execute("DROP TABLE body")
    asked.execute("ALTER TABLE plain RENAME TO body")
    asked.execute("ALTER INDEX plain_pkey RENAME TO body_pkey")
    store = open_store(url)
    store.write([a_request(int(NOW * 1_000_000), "new")])
    store.idle()
    store.close()
    assert counts(asked) == {"body_first": 22}
    assert tables(asked) == ["body_000001", "body_000002", "body_first", "body_rest"]


def test_what_no_partition_was_made_for_is_taken_into_one_later(url: str, asked: psycopg.Connection) -> None:
    store, tree = open_store(url), open_tree(url)
    store.write([a_request(at, str(at)) for at in range(400)])
    assert counts(asked)["body_rest"] == 400 - 383
    while tree.add():
        pass
    tree.publish(SIGNER.checkpoint)
    assert "body_rest" in counts(asked)  # of the partition that was being written, which comes too late
    store.write([a_request(1_000 + at, f"more {at}") for at in range(200)])
    tree.add()
    tree.publish(SIGNER.checkpoint)
    store.write([a_request(2_000 + at, f"again {at}") for at in range(100)])
    assert sum(counts(asked).values()) == 700
    assert counts(asked)["body_000004"] == 128
    store.close()
    tree.close()
