"""The authority's tables guard themselves against what no act would do."""

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from esb.registry.authority_models import IssuedRow, PublishedListRow, RenewalRow
from esb.registry.database import open_database

NOW = 1_790_000_000.0
RENEWAL = {
    "subject": "bus",
    "use": "signing",
    "old_sha256": "0" * 64,
    "next_sha256": "1" * 64,
    "author": "operator",
    "begun_at": NOW,
    "ends_at": NOW + 60,
}
LIST = {"issuer": "c" * 64, "sha256": "0" * 64, "entries": 0, "published_at": NOW, "next_update": NOW + 60}
ISSUED = {
    "sha256": "0" * 64,
    "der": b"x",
    "issuer": "c" * 64,
    "serial": "1",
    "profile": "member-signing",
    "subject": "CN=x",
    "key_sha256": "2" * 64,
    "not_before": NOW,
    "not_after": NOW + 60,
    "requester": "operator",
    "issued_at": NOW,
}


@pytest.fixture
def engine(sqlite_database: str) -> Engine:
    return open_database(sqlite_database)


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (RenewalRow, {**RENEWAL, "subject": "door"}),
        (RenewalRow, {**RENEWAL, "subject": "member"}),
        (RenewalRow, {**RENEWAL, "cut_over_at": NOW, "given_up_at": NOW}),
        (RenewalRow, {**RENEWAL, "next_sha256": "1"}),
        (PublishedListRow, {**LIST, "number": 3, "base": 3}),
        (IssuedRow, {**ISSUED, "revoked": "superseded"}),
        (IssuedRow, {**ISSUED, "sha256": "0"}),
    ],
)
def test_an_odd_row_is_refused(engine: Engine, model: type, values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(sa.insert(model).values(**values))


@pytest.mark.parametrize(
    ("model", "values"),
    [(RenewalRow, RENEWAL), (PublishedListRow, {**LIST, "number": 3, "base": 2}), (IssuedRow, ISSUED)],
)
def test_an_ordinary_row_is_taken(engine: Engine, model: type, values: dict[str, object]) -> None:
    with engine.begin() as connection:
        connection.execute(sa.insert(model).values(**values))
