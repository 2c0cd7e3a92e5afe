"""A registry of an earlier revision, with what was in it, on SQLite and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Engine

from esb.registry.database import exclusive, open_database, reading
from esb.registry.grants import list_grants
from esb.registry.migrations import upgrade
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


def test_grants_of_before_say_who_gave_them(empty: Engine) -> None:
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
