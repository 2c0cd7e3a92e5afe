"""What zeep is given to be a member's client: a signature on what goes out, a check of what comes back, and a record of
the very bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zeep.transports import Transport

from esb.demo.opinion import Receipt, check_answer
from esb.demo.signing import Identity, sign_envelope
from esb.kernel.xml import Element

Change = Callable[[Element], None]
"""Does something to an envelope after it was signed, as an attacker on the way would."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """One request and its answer as they were on the wire."""

    address: str
    headers: dict[str, str]
    sent: bytes
    status: int
    received: bytes


class RecordingTransport(Transport):
    """zeep's own transport, which also keeps the last crossing."""

    def __init__(self) -> None:
        super().__init__(timeout=20, operation_timeout=20)  # type: ignore[no-untyped-call]
        self.session.trust_env = False  # a proxy of this machine is not for the loopback
        self.last: Crossing | None = None
        self.sending = b""

    def post(self, address: str, message: Any, headers: dict[str, str]) -> Any:
        """Post, and keep what went and what came."""
        self.sending = message.encode() if isinstance(message, str) else bytes(message)
        response = super().post(address, self.sending, headers)  # type: ignore[no-untyped-call]
        self.last = Crossing(address, dict(headers), self.sending, response.status_code, response.content)
        return response


class Wsse:
    """zeep's ``wsse``: signs each request as a member, and believes an answer only when the bus signed it whole."""

    def __init__(self, identity: Identity, bus_certificate: bytes, transport: RecordingTransport) -> None:
        self._identity = identity
        self._bus_certificate = bus_certificate
        self._transport = transport
        self.change: Change | None = None
        self.receipt: Receipt | None = None

    def apply(self, envelope: Element, headers: dict[str, str]) -> tuple[Element, dict[str, str]]:
        """Sign Body, Timestamp and header blocks."""
        self.receipt = None
        sign_envelope(envelope, self._identity)
        if self.change is not None:
            self.change(envelope)
        return envelope, headers

    def verify(self, envelope: Element) -> Element:
        """Check the answer before zeep reads it.  Raises :class:`~esb.demo.signing.OpinionError`."""
        self.receipt = check_answer(envelope, self._bus_certificate, self._transport.sending)
        return envelope
