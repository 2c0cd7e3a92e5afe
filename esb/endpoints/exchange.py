"""The exchange door: a POST to a resource's address goes along the way of a message."""

from collections.abc import Callable
from typing import Final

from esb.bus import Bus
from esb.kernel.clock import Clock
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpRequest, HttpResponse
from esb.kernel.message import Replied
from esb.kernel.soap import SoapVersion
from esb.stages.progress import Progress
from esb.stages.receive import receive

_CONTENT_TYPE: Final = {version: f"{version.media_type}; charset=utf-8" for version in SoapVersion}


class ExchangeDoor:
    """Turns HTTP into messages and replies into HTTP.

    Args:
        new_id: makes exchange ids (UUIDv7 text, from Unix seconds).
    """

    def __init__(self, bus: Bus, clock: Clock, new_id: Callable[[float], str]) -> None:
        self._bus = bus
        self._clock = clock
        self._new_id = new_id

    async def post(self, request: HttpRequest) -> HttpResponse:
        """Carry one request."""
        at = self._clock.now()
        exchange = self._new_id(at)
        try:
            received = receive(request, exchange, at)
        except Refusal as refusal:
            return response(await self._bus.refuse(refusal, self._at_door(exchange, at, request)))
        return response(await self._bus.carry(received))

    async def refuse(self, refusal: Refusal, request: HttpRequest) -> HttpResponse:
        """Answer a request that the transport could not take in whole (too large, a coding that is not read)."""
        at = self._clock.now()
        progress = self._at_door(self._new_id(at), at, request)
        return response(await self._bus.refuse(refusal, progress))

    @staticmethod
    def _at_door(exchange: str, at: float, request: HttpRequest) -> Progress:
        media = request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        version = SoapVersion.V12 if media == b"application/soap+xml" else SoapVersion.V11
        return Progress(exchange, at, request.path, version, request.body, request.peer.address)


def response(replied: Replied) -> HttpResponse:
    """A reply as HTTP."""
    headers = () if replied.retry_after is None else (("Retry-After", str(replied.retry_after)),)
    return HttpResponse(replied.status, _CONTENT_TYPE[replied.version], replied.envelope, headers)
