"""The hosted adapter of a wired bus: what a service sees of it, and where its failures go."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from support.reactor import on_reactor, reactor

from esb.adapters.hosted.adapter import HostedAdapter
from esb.endpoints import services
from esb.endpoints.bus_view import BusView
from esb.endpoints.services import hosted_adapter
from esb.kernel.clock import ManualClock

_FIRST = SimpleNamespace(services={})


@dataclass
class Wired:
    """As much of a wired bus as is asked for."""

    clock: ManualClock = field(default_factory=ManualClock)
    reactor: Any = reactor
    settings: Any = field(
        default_factory=lambda: SimpleNamespace(
            bus=SimpleNamespace(address="https://bus.example/"), registry=SimpleNamespace(source="snapshot")
        )
    )
    way: Any = field(default_factory=lambda: SimpleNamespace(directory=_FIRST))
    contract: Any = {"c0ffee": "a contract"}.__getitem__


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the adapter is made with."""
    arguments: list[tuple[Any, ...]] = []

    def made(*given: Any) -> HostedAdapter:
        arguments.append(given)
        return HostedAdapter(*given)

    monkeypatch.setattr(services, "HostedAdapter", made)
    return arguments


def test_a_service_sees_the_directory_in_force(given: list[tuple[Any, ...]]) -> None:
    node = Wired()
    on_reactor(lambda: hosted_adapter(node))
    view = given[0][1]
    assert isinstance(view, BusView)
    assert (view.directory(), view.now(), view.contract("c0ffee"), view.address) == (
        _FIRST,
        1_700_000_000.0,
        "a contract",
        "https://bus.example",
    )
    node.way.directory = "second"
    assert view.directory() == "second"


def test_a_failure_is_logged_with_its_exchange(given: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        services, "logger", lambda name: SimpleNamespace(error=lambda event, **facts: lines.append((event, facts)))
    )
    on_reactor(lambda: hosted_adapter(Wired()))
    error = RuntimeError("x")
    given[0][2]("x-1", error)
    assert lines == [("a hosted service failed", {"exchange": "x-1", "exc_info": error})]


def test_what_typed_services_run_on_is_there_before_the_first_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[HostedAdapter] = []

    def prepare(adapter: HostedAdapter) -> None:
        prepared.append(adapter)

    monkeypatch.setattr(HostedAdapter, "prepare", prepare)
    node = Wired()
    on_reactor(lambda: hosted_adapter(node))
    assert prepared == []
    node.way.directory = SimpleNamespace(services={"/x": SimpleNamespace(adapter="hosted")})
    adapter = on_reactor(lambda: hosted_adapter(node))
    assert prepared == [adapter]
