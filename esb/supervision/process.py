"""One worker process as its supervisor sees it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto

from esb.supervision.channel import Channel, make_channel
from esb.supervision.inheritance import Inheritance
from esb.supervision.lifeline import end_with_parent
from esb.supervision.notify import VARIABLES


class Stage(Enum):
    """How far a worker has come in its life."""

    STARTING = auto()
    SERVING = auto()
    RETIRING = auto()  # told to end; answers what was begun


@dataclass(slots=True, eq=False)
class Worker:
    """A worker that was started.  Times are monotonic seconds.

    Attributes:
        serves: the slots at whose sockets it accepts.
        heard: when it last said something.
        reason: why it could not start, in its own words.
        retired: in which restart, by its number, it was told to end; 0 while it was not.
    """

    slot: int
    process: "subprocess.Popen[bytes]"
    channel: Channel
    started: float
    heard: float
    stage: Stage = Stage.STARTING
    serves: set[int] = field(default_factory=set)
    reason: str = ""
    retired: int = 0

    @property
    def pid(self) -> int:
        """The process's number."""
        return self.process.pid

    def serve(self, slot: int) -> None:
        """Tell it to accept at a slot's socket."""
        self.serves.add(slot)
        self.channel.say("serve", slot)

    def leave(self, slot: int) -> None:
        """Tell it to accept there no more."""
        self.serves.discard(slot)
        self.channel.say("leave", slot)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def ending(self) -> str:
        """How it ended: an exit code, or the name of the signal that ended it."""
        code = self.process.returncode
        if code is None or code >= 0:
            return f"exit code {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"


def start_worker(
    slot: int,
    command: Sequence[str],
    sockets: Sequence[socket.socket],
    quotas: int,
    environ: Mapping[str, str],
    now: float,
) -> Worker:
    """Start a fresh process: it reads configuration, keys and code anew.

    Args:
        command: the arguments of ``esb`` that make a worker; its inheritance is appended.

    Raises:
        OSError: the machine has no room for another process.
    """
    mine, its = make_channel()
    with its:
        given = Inheritance(slot, its.fileno(), quotas, tuple(each.fileno() for each in sockets))
        try:
            # Before it is anything else: a worker that outlived its supervisor while it starts would keep the port.
            process = subprocess.Popen(
                [*interpreter(), *command, given.text()],
                stdin=subprocess.DEVNULL,
                preexec_fn=end_with_parent,  # noqa: PLW1509  # the supervisor has one thread
                pass_fds=(its.fileno(), quotas, *given.sockets),
                env={name: value for name, value in environ.items() if name not in VARIABLES},
            )
        except BaseException:
            mine.close()
            raise
    return Worker(slot, process, Channel(mine), now, now)


def interpreter() -> list[str]:
    """What runs ``esb`` in a process of its own, with the code that this process would find now."""
    # Python puts the working directory first with -m; a program that did not have it there must not find code in it.
    alone = [] if "" in sys.path or os.getcwd() in sys.path else ["-P"]
    return [sys.executable, *alone, "-m", "esb.cli"]
