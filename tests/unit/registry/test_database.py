"""Addresses, pragmas, and what a session that only reads or that writes may do."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from esb.registry.database import open_database, reading, writing
from esb.registry.errors import Conflict, Invalid, RegistryUnavailable
from esb.registry.models import SystemRow


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://user:hunter2@host/db",
        "postgresql://user:hunter2@host/db",
        "postgresql+psycopg2://user:hunter2@host/db",
        "hunter2 is not an address",
        "",
    ],
)
def test_an_address_that_cannot_serve_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Invalid, match="sqlite:////absolute") as caught:
        open_database(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("pragma", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 2)])
def test_sqlite_is_set_to_be_safe(engine: Engine, pragma: str, value: object) -> None:
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_sqlite_waits_for_a_lock_instead_of_failing_at_once(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5_000


def test_a_foreign_key_is_enforced_and_mapped(engine: Engine) -> None:
    def add() -> None:
        with writing(engine) as session:
            session.add(SystemRow(member="NOBODY", code="S", name_az="a", name_en="b", added_at=1.0))

    with pytest.raises(Conflict, match="nothing was changed"):
        add()


def test_a_folder_that_does_not_exist_is_an_outage(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'nowhere' / 'registry.db'}")
    with pytest.raises(RegistryUnavailable), reading(engine) as session:
        session.execute(sa.text("SELECT 1"))


def test_a_server_that_is_away_is_an_outage_that_keeps_the_password_to_itself() -> None:
    engine = open_database("postgresql+psycopg://user:hunter2@127.0.0.1:1/registry")
    with pytest.raises(RegistryUnavailable) as caught, reading(engine) as session:
        session.execute(sa.text("SELECT 1"))
    assert "hunter2" not in str(caught.value)


def test_json_is_stored_the_same_whatever_the_order(engine: Engine) -> None:
    with engine.connect() as connection:
        value = sa.literal({"b": "ə", "a": 1}, sa.JSON)
        assert connection.scalar(sa.select(sa.cast(sa.type_coerce(value, sa.JSON), sa.Text))) == '{"a":1,"b":"ə"}'
