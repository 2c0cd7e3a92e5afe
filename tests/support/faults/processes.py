"""Processes that can be killed: the bus as operators run it, and the provider."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil  # type: ignore[import-untyped]

TESTS: Final = Path(__file__).parents[2]
PATIENCE: Final = 10.0  # seconds within which a bus must be well again once a fault is lifted
_START: Final = 60.0  # seconds that a process may take to start on a machine with much else to do


def until(true: Callable[[], Any], seconds: float = PATIENCE, what: str = "") -> Any:
    """Poll until something is so, and give what it was.

    Raises:
        AssertionError: it did not become so in time.
    """
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, f"not within {seconds:.0f} seconds: {what or true}"
        time.sleep(0.02)
    return found


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process at once, and wait until it is gone."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.wait(10)


class Provider:
    """A provider's process, on one port from birth to birth.

    Args:
        folder: keeps its journal.
        evidence: the log that it looks into, "" for none.
        every: it looks at one delivery in so many.
    """

    def __init__(self, folder: Path, evidence: str = "", every: int = 1) -> None:
        self.journal_file = folder / "provider.jsonl"
        self.port = self._control = 0
        self._evidence = evidence
        self._every = every
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the bus finds it."""
        return f"http://127.0.0.1:{self.port}/persons"

    def look_into(self, evidence: str) -> None:
        """Which log to look into, from the next start on."""
        self._evidence = evidence

    def start(self) -> "Provider":
        """Start it, or its successor on the same port."""
        command = [sys.executable, "-m", "support.faults.provider", "--journal", str(self.journal_file)]
        command += ["--port", str(self.port), "--evidence", self._evidence, "--every", str(self._every)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(TESTS)}, cwd=TESTS
        )
        assert self._process.stdout is not None
        self.port, self._control = map(int, self._process.stdout.readline().split())
        return self

    def behave(self, manner: str, wait: float = 0.0, share: float = 1.0) -> None:
        """Change its manner for what comes from now on."""
        self._ask("/manner", {"manner": manner, "wait": wait, "share": share})

    def most(self) -> dict[str, int]:
        """The most connections and requests that it had at a time since its manner was set."""
        found = self._ask("/told", {})
        assert isinstance(found, dict)
        return found

    def _ask(self, path: str, facts: dict[str, Any]) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._control, timeout=10)
        try:
            connection.request("POST", path, json.dumps(facts))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            kill(self._process)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


class BusProcess:
    """``esb serve`` in a home, as an operator runs it.

    Args:
        home: its home.
        environment: settings and whatever else it is to find there.
        arguments: of ``esb serve``.
        tls: by which its readiness is asked; None where it speaks plain HTTP.
    """

    def __init__(
        self,
        home: Path,
        environment: dict[str, str],
        arguments: tuple[str, ...] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.port = free_port()  # and its successors'
        self._tls = tls
        self.log = home.parent / "bus.log"
        self._home = home
        self._environment = environment
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that was started: the bus itself, or the supervisor of its workers."""
        assert self._process is not None
        return self._process.pid

    @property
    def children(self) -> list[int]:
        """Its workers' pids."""
        try:
            return [child.pid for child in psutil.Process(self.pid).children()]
        except psutil.NoSuchProcess:
            return []

    @property
    def runs(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def memory(self) -> int:
        """Resident bytes of the process and its workers."""
        total = 0
        for pid in (self.pid, *self.children):
            with suppress(psutil.NoSuchProcess):
                total += psutil.Process(pid).memory_info().rss
        return total

    def spawn(self) -> None:
        """Start it and do not wait."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "esb.cli", "serve", *self._arguments],
                env={
                    **{name: value for name, value in os.environ.items() if not name.startswith("SHLUZ_")},
                    "SHLUZ_HOME": str(self._home),
                    "SHLUZ_DOOR_PORT": str(self.port),
                    "SHLUZ_LOG_LEVEL": "warning",
                    **self._environment,
                },
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._home,
            )

    def start(self) -> "BusProcess":
        """Start it, and wait until it says that it is ready."""
        self.spawn()
        self.wait_ready(_START)
        return self

    def ready(self) -> int:
        """What /readyz says: 200, 503; 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        if self._tls is not None:
            connection = http.client.HTTPSConnection("localhost", self.port, timeout=5, context=self._tls)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def wait_ready(self, seconds: float = PATIENCE) -> None:
        """Wait until it is ready.

        Raises:
            AssertionError: it ended instead, or did not get ready.
        """

        def true() -> bool:
            assert self.runs, f"the bus ended:\n{self.log.read_text()[-2000:]}"
            return self.ready() == 200

        until(true, seconds, "the bus is ready")

    def kill(self) -> None:
        """SIGKILL to the process that was started; workers are left to notice."""
        if self._process is not None:
            kill(self._process)

    def kill_all(self) -> None:
        """SIGKILL to it and to its workers."""
        workers = self.children if self.runs else []
        self.kill()
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(40)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
