"""The first revision makes the tables and does not unmake them."""

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Engine

from esb.registry.database import exclusive
from esb.registry.migrations import current, head
from esb.registry.migrations.run import _config


def test_going_below_the_first_revision_is_refused_and_keeps_the_tables(engine: Engine) -> None:
    def downgrade() -> None:
        with engine.connect() as connection, exclusive(connection).begin():
            config = _config()
            config.attributes["connection"] = connection
            command.downgrade(config, "base")

    with pytest.raises(RuntimeError, match="instead of a downgrade"):
        downgrade()
    assert current(engine) == head()
    assert "members" in sa.inspect(engine).get_table_names()
