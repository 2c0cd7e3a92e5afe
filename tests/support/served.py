"""`esb serve` in processes of its own: its log as it is written, its workers, its signals and its end."""

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class Served:
    """A supervisor with its workers, or with ``workers=0`` a bus of one process.

    Args:
        environment: settings as SHLUZ_ variables; no other settings of the caller's environment count.
    """

    def __init__(self, home: Path, environment: Mapping[str, str], workers: int) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SHLUZ_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "esb.cli", "--home", str(home), "serve", "--workers", str(workers)],
            env={**inherited, "SHLUZ_LOG_FORMAT": "json", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.raw: list[str] = []
        self._heard = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The supervisor's number."""
        return self.process.pid

    @property
    def lines(self) -> list[Line]:
        """The log so far; what is no JSON is left out (see ``raw``)."""
        found = []
        for line in list(self.raw):
            with suppress(ValueError):
                found.append(json.loads(line))
        return found

    def of(self, event: str) -> list[Line]:
        """The log's lines about an event."""
        return [line for line in self.lines if line.get("event") == event]

    def workers(self) -> dict[int, int]:
        """The processes that serve now, by slot: those that said they were ready and have not ended."""
        alive: dict[int, int] = {}
        for line in self.lines:
            if line["event"] == "worker ready":
                alive[line["worker"]] = line["pid"]
            elif "ended" in line and alive.get(line["worker"]) == line["pid"]:
                del alive[line["worker"]]
        return alive

    def wait_for(self, event: str, times: int = 1, seconds: float = 100) -> Line:
        """Wait until the log tells of an event for the so-manieth time; that line."""
        return self.wait(lambda: found[times - 1] if len(found := self.of(event)) >= times else None, event, seconds)

    def wait(self, true: Callable[[], Any], what: str, seconds: float = 100) -> Any:
        """Wait until ``true`` gives something, asked after each line of the log and now and then."""
        until = time.monotonic() + seconds
        while not (found := true()):
            with self._heard:
                if time.monotonic() > until or self._ended:
                    raise AssertionError(f"{what}: it never came\n{''.join(self.raw)}")
                self._heard.wait(0.1)
        return found

    def wait_until_ready(self) -> int:
        """Wait until it takes requests; its port."""
        return int(self.wait_for("ready")["port"])

    def connect_to_each(self, tls: ssl.SSLContext | None = None) -> dict[int, http.client.HTTPConnection]:
        """A kept connection to each of the workers that serve now."""
        port, found = self.wait_until_ready(), dict[int, http.client.HTTPConnection]()
        until = time.monotonic() + 30
        while len(found) < len(self.workers()):
            assert time.monotonic() < until, "some worker gets no connection"
            if tls is None:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            else:
                connection = http.client.HTTPSConnection("localhost", port, timeout=30, context=tls)
            connection.request("GET", "/readyz")
            worker = json.loads(connection.getresponse().read())["worker"]
            if worker in found:
                connection.close()
            else:
                found[worker] = connection
        return found

    def signal(self, number: signal.Signals) -> None:
        """Send the supervisor a signal."""
        self.process.send_signal(number)

    def end(self, seconds: float = 60) -> int:
        """Stop it in order, unless it has ended; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()  # its workers end with it
            self.process.wait()
            raise AssertionError(f"it did not end\n{''.join(self.raw)}") from None
        self._reader.join(seconds)
        return code

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._heard:
                self.raw.append(line)
                self._heard.notify_all()
        with self._heard:
            self._ended = True  # the last of its processes has closed its log
            self._heard.notify_all()
        self.process.stderr.close()
