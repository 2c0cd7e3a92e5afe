"""What is the database's own; both places: tests/contract/test_sealed_bodies.py."""

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from esb.audit.data_keys_postgres import PostgresDataKeys
from esb.audit.record import StoreUnavailable


def test_a_lost_connection_is_opened_again(fresh_postgres_dsn: str) -> None:
    keys = PostgresDataKeys(fresh_postgres_dsn)
    first = keys.add("", 1, 1, "m", b"w")
    with psycopg.connect(fresh_postgres_dsn, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'shluz-evidence'"
        )
    with pytest.raises(StoreUnavailable):
        keys.all()
    assert keys.all() == [first]
    keys.close()


def test_a_missing_database_is_told_without_its_address(fresh_postgres_dsn: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        PostgresDataKeys(make_conninfo(fresh_postgres_dsn, dbname="not_there_at_all")).all()
    assert "not_there_at_all" not in str(caught.value)
