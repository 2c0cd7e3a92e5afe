"""What a hosted service may see of its bus."""

from types import SimpleNamespace
from typing import Any

from esb.endpoints.bus_view import BusView


def test_a_node_without_a_registry_of_its_own_shows_none() -> None:
    directory: Any = SimpleNamespace()
    view = BusView(lambda: directory, lambda: 1.0, lambda digest: directory, "https://bus.example")
    assert (view.engine, view.histories) == (None, None)
    assert view.directory() is directory
