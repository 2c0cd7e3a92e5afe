"""Bringing a registry's database to this version's schema, from the program itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from esb.registry.database import exclusive
from esb.registry.errors import RegistryError, database_errors

_TURN = 5_405_001  # PostgreSQL advisory lock: migrations take turns, like starting processes of one installation


class SchemaUnknown(RegistryError):
    """The database has a revision that this version of the program does not know."""


def run(engine: Engine) -> None:
    """Run what is missing of the revisions, in one transaction; nothing when another process was first.

    Raises :class:`SchemaUnknown` when a newer version of the program wrote the database,
    :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    with (
        database_errors(),
        engine.connect() as connection,
        _free_of_references(connection),
        exclusive(connection).begin(),
    ):
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
        _check_references(connection)


@contextmanager
def _free_of_references(connection: Connection) -> Iterator[None]:
    """Have SQLite not look after foreign keys inside the block, where tables are rebuilt.

    SQLite changes a column by making the table anew and dropping the old one, and to drop a table that others refer to
    deletes its rows first (https://www.sqlite.org/lang_altertable.html, section 7).  Nothing but the beginning of a
    transaction can switch that off, so it is looked at once, whole, before the commit.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.cursor()  # the engine would begin a transaction first
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.execute(text("PRAGMA foreign_key_check")).first()
    if broken is not None:
        raise RegistryError(
            f"a row of {broken[0]} refers to a row of {broken[2]} that is not there; nothing was changed: restore a "
            "backup, or ask whoever changed the database by hand"
        )


def _config() -> Config:
    config = Config()
    # A percent sign in the path would be read as an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
