"""The migrated schema on SQLite and on PostgreSQL: it is what the models say, and it guards itself."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from esb.kernel.directory import MemberStatus
from esb.registry.database import open_database
from esb.registry.migrations import current, head, upgrade
from esb.registry.migrations.run import SchemaUnknown
from esb.registry.models import MemberKind
from esb.registry.schema import Base


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        engine = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    else:
        engine = open_database(request.getfixturevalue("fresh_postgres"))
    yield engine
    engine.dispose()


def test_an_empty_database_is_brought_to_the_head(empty: Engine) -> None:
    assert current(empty) is None
    upgrade(empty)
    assert current(empty) == head()


def test_upgrading_again_changes_nothing(empty: Engine) -> None:
    upgrade(empty)
    with empty.begin() as connection:
        connection.execute(sa.insert(Base.metadata.tables["members"]).values(**MEMBER))
    upgrade(empty)
    with empty.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(Base.metadata.tables["members"])) == 1


def test_processes_that_start_together_take_turns(empty: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(upgrade, empty) for _ in range(4)]:
            done.result()
    assert current(empty) == head()


def test_the_migrations_make_what_the_models_say(empty: Engine) -> None:
    upgrade(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_make_the_same_checks_as_the_models(empty: Engine) -> None:
    """Alembic compares no CHECK constraints, so the databases' own accounts of them are compared."""
    upgrade(empty)
    migrated = _checks(empty)
    with empty.begin() as connection:
        for table in sa.inspect(connection).get_table_names():
            connection.execute(sa.text(f"DROP TABLE {table}" + (" CASCADE" if empty.name == "postgresql" else "")))
        Base.metadata.create_all(connection)
    assert migrated == _checks(empty)
    assert len(migrated) > 15


def test_a_database_of_a_newer_version_is_left_alone(empty: Engine) -> None:
    upgrade(empty)
    with empty.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaUnknown, match="newer version"):
        upgrade(empty)


MEMBER = {
    "code": "DIN",
    "voen": "1400040231",
    "name_az": "Daxili İşlər Nazirliyi",
    "name_en": "Ministry of Internal Affairs",
    "kind": MemberKind.STATE,
    "status": MemberStatus.ACTIVE,
    "added_at": 1_700_000_000.0,
}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("members", {"code": "A", "kind": "tribe", "status": "active"}),
        ("members", {"code": "A", "kind": "state", "status": "asleep"}),
        ("members", {"code": "A", "kind": "state", "status": "active", "voen": "12345"}),
        ("systems", {"member": "NOBODY", "code": "A"}),
        ("certificates", {"sha256": "0" * 64, "der": b"x", "use": "cooking"}),
        (
            "certificates",
            {"sha256": "0" * 64, "der": b"x", "use": "tls", "revoked": "whim", "revoked_at": "2026-01-01"},
        ),
        ("certificates", {"sha256": "0" * 64, "der": b"x", "use": "tls", "revoked": "superseded"}),
        ("certificates", {"sha256": "0" * 64, "der": b"x", "use": "tls", "owner": "NOBODY"}),
        ("certificates", {"sha256": "00", "der": b"x", "use": "tls"}),
    ],
)
def test_the_database_itself_refuses_what_is_not_lawful(empty: Engine, table: str, row: dict[str, object]) -> None:
    upgrade(empty)
    values = {"added_at": "2026-01-01 00:00:00", **row}
    if table in {"members", "systems"}:
        values = {"name_az": "a", "name_en": "b", **values}
    marks = ", ".join(f":{name}" for name in values)
    statement = sa.text(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})")
    with pytest.raises(IntegrityError), empty.begin() as connection:
        connection.execute(statement, values)


def _checks(engine: Engine) -> list[tuple[str, str | None, str]]:
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        return sorted(
            (table, check["name"], check["sqltext"])
            for table in inspector.get_table_names()
            for check in inspector.get_check_constraints(table)
        )
