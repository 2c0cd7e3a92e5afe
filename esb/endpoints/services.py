"""The bus's own voice: the adapter for typed services, given what such a service may see of the bus."""

from collections.abc import Callable
from typing import Any, Final, Protocol

from sqlalchemy import Engine

from esb.adapters.hosted.adapter import HostedAdapter
from esb.admin.subject_history import Histories
from esb.admin.subject_keys import SubjectKeys
from esb.audit.vault import Vault
from esb.endpoints.bus_view import BusView
from esb.kernel.clock import Clock
from esb.kernel.contract import Contract
from esb.logs import logger
from esb.stages.way import Way

_THROUGH: Final = 20_000
"""Records that one question may read through for what is not in the search index: what it lags behind by, and no month,
for that would keep one of the few threads that hosted services have."""


class _Address(Protocol):
    @property
    def address(self) -> str: ...


class _Registry(Protocol):
    @property
    def source(self) -> str: ...


class _Evidence(Protocol):
    @property
    def url(self) -> str: ...


class _Settings(Protocol):
    @property
    def bus(self) -> _Address: ...

    @property
    def registry(self) -> _Registry: ...

    @property
    def evidence(self) -> _Evidence: ...


class Wired(Protocol):
    """What is needed of a wired bus (``esb.wiring.Node``)."""

    @property
    def settings(self) -> _Settings:
        """The settings; only the public base URL, the registry's source and the log's place are read."""

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
    def subjects(self) -> SubjectKeys:
        """The keys of persons' pseudonyms."""

    @property
    def vault(self) -> Callable[[], Vault]:
        """Opens what finds records that have left the log; asked at each history, in a thread."""

    @property
    def contract(self) -> Callable[[str], Contract]:
        """Reads a stored contract by its digest (blocking)."""


def histories(node: Wired) -> Histories:
    """What tells persons' histories, out of the archive too as far as the search index tells what is there."""
    return Histories(node.engine, node.settings.evidence.url, node.subjects.every, node.vault, through=_THROUGH)


def hosted_adapter(node: Wired) -> HostedAdapter:
    """The adapter for the services that this bus hosts, ready for those that are registered already."""
    log = logger("hosted")
    own = node.settings.registry.source == "database"
    view = BusView(
        directory=lambda: node.way.directory,
        now=node.clock.now,
        contract=node.contract,
        address=node.settings.bus.address.rstrip("/"),
        engine=node.engine if own else None,
        histories=histories(node) if own else None,
    )
    adapter = HostedAdapter(
        node.reactor,
        view,
        lambda exchange, error: log.error("a hosted service failed", exchange=exchange, exc_info=error),
    )
    if any(service.adapter == "hosted" for service in node.way.directory.services.values()):
        adapter.prepare()
    return adapter
