"""Bringing a registry's database to this version's schema, from the program itself."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from esb.registry.database import exclusive
from esb.registry.errors import RegistryError, database_errors

_TURN = 5_405_001  # PostgreSQL advisory lock: migrations take turns, like starting processes of one installation


class SchemaUnknown(RegistryError):
    """The database has a revision that this version of the program does not know."""


def upgrade(engine: Engine) -> None:
    """Bring the database to :func:`head` in one transaction; does nothing when it is there already.

    Several processes may call this at once.  Raises :class:`SchemaUnknown` when a newer version of the program wrote
    the database, :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    with database_errors(), engine.connect() as connection, exclusive(connection).begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
        found = MigrationContext.configure(connection).get_current_revision()
        config = _config()
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in known:
            raise SchemaUnknown(
                f"the registry's database is at schema revision {found[:40]!r}, which this version does not know: a "
                "newer version of the program wrote it; run that version, or restore a backup made before it"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current(engine: Engine) -> str | None:
    """Return the database's revision, None when it is empty.

    Raises :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    with database_errors(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """Return the revision that this version of the program needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RegistryError("this installation holds no migrations; install it again")
    return revision


def _config() -> Config:
    config = Config()
    # A percent sign in the path would be read as an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
