"""How far a message has come: the last value that a stage returned, and the ones inside it."""

from dataclasses import dataclass
from typing import Any, TypeVar

from esb.kernel.message import Authenticated, Authorized, Received
from esb.kernel.soap import SoapVersion

T = TypeVar("T")
_INNER = (
    "judged",
    "verified",
    "answered",
    "routed",
    "accepted",
    "validated",
    "authorized",
    "authenticated",
    "parsed",
    "received",
)


@dataclass(slots=True)
class Progress:
    """One exchange under way, as the bus follows it.  The only mutable thing about a message.

    Attributes:
        exchange, at, path, version, raw, peer: of the request as it came in, also when it was refused at the door.
        stage: name of the stage that has the message now.
        message: the value that it was given.
    """

    exchange: str
    at: float
    path: str
    version: SoapVersion
    raw: bytes
    peer: str
    stage: str = "receive"
    message: Any = None

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

    def reached(self, kind: type[T]) -> T | None:
        """The message as it was when it became ``kind``; None when it has not come that far."""
        value = self.message
        while value is not None and not isinstance(value, kind):
            value = next((inner for name in _INNER if (inner := getattr(value, name, None)) is not None), None)
        return value

    @property
    def authenticated(self) -> Authenticated | None:
        """The message as authenticated, when it was."""
        return self.reached(Authenticated)

    @property
    def authorized(self) -> Authorized | None:
        """The message as authorized, when it was."""
        return self.reached(Authorized)
