"""The processes that the demo starts, and their end: each is ended by its own number, whatever happens."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from esb.kernel.faults import EsbError

_ENDS_IN = 8.0  # seconds that a process has to end in order


class DidNotStart(EsbError):
    """A process that the demo needs did not come up; the text says which, and how its log ends."""


def clean_environment() -> dict[str, str]:
    """The environment without settings of another bus."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SHLUZ_")}


@dataclass(slots=True)
class Process:
    """One started process, with the file that holds what it complains of."""

    name: str
    popen: "subprocess.Popen[bytes]"
    log: Path

    @property
    def pid(self) -> int:
        """Its number."""
        return self.popen.pid

    def failed(self, what: str) -> DidNotStart:
        """What to raise when it does not serve; quotes the end of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace").strip()
        tail = "\n".join(text.splitlines()[-6:])
        return DidNotStart(f"{self.name} {what}. Its log ends:\n{tail or '(it is empty)'}")

    def wait_for_line(self, begins: str, seconds: float) -> str:
        """The rest of the first line on its standard output, which is to begin so.  Raises :class:`DidNotStart`."""
        stream = self.popen.stdout
        if stream is None:
            raise self.failed("was not started to be listened to")
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            if not selector.select(seconds):
                raise self.failed(f"did not serve within {seconds:g} s")
        line = stream.readline().decode()
        if not line.startswith(begins):
            raise self.failed("ended before it served")
        return line.removeprefix(begins).strip()

    def stop(self) -> None:
        """End it in order, by force when it takes too long.  Again is no change."""
        if self.popen.poll() is None:
            with suppress(ProcessLookupError):
                self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(_ENDS_IN)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        for stream in (self.popen.stdin, self.popen.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


@dataclass(slots=True)
class Processes:
    """All of them; a context manager whose end is theirs."""

    running: list[Process] = field(default_factory=list)

    def start(self, name: str, arguments: Sequence[str | Path], log: Path, **settings: str) -> Process:
        """Start a Python program in a session of its own, so that Ctrl-C is ours alone to pass on.

        Args:
            arguments: for the interpreter, such as ``-m esb.cli.main``.
            settings: more for its environment.
        """
        with log.open("wb") as complaints:
            popen: subprocess.Popen[Any] = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env={**clean_environment(), "PYTHONUNBUFFERED": "1", **settings},
                start_new_session=True,
            )
        process = Process(name, popen, log)
        self.running.append(process)
        return process

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Told all at once, then waited for one by one.
        for process in self.running:
            with suppress(ProcessLookupError):
                process.popen.send_signal(signal.SIGTERM)
        for process in reversed(self.running):
            process.stop()


def wait_until(done: Any, seconds: float, every: float = 0.03) -> bool:
    """Ask ``done`` again and again until it says yes or the time is up."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= end:
            return False
        time.sleep(every)
    return True
