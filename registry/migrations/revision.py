"""Which revision of the schema a registry's database has, and which one this program needs: without Alembic.

Every process that uses a registry asks this when it starts, and the answer is nearly always that nothing is to be done.
What does it, with Alembic behind it, is loaded only then: it takes a tenth of all the time that a bus needs to start.
"""

import re
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, inspect, text

from esb.registry.errors import RegistryError, database_errors

_VERSIONS: Final = Path(__file__).parent / "versions"
_NAMED: Final = re.compile(r"([0-9]{4})_[a-z_]+\.py")
_TABLE: Final = "alembic_version"


def current(engine: Engine) -> str | None:
    """Return the database's revision, None when it is empty.

    Raises :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    with database_errors(), engine.connect() as connection:
        if not inspect(connection).has_table(_TABLE):
            return None
        found = connection.scalar(text(f"SELECT version_num FROM {_TABLE}"))  # noqa: S608 - a name of our own
    return None if found is None else str(found)


def head() -> str:
    """Return the revision that this version of the program needs: a file's name begins with its revision."""
    found = [named[1] for path in _VERSIONS.iterdir() if (named := _NAMED.fullmatch(path.name))]
    if not found:
        raise RegistryError("this installation holds no migrations; install it again")
    return max(found)


def upgrade(engine: Engine) -> None:
    """Bring the database to :func:`head` in one transaction; does nothing when it is there already.

    Several processes may call this at once.

    Raises:
        SchemaUnknown: a newer version of the program wrote the database.
        RegistryUnavailable: it cannot be used.
    """
    if current(engine) == head():
        return
    from esb.registry.migrations.run import run

    run(engine)
