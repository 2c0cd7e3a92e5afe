"""Alembic's entry: runs the revisions on the connection that :mod:`esb.registry.migrations.run` gives.

The transaction is the caller's, on SQLite too, where Alembic would not open one.
"""

from alembic import context
from sqlalchemy import Connection

from esb.registry.schema import Base


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
    )
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])
