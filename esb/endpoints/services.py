"""The bus's own voice: the adapter for typed services, given what such a service may see of the bus."""

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import Engine

from esb.adapters.hosted.adapter import HostedAdapter
from esb.endpoints.metadata import BusView
from esb.kernel.clock import Clock
from esb.kernel.contract import Contract
from esb.logs import logger
from esb.stages.way import Way


class _Address(Protocol):
    @property
    def address(self) -> str: ...


class _Registry(Protocol):
    @property
    def source(self) -> str: ...


class _Settings(Protocol):
    @property
    def bus(self) -> _Address: ...

    @property
    def registry(self) -> _Registry: ...


class Wired(Protocol):
    """What is needed of a wired bus (``esb.wiring.Node``)."""

    @property
    def settings(self) -> _Settings:
        """The settings; only the public base URL and the registry's source are read."""

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
    def engine(self) -> Engine:
        """The registry's database; not to be used where the registry's source is another."""

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
        engine=node.engine if node.settings.registry.source == "database" else None,
    )
    return HostedAdapter(
        node.reactor,
        view,
        lambda exchange, error: log.error("a hosted service failed", exchange=exchange, exc_info=error),
    )
