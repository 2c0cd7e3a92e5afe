"""The hosted adapter: a provider that is a typed service inside the bus."""

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import TimeoutError as TookTooLong

from esb.adapters.hosted.find import HostedUnknown, find_service
from esb.adapters.hosted.service import Asked, HostedService
from esb.adapters.hosted.workers import Workers
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.message import Outgoing, ProviderAnswer
from esb.kernel.soap import SoapVersion

if TYPE_CHECKING:
    from esb.adapters.hosted.application import Application


class HostedAdapter:
    """Asks typed services; a service's endpoint is its hosted name.

    Args:
        reactor: gives time (``callLater``) and the way back from threads (``callFromThread``).
        bus: what hosted services see of the bus, as ``ctx.udc.bus``.
        failed: told of an unexpected exception in a service (exchange id, exception), for the log; must not raise.
        find: a hosted service by its name.
    """

    def __init__(
        self,
        reactor: Any,
        bus: object,
        failed: Callable[[str, BaseException], None],
        find: Callable[[str], HostedService] = find_service,
    ) -> None:
        self._reactor = reactor
        self._bus = bus
        self._failed = failed
        self._find = find
        self._workers: dict[str, Workers] = {}
        self._applications: dict[str, Application] = {}
        self._making = Lock()

    async def ask(self, outgoing: Outgoing) -> ProviderAnswer:
        """Run the operation once, in a thread, and wait for its answer, a SOAP 1.1 envelope.

        Raises:
            Refusal: PRV-01 when this bus does not host the service, PRV-02 when it does not answer within the service's
                timeout (it may still act: a thread cannot be stopped), BUS-02 when too many wait for it.
        """
        name = outgoing.service.endpoint
        workers = self._workers.get(name)
        if workers is None:
            workers = self._workers[name] = Workers(name, self._reactor.callFromThread)
        running = workers.run(partial(self._answer, name, outgoing))
        running.addTimeout(outgoing.service.timeout, self._reactor)
        try:
            return ProviderAnswer(SoapVersion.V11, await running, "utf-8")
        except TookTooLong:
            raise Refusal(
                rules.PRV_TIMEOUT,
                "The service did not answer in time; it may still have acted on the request.",
                {"seconds": f"{outgoing.service.timeout:g}"},
            ) from None

    def _answer(self, name: str, outgoing: Outgoing) -> bytes:
        asked = Asked(
            exchange=outgoing.exchange,
            consumer=outgoing.consumer,
            client=outgoing.client,
            service=outgoing.service.id.text,
            operation=outgoing.operation.name,
            officer=outgoing.officer,
            bus=self._bus,
        )
        return self._application(name, outgoing.exchange).answer(outgoing.envelope, asked)

    def prepare(self) -> None:
        """Load what typed services run on, before the first of them is asked; a bus that hosts none needs it not."""
        from esb.adapters.hosted import application  # noqa: F401 - Spyne: a sixteenth of a bus's start

    def _application(self, name: str, exchange: str) -> "Application":
        from esb.adapters.hosted.application import Application

        with self._making:
            if name not in self._applications:
                try:
                    self._applications[name] = Application(self._find(name), self._failed)
                except HostedUnknown as error:
                    self._failed(exchange, error)
                    raise Refusal(
                        rules.PRV_CONNECT, "This bus does not host the service that is registered: ask the operator."
                    ) from error
            return self._applications[name]
