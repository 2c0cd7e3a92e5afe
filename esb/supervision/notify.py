"""Telling systemd how the service fares (sd_notify(3)); nothing where nobody listens."""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

VARIABLES: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""What a service's own children must not find in their environment."""


class Notifier:
    """Sends states to the service manager that started this process, if it asked for them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        mine = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        given = environ.get("WATCHDOG_USEC", "")
        self.watchdog = int(given) / 2_000_000 if mine and given.isdecimal() else 0.0
        """Seconds between signs of life, half of what the manager waits; 0 where it does not."""

    def ready(self, status: str) -> None:
        """The service serves, for the first time or again after :meth:`reloading`."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """A graceful restart has begun."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """A sign of life."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line that ``systemctl status`` shows."""
        self._send(f"STATUS={text}")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.setblocking(False)
            end.sendto("\n".join(lines).encode(), self._address)
