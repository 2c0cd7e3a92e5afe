"""What can go wrong with the PostgreSQL store beyond the contract: a lost server, a standby, weaker settings."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from esb.audit.log import EvidenceReader
from esb.audit.postgres import SCHEMA_VERSION, PostgresStore
from esb.audit.record import WRITTEN, Duplicate, Record, StoreUnavailable

MakeRecord = Callable[..., Record]


@pytest.fixture
def store(fresh_postgres_dsn: str) -> Iterator[PostgresStore]:
    store = PostgresStore(fresh_postgres_dsn)
    yield store
    store.close()


def _do(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid()"
)


def test_a_weaker_default_does_not_weaken_the_log(store: PostgresStore, fresh_postgres_dsn: str) -> None:
    _do(
        fresh_postgres_dsn,
        "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET synchronous_commit = off'; END $$",
    )
    store.idle()
    assert store._connection is not None
    assert store._connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_options_of_the_url_are_kept(fresh_postgres_dsn: str, make_record: MakeRecord) -> None:
    store = PostgresStore(make_conninfo(fresh_postgres_dsn, options="-c work_mem=5MB", application_name="mine"))
    assert store.write([make_record()]) == [WRITTEN]
    assert store._connection is not None
    assert store._connection.execute("SHOW work_mem").fetchone() == ("5MB",)
    assert store._connection.info.get_parameters()["application_name"] == "mine"
    store.close()


def test_messages_are_not_compressed(store: PostgresStore, fresh_postgres_dsn: str, make_record: MakeRecord) -> None:
    store.write([make_record(message=b"m" * 100_000)])
    with psycopg.connect(fresh_postgres_dsn) as connection:
        assert connection.execute("SELECT pg_column_size(message) FROM evidence.body").fetchone() == (100_000,)


def test_a_connection_lost_between_batches_costs_nobody_anything(
    store: PostgresStore, fresh_postgres_dsn: str, make_record: MakeRecord
) -> None:
    store.write([make_record()])
    _do(fresh_postgres_dsn, _OTHERS)
    assert store.write([make_record(), make_record()]) == [WRITTEN, WRITTEN]


def test_a_commit_whose_end_was_not_seen_is_found_again(
    store: PostgresStore, fresh_postgres_dsn: str, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [make_record(replay_key=b"k" * 32), make_record()]
    store.idle()
    write, calls = store._write, []

    def lose_the_end(records: list[Record]) -> object:
        calls.append(records)
        outcomes = write(records)
        if len(calls) == 1:
            store.close()
            raise StoreUnavailable("lost in the commit")
        return outcomes

    monkeypatch.setattr(store, "_write", lose_the_end)
    assert store.write(batch) == [WRITTEN, WRITTEN]
    assert len(calls) == 2
    assert isinstance(store.write([make_record(replay_key=b"k" * 32)])[0], Duplicate)


def test_a_read_only_database_is_told_and_used_again_when_mended(
    store: PostgresStore, fresh_postgres_dsn: str, make_record: MakeRecord
) -> None:
    store.idle()
    assert store._connection is not None
    store._connection.execute("SET default_transaction_read_only = on")
    with pytest.raises(StoreUnavailable, match="read-only: is it a standby"):
        store.write([make_record()])
    store._connection.execute("SET default_transaction_read_only = off")
    assert store.write([make_record()]) == [WRITTEN]


def test_a_missing_database_is_told_without_its_address(fresh_postgres_dsn: str) -> None:
    store = PostgresStore(make_conninfo(fresh_postgres_dsn, dbname="not_there_at_all"))
    with pytest.raises(StoreUnavailable) as caught:
        store.idle()
    assert "not_there_at_all" not in str(caught.value)


def test_another_encoding_is_refused(postgres_url: str, fresh_postgres_dsn: str) -> None:
    name = "shluz_test_latin"
    _do(fresh_postgres_dsn, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    store = PostgresStore(make_conninfo(fresh_postgres_dsn, dbname=name))
    try:
        with pytest.raises(StoreUnavailable, match="UTF8"):
            store.idle()
    finally:
        _do(fresh_postgres_dsn, f"DROP DATABASE {name} WITH (FORCE)")


def test_a_newer_schema_is_refused_in_clear_words(store: PostgresStore, fresh_postgres_dsn: str) -> None:
    store.idle()
    store.close()
    _do(fresh_postgres_dsn, f"UPDATE evidence.version SET version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StoreUnavailable, match="use the program that made the log"):
        store.idle()


def test_a_lost_connection_is_found_while_idle(store: PostgresStore, fresh_postgres_dsn: str) -> None:
    store.idle()
    _do(fresh_postgres_dsn, _OTHERS)
    with pytest.raises(StoreUnavailable):
        store.idle()
    store.idle()


def test_a_reader_outlives_the_servers_restart(
    store: PostgresStore, fresh_postgres_dsn: str, make_record: MakeRecord
) -> None:
    store.write([make_record()])
    reader = EvidenceReader(fresh_postgres_dsn)
    assert len(reader.recent()) == 1
    _do(fresh_postgres_dsn, _OTHERS)
    assert len(reader.recent()) == 1
    reader.close()
