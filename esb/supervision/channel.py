"""How a supervisor and a worker talk: short texts over a pair of SEQPACKET sockets, so that each arrives whole.

A worker says :data:`READY` once it could take requests, :data:`BEAT` every few seconds, and ``failed REASON`` when it
cannot start.  Its supervisor says ``serve SLOT`` and ``leave SLOT``: begin and cease to accept at a slot's socket;
:data:`RETIRE`: a successor is there; :data:`HURRY`: wait no longer for clients that say nothing; and :data:`NOW`: end
without waiting for anything.  The end of the channel is the end of the other process.
"""

import socket
from typing import Final

READY: Final = "ready"
BEAT: Final = "beat"
RETIRE: Final = "retire"
HURRY: Final = "hurry"
NOW: Final = "now"

BEAT_SECONDS: Final = 2.0
_LONGEST: Final = 4096


class Channel:
    """One end.  Neither method ever waits or raises: who does not listen any more is noticed by its end.

    Args:
        end: a connected SEQPACKET socket.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end

    def fileno(self) -> int:
        """The socket's number, for a selector or a reactor."""
        return self._end.fileno()

    def say(self, word: str, what: object = "") -> None:
        """Send a text."""
        try:
            self._end.send(f"{word} {what}".strip().encode()[:_LONGEST])
        except OSError:
            return

    def hear(self) -> list[tuple[str, str]] | None:
        """What has come: words, each with what stood behind it.  None when the other end is gone."""
        said: list[tuple[str, str]] = []
        while True:
            try:
                octets = self._end.recv(_LONGEST)
            except BlockingIOError:
                return said
            except OSError:
                octets = b""
            if not octets:
                return said or None
            word, _, what = octets.decode("utf-8", "replace").partition(" ")
            said.append((word, what))

    def close(self) -> None:
        """Let go of it."""
        self._end.close()


def make_channel() -> tuple[socket.socket, socket.socket]:
    """A fresh pair: the supervisor's end and the worker's."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
