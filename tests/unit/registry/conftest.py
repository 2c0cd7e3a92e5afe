"""A fresh, migrated registry for each test."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from esb.registry.database import open_database


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    """An engine on a migrated SQLite registry of the test's own."""
    engine = open_database(sqlite_database)
    yield engine
    engine.dispose()
