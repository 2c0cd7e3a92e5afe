"""Alembic's entry works within the transaction that it is given."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from esb.registry.database import exclusive, open_database
from esb.registry.migrations.run import _config


def test_what_fails_halfway_leaves_an_empty_database(tmp_path: Path) -> None:
    """On SQLite too, where Alembic alone would leave the tables that it made before the failure."""
    engine = open_database(f"sqlite:///{tmp_path / 'registry.db'}")

    def upgrade_and_fail() -> None:
        with engine.connect() as connection, exclusive(connection).begin():
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            raise OSError("the power went")

    with pytest.raises(OSError, match="power"):
        upgrade_and_fail()
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
