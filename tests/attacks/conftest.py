"""A whole bus for attacks that go all the way: its provider's journal is the witness of what got through."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from support.client import Consumer
from support.place import Place, make_place
from support.provider import Provider
from support.way import Asker

from esb.kernel.soap import SoapVersion


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    provider = Provider()
    place = make_place(tmp_path_factory.mktemp("attacked") / "home", provider, SHLUZ_REGISTRY_POLL_SECONDS="60")
    with place.serve():
        yield place
    provider.close()


@pytest.fixture
def place(attacked: Place) -> Place:
    attacked.provider.reset()
    attacked.clock.shift, attacked.clock.stopped = 0.0, None
    return attacked


@pytest.fixture
def asker(place: Place) -> Asker:
    return Asker(place)


@pytest.fixture
def eesmn(place: Place) -> Consumer:
    return place.consumers["EESMN"]


@pytest.fixture(params=list(SoapVersion), ids=["soap11", "soap12"])
def version(request: pytest.FixtureRequest) -> SoapVersion:
    value = request.param
    assert isinstance(value, SoapVersion)
    return value


_NUMBERS = itertools.count(1)


@pytest.fixture
def fresh_name() -> Callable[[], str]:
    return lambda: f"A{next(_NUMBERS)}"
