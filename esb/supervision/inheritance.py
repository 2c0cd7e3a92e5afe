"""What a supervisor hands to a worker that it starts: its slot, and the descriptors that it may use."""

import os
import socket
from dataclasses import dataclass

from esb.kernel.faults import EsbError


class InheritanceBroken(EsbError):
    """A worker was started by hand, or by a supervisor of another version."""


@dataclass(frozen=True, slots=True)
class Inheritance:
    """The slot that a worker fills, and numbers of open file descriptors.

    Attributes:
        slot: which of the workers it is, from 0.
        channel: a connected SEQPACKET socket to the supervisor (:mod:`esb.supervision.channel`).
        quotas: the table of :class:`~esb.supervision.counts.SharedCounts`.
        sockets: the listening sockets of all slots, in their order.
    """

    slot: int
    channel: int
    quotas: int
    sockets: tuple[int, ...]

    @property
    def workers(self) -> int:
        """How many workers share the port and the node's limits."""
        return len(self.sockets)

    def text(self) -> str:
        """As the hidden option of ``esb serve`` takes it: ``0 of 2: 5 6 7,8``."""
        return f"{self.slot} of {self.workers}: {self.channel} {self.quotas} {','.join(map(str, self.sockets))}"

    @classmethod
    def read(cls, text: str) -> "Inheritance":
        """Read what :meth:`text` wrote, and keep the descriptors from this process's own children.

        Raises:
            InheritanceBroken: it is something else, or a descriptor is not open.
        """
        try:
            head, _, rest = text.partition(": ")
            channel, quotas, sockets = rest.split(" ")
            given = cls(int(head.split(" of ")[0]), int(channel), int(quotas), tuple(map(int, sockets.split(","))))
            for fd in (given.channel, given.quotas, *given.sockets):
                os.set_inheritable(fd, False)
        except (ValueError, OSError):
            raise InheritanceBroken(
                "A worker is started by its supervisor alone: use esb serve --workers N. If that is what you did, "
                "the supervisor is of another version: stop it and start it anew."
            ) from None
        if given.text() != text or not 0 <= given.slot < given.workers:
            raise InheritanceBroken("The supervisor is of another version: stop it and start it anew.")
        return given

    def listening(self) -> list[socket.socket]:
        """The listening sockets, taken over: they close with what is returned."""
        return [socket.socket(fileno=fd) for fd in self.sockets]
