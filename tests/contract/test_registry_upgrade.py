"""A registry of an earlier revision, with what was in it, on SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from esb.registry.database import exclusive, open_database, reading
from esb.registry.errors import RegistryError
from esb.registry.grants import list_grants
from esb.registry.migrations import current, upgrade
from esb.registry.migrations.run import _config
from esb.registry.models import GrantStatus

MOMENT = "2026-01-01 00:00:00+00:00"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        engine = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    else:
        engine = open_database(request.getfixturevalue("fresh_postgres"))
    yield engine
    engine.dispose()


def bring_to(engine: Engine, revision: str) -> None:
    with engine.connect() as connection, exclusive(connection).begin():
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def insert(engine: Engine, table: str, **values: object) -> None:
    with engine.begin() as connection:
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


def fill_first_revision(empty: Engine) -> None:
    """A registry as the first version of the program kept it: a service with three grants, one of them revoked."""
    bring_to(empty, "0001")
    names = {"name_az": "a", "name_en": "b", "added_at": MOMENT}
    insert(empty, "members", code="DIN", kind="state", status="active", **names)
    insert(empty, "systems", member="DIN", code="IAMAS", **names)
    insert(empty, "contracts", sha256="0" * 64, packed=b"x", summary="{}", added_at=MOMENT)
    service = {"signature": "bus", "answer_signature": "ignored", "judge_request": "enforce", "judge_answer": "enforce"}
    insert(
        empty,
        "services",
        **{"id": 1, "member": "DIN", "system": "IAMAS", "code": "Q", "version": "v1", "status": "active"},
        **{"endpoint": "http://x.example/", "adapter": "soap", "timeout": 1.0, "contract": "0" * 64},
        **{"added_at": MOMENT, **service},
    )
    facts = {"consumer_member": "DIN", "service_id": 1, "purpose": "p", "legal_basis": "l", "required_fields": ""}
    for number, revoked_at in ((1, None), (2, MOMENT), (3, None)):
        insert(empty, "grants", id=number, revoked_at=revoked_at, valid_from=MOMENT, added_at=MOMENT, **facts)
    for number, author in ((1, "leyla"), (2, "aydin")):
        change = {"act": "add", "kind": "grant", "key": str(number), "detail": "{}"}
        insert(empty, "changes", number=number, at=MOMENT, author=author, **change)


def test_grants_of_before_say_who_gave_them(empty: Engine) -> None:
    fill_first_revision(empty)
    upgrade(empty)
    with reading(empty) as session:
        rows = list_grants(session, statuses=tuple(GrantStatus))
    found = [(row.id, row.status, row.requested_by, row.decided_by, row.in_one_act) for row in rows]
    assert found == [
        (1, GrantStatus.APPROVED, "leyla", "leyla", True),
        (2, GrantStatus.REVOKED, "aydin", "aydin", True),
        (3, GrantStatus.APPROVED, "unknown", "unknown", True),
    ]
    assert all(row.decided_at == row.added_at for row in rows)


def test_references_are_looked_after_again(empty: Engine) -> None:
    fill_first_revision(empty)
    upgrade(empty)
    with pytest.raises(IntegrityError), empty.begin() as connection:
        connection.execute(sa.text("DELETE FROM services"))
    with reading(empty) as session:
        assert len(list_grants(session, statuses=tuple(GrantStatus))) == 3


def test_a_reference_to_nothing_stops_the_upgrade(tmp_path: Path) -> None:
    """Only SQLite can come to this, where somebody changed the file with its foreign keys switched off."""
    engine = open_database(f"sqlite:///{tmp_path / 'broken.db'}")
    fill_first_revision(engine)
    with sqlite3.connect(tmp_path / "broken.db") as meddler:
        meddler.execute("DELETE FROM services")
    with pytest.raises(RegistryError, match="a row of grants refers to a row of services that is not there"):
        upgrade(engine)
    assert current(engine) == "0001"
    engine.dispose()
