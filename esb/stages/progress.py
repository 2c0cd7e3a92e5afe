"""How far a message has come: the last value that a stage returned, and those that a refusal asks for."""

from dataclasses import dataclass
from typing import Any

from esb.kernel.message import Accepted, Authenticated, Authorized, Received
from esb.kernel.soap import SoapVersion


@dataclass(slots=True)
class Progress:
    """One exchange under way, as the bus follows it.  The only mutable thing about a message.

    Attributes:
        exchange, at, path, version, raw, peer: of the request as it came in, also when it was refused at the door.
        stage: name of the stage that has the message now.
        message: the value that it was given.
        authenticated, authorized, accepted: the message as it was when it became so; None when it has not come so far.
    """

    exchange: str
    at: float
    path: str
    version: SoapVersion
    raw: bytes
    peer: str
    stage: str = "receive"
    message: Any = None
    authenticated: Authenticated | None = None
    authorized: Authorized | None = None
    accepted: Accepted | None = None

    @classmethod
    def of(cls, received: Received) -> "Progress":
        """Begin with a received message."""
        return cls(
            received.exchange,
            received.at,
            received.path,
            received.version,
            received.raw,
            received.peer.address,
            "parse",
            received,
        )

    def came_to(self, message: Any) -> None:
        """A stage has returned ``message``."""
        self.message = message
        kind = type(message)
        if kind is Authenticated:
            self.authenticated = message
        elif kind is Authorized:
            self.authorized = message
        elif kind is Accepted:
            self.accepted = message
