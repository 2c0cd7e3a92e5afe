"""The bus's own voice: the adapter for typed services, given what such a service may see of the bus."""

from collections.abc import Callable
from typing import Any, Protocol

from esb.adapters.hosted.adapter import HostedAdapter
from esb.endpoints.metadata import BusView
from esb.kernel.clock import Clock
from esb.kernel.contract import Contract
from esb.logs import logger
from esb.stages.way import Way


class _Address(Protocol):
    @property
    def address(self) -> str: ...


class _Settings(Protocol):
    @property
    def bus(self) -> _Address: ...


class Wired(Protocol):
    """What is needed of a wired bus (``esb.wiring.Node``)."""

    @property
    def settings(self) -> _Settings:
        """The settings; only the public base URL is read."""

    @property
    def way(self) -> Way:
        """Where the directory in force is."""

    @property
    def reactor(self) -> Any:
        """Twisted's reactor."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def contract(self) -> Callable[[str], Contract]:
        """Reads a stored contract by its digest (blocking)."""


def hosted_adapter(node: Wired) -> HostedAdapter:
    """The adapter for the services that this bus hosts."""
    log = logger("hosted")
    view = BusView(
        directory=lambda: node.way.directory,
        now=node.clock.now,
        contract=node.contract,
        address=node.settings.bus.address.rstrip("/"),
    )
    return HostedAdapter(
        node.reactor,
        view,
        lambda exchange, error: log.error("a hosted service failed", exchange=exchange, exc_info=error),
    )
