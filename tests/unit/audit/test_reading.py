"""Reading a database that somebody else writes, and that may go and come back."""

import sqlite3
from pathlib import Path

import psycopg
import pytest

from esb.audit.reading import Reading
from esb.audit.record import StoreUnavailable


def test_a_file_is_opened_for_reading_only(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE t (a)")
        made.execute("INSERT INTO t VALUES (7)")
    made.close()
    reading = Reading(path, lambda _: None)
    assert reading.rows("SELECT a FROM t WHERE a = ?", (7,)) == [(7,)]
    with pytest.raises(StoreUnavailable):
        reading.rows("DELETE FROM t")
    reading.close()
    assert reading.rows("SELECT a FROM t") == [(7,)]
    reading.close()


def test_what_is_not_there_is_told_and_found_once_it_is(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    reading = Reading(path, lambda _: None)
    with pytest.raises(StoreUnavailable):
        reading.rows("SELECT 1 FROM t")
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE t (a)")
    made.close()
    assert reading.rows("SELECT 1 FROM t") == []
    reading.close()


def test_tables_are_checked_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    sqlite3.connect(path).close()

    def refuse(ask: Reading.Ask) -> None:
        raise StoreUnavailable(f"version {ask('PRAGMA user_version', ())[0][0]}")

    with pytest.raises(StoreUnavailable, match="version 0"):
        Reading(path, refuse).rows("SELECT 1")


def test_a_connection_that_was_cut_is_opened_again(fresh_postgres_dsn: str) -> None:
    reading = Reading(fresh_postgres_dsn, lambda _: None)
    mine = reading.rows("SELECT pg_backend_pid()")[0][0]
    with psycopg.connect(fresh_postgres_dsn, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", (mine,))
    assert reading.rows("SELECT ?::integer", (5,)) == [(5,)]
    with pytest.raises(StoreUnavailable):
        reading.rows("CREATE TABLE forbidden (a integer)")
    reading.close()


def test_a_number_that_no_table_can_hold_is_told(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    sqlite3.connect(path).close()
    reading = Reading(path, lambda _: None)
    with pytest.raises(StoreUnavailable, match="none of its own: it was altered; stop the bus"):
        reading.rows("SELECT ?", (1 << 63,))
    assert reading.rows("SELECT ?", (5,)) == [(5,)]
    reading.close()
