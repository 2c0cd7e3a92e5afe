"""Opening the registry's database, and the two ways of using it: reading one moment of it, and changing it in order."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from esb.registry.errors import Invalid, database_errors

_POSTGRESQL = "postgresql+psycopg"
_BUSY_MILLISECONDS = 5_000
_BEGIN = "shluz_begin"  # execution option: how a transaction begins on SQLite


def open_database(url: str) -> Engine:
    """Return an engine for ``sqlite:///PATH`` or ``postgresql+psycopg://…``; connects only when it is first used.

    Raises :class:`Invalid` for any other address.  The text never repeats the address, which may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Invalid(f"the registry's database address cannot be read; {_LAWFUL_URLS}") from error
    if parsed.drivername == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise Invalid(f"the registry needs a file, because other processes read it too; {_LAWFUL_URLS}")
        engine = create_engine(parsed, json_serializer=_json)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername == _POSTGRESQL:
        engine = create_engine(parsed, json_serializer=_json, pool_pre_ping=True, connect_args={"connect_timeout": 5})
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    raise Invalid(f"the registry does not speak to {parsed.drivername[:40]!r}; {_LAWFUL_URLS}")


_LAWFUL_URLS = "write sqlite:////absolute/path/registry.db or postgresql+psycopg://user:password@host:5432/database"


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Give a session that sees one moment of the registry throughout, whatever is changed meanwhile.

    Rows stay readable after the block, as plain values; to change one changes nothing.
    Raises :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    options: dict[str, Any] = {_BEGIN: "BEGIN"}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with database_errors(), engine.connect() as connection:
        with Session(connection.execution_options(**options), expire_on_commit=False, autoflush=False) as session:
            yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """Give a session for one change, committed at the block's end, undone when an error leaves it.

    Writers wait for one another from the beginning of the transaction.  So change numbers become visible in their
    order (a reader that has seen number 7 never finds a 6 that it missed), and what a change looked up is still true
    when it writes.  Raises :class:`~esb.registry.errors.Conflict`,
    :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    with database_errors(), engine.connect() as connection:
        with exclusive(connection).begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE changes IN EXCLUSIVE MODE"))
            with Session(connection, expire_on_commit=False) as session:
                yield session
                session.flush()


def exclusive(connection: Connection) -> Connection:
    """Return the connection with its next transaction taking SQLite's write lock at once.

    A SQLite transaction that reads first and writes later fails at once, without waiting, when another wrote between.
    """
    return connection.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own habit of opening transactions late is switched off: _begin_sqlite says when and how.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",  # a revocation must not be lost with the power
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _prepare_postgresql(connection: Any, _record: object) -> None:
    # Times come back in the session's zone; only UTC is read without looking a zone up for each value.
    connection.autocommit = True
    connection.execute("SET TIME ZONE 'UTC'")
    connection.autocommit = False


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
