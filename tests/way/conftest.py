"""The whole bus, once for all scenarios: served on a real port, with a real provider, reset between tests."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from support.client import Consumer
from support.mailroom import Inbox, mail_server, make_pair
from support.place import Place, copy_place, make_place
from support.provider import Provider
from support.way import Asker

from esb.kernel.soap import SoapVersion

MakePlace = Callable[..., Place]


@pytest.fixture(scope="session")
def shared_provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, shared_provider: Provider) -> Iterator[Place]:
    # Tests say themselves when a change is to be seen; what polling does is a scenario of its own.
    place = make_place(tmp_path_factory.mktemp("way") / "home", shared_provider, SHLUZ_REGISTRY_POLL_SECONDS="60")
    with place.serve():
        yield place


@pytest.fixture
def place(served: Place) -> Place:
    """The shared bus, with an empty journal, its provider's own answers, and the machine's time."""
    served.provider.reset()
    served.clock.shift, served.clock.stopped = 0.0, None
    return served


@pytest.fixture
def asker(place: Place) -> Asker:
    """Asks the shared bus."""
    return Asker(place)


@pytest.fixture
def provider(place: Place) -> Provider:
    """The shared bus's provider."""
    return place.provider


@pytest.fixture
def eesmn(place: Place) -> Consumer:
    """The consumer that has a grant for PersonQuery."""
    return place.consumers["EESMN"]


@pytest.fixture(params=list(SoapVersion), ids=["soap11", "soap12"])
def version(request: pytest.FixtureRequest) -> SoapVersion:
    """Both versions of SOAP, one after the other."""
    value = request.param
    assert isinstance(value, SoapVersion)
    return value


_NUMBERS = itertools.count(1)


@pytest.fixture
def fresh_name() -> Callable[[], str]:
    """Names that no other test uses: for members, systems and services."""
    return lambda: f"T{next(_NUMBERS)}"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, shared_provider: Provider) -> Place:
    """What every place of a test's own is copied from."""
    return make_place(tmp_path_factory.mktemp("template") / "home", shared_provider)


@pytest.fixture(scope="session")
def make_own(tmp_path_factory: pytest.TempPathFactory, template: Place) -> Iterator[MakePlace]:
    """As ``own_place``, for fixtures that live longer than a test."""
    providers: list[Provider] = []

    def make(**environment: str) -> Place:
        providers.append(Provider())
        folder = tmp_path_factory.mktemp("own") / "home"
        return copy_place(template, folder, providers[-1], **{"SHLUZ_REGISTRY_POLL_SECONDS": "60", **environment})

    yield make
    for provider in providers:
        provider.close()


@pytest.fixture
def own_place(make_own: MakePlace) -> MakePlace:
    """Make a place of this test's own, not yet served: for what would disturb the shared one."""
    return make_own


@pytest.fixture(scope="session")
def letterbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Inbox, dict[str, str]]]:
    """A mail server that speaks TLS from the start, and the settings of a bus that hands its notices to it."""
    pair = make_pair(tmp_path_factory.mktemp("mail"), "mail.example")
    with mail_server(pair, password="s3cret", implicit=True) as inbox:
        settings = {"HOST": "127.0.0.1", "PORT": str(inbox.port), "SECURITY": "tls", "ANCHORS": str(pair[0])}
        settings |= {"SENDER": "notices@bus.example", "USER": "shluz", "PASSWORD": "s3cret"}
        yield inbox, {f"SHLUZ_MAIL_{name}": value for name, value in settings.items()}


@pytest.fixture(scope="session")
def served_by_two(make_own: MakePlace, letterbox: tuple[Inbox, dict[str, str]]) -> Iterator[Place]:
    """A bus of two workers in processes of their own, which delivers notices."""
    place = make_own(SHLUZ_REGISTRY_POLL_SECONDS="0.2", **letterbox[1])
    with place.serve(workers=2):
        yield place


@pytest.fixture
def crew(served_by_two: Place) -> Place:
    """The bus of two workers: both there, and its provider's own answers."""
    bus = served_by_two.bus
    assert bus is not None
    served_by_two.provider.reset()
    bus.wait(lambda: len(bus.workers()) == 2, "two workers")
    return served_by_two
