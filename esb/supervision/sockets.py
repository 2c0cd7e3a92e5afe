"""The listening sockets of a bus of several processes: one a slot, on one address, held by the supervisor.

The kernel spreads connections over them by a hash (SO_REUSEPORT, socket(7)).  Because the supervisor keeps each of them
open, a connection that comes to a slot whose worker has died waits in its queue instead of being refused or reset.
"""

import errno
import socket
import time
from collections.abc import Callable
from typing import Final

from esb.kernel.faults import EsbError

_BACKLOG: Final = 1024
_PATIENCE: Final = 3.0  # seconds; workers of a supervisor that was killed let go of the port within one
_PAUSE: Final = 0.1


class CannotListen(EsbError):
    """The address cannot be listened on; the text says why and what to change."""


def listening_sockets(
    host: str, port: int, count: int, sleep: Callable[[float], None] = time.sleep
) -> list[socket.socket]:
    """Bind and listen on ``count`` sockets that share ``host`` and ``port``; with port 0 on one free port.

    Waits some seconds for an address that is in use: who used it may just be ending.

    Raises:
        CannotListen: it stays in use, or is not this machine's.
    """
    waited = 0.0
    while True:
        try:
            return _open(host, port, count)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or waited >= _PATIENCE:
                reason = error.strerror or "no such host"
                raise CannotListen(
                    f"{host}:{port} cannot be listened on ({reason}): another program may use it; set door.port."
                ) from error
        sleep(_PAUSE)
        waited += _PAUSE


def _open(host: str, port: int, count: int) -> list[socket.socket]:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    # Whoever has this user's rights may share a port that is open for sharing.  So somebody else who listens is looked
    # for first: two buses must not each take half of the messages.
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
    opened: list[socket.socket] = []
    try:
        for _ in range(count):
            one = socket.socket(family, socket.SOCK_STREAM)
            opened.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.setblocking(False)
            one.bind(address)
            address = one.getsockname()
        for one in opened:
            one.listen(_BACKLOG)
    except BaseException:
        for one in opened:
            one.close()
        raise
    return opened
