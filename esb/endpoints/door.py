"""The front door: which of the doors a request goes to, by method and path."""

from collections.abc import Mapping
from types import MappingProxyType

from esb.endpoints.contract import ContractDoor
from esb.endpoints.exchange import ExchangeDoor
from esb.endpoints.health import Check, healthz, readyz
from esb.kernel.http import HttpHandler, HttpRequest, HttpResponse
from esb.kernel.names import SERVICES_ROOT


class FrontDoor:
    """Routes requests; the :data:`esb.kernel.http.HttpHandler` of the listener.

    Args:
        doors: who answers a GET, by the first part of the path with its slashes (``/log/``).
        posts: who is posted to at a path and is no message's business.

    Attributes:
        checks, warnings, worker: what ``/readyz`` tells (:func:`esb.endpoints.health.readyz`).
    """

    def __init__(
        self,
        exchange: ExchangeDoor,
        contract: ContractDoor,
        checks: dict[str, Check],
        doors: Mapping[str, HttpHandler] = MappingProxyType({}),
        posts: Mapping[str, HttpHandler] = MappingProxyType({}),
    ) -> None:
        self._exchange = exchange
        self._contract = contract
        self._doors = doors
        self._posts = posts
        self.checks = checks
        self.warnings: dict[str, Check] = {}
        self.worker: int | None = None

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        if request.method == "POST":
            # Whatever else is posted is taken for a message: a SOAP client is told so in SOAP (RTE-01).
            return await self._posts.get(request.path, self._exchange.post)(request)
        if request.method not in ("GET", "HEAD"):
            return _not_allowed("GET, HEAD, POST")
        if request.path.startswith(SERVICES_ROOT):
            return await self._contract.get(request)
        if request.path == "/healthz":
            return healthz()
        if request.path == "/readyz":
            return readyz(self.checks, self.warnings, self.worker)
        door = self._doors.get(request.path[: request.path.find("/", 1) + 1])
        if door is not None:
            return await door(request)
        return HttpResponse(404, "text/plain; charset=utf-8", b"Nothing is here. Resources stand under /services/.\n")


def _not_allowed(allowed: str) -> HttpResponse:
    body = f"Use {allowed}.\n".encode()
    return HttpResponse(405, "text/plain; charset=utf-8", body, (("Allow", allowed),))
