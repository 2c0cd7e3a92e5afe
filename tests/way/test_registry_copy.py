"""A node without the registry's database: it routes and decides by what the central bus publishes, within the polling
time; goes on when the centre is gone; and refuses once what it knows may not be believed any more."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.client import GET_PERSON, Reply, post
from support.place import PASSPHRASE, PERSONS, Place, copy_place
from support.provider import Provider
from support.reactor import on_reactor, reactor
from support.way import MEDIA

from esb.admin.snapshot import FileSealer, export, make_key, public_path
from esb.endpoints.services import hosted_adapter
from esb.kernel.soap import SoapVersion
from esb.registry.database import open_database
from esb.registry.grants import revoke_grant
from esb.registry.publisher import Publisher
from esb.wiring import wire

POLL = 0.3
LIMIT = 2.0


@pytest.fixture(scope="module")
def central(make_own: Callable[..., Place]) -> Place:
    """A bus with the database that publishes its registry to anybody."""
    place = make_own(
        SHLUZ_SNAPSHOT_PUBLISH="anybody", SHLUZ_SNAPSHOT_STAMP_SECONDS="1", SHLUZ_REGISTRY_POLL_SECONDS="1"
    )
    make_key(place.engine, place.settings.snapshot.key, PASSPHRASE, "ed25519", author="operator", now=time.time())
    return place


@pytest.fixture
def follow(central: Place, template: Place, tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Make a node that follows: a home of its own, whose database nobody filled."""
    provider = Provider()

    def make(url: str, trusted: Path | None = None, **environment: str) -> Place:
        if central.port and url.startswith(f"http://127.0.0.1:{central.port}/"):
            soon(lambda: published(url), "published", 30)
        node = copy_place(
            template,  # the same authority; SQLite files of a bus that runs are not to be copied
            tmp_path / "node",
            provider,
            SHLUZ_REGISTRY_SOURCE="snapshot",
            SHLUZ_SNAPSHOT_URLS=url,
            SHLUZ_SNAPSHOT_GRACE_SECONDS="0",
            **environment,
        )
        node.engine.dispose()
        Path(node.home.path, "registry.db").unlink()
        node.settings.snapshot.trusted.write_bytes((trusted or public_path(central.settings.snapshot.key)).read_bytes())
        return node

    yield make
    provider.close()


def ask(place: Place, consumer: Any) -> Reply:
    signed = consumer.sign(GET_PERSON, version=SoapVersion.V11)
    return post(place.port, PERSONS.path, signed, MEDIA[SoapVersion.V11])


def soon(outcome: Callable[[], str], wanted: str, limit: float = LIMIT) -> None:
    begin = time.monotonic()
    while (found := outcome()) != wanted:
        assert time.monotonic() - begin < limit, f"{found!r} still, after {limit} seconds"


def published(url: str) -> str:
    """Whether a centre that has just started publishes already."""
    try:
        with urllib.request.urlopen(f"{url}/timestamp.json", timeout=5):
            return "published"
    except urllib.error.HTTPError as error:
        return str(error.code)


def ready(place: Place) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{place.port}/readyz", timeout=5) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_a_node_follows_goes_on_alone_and_stops_in_time(central: Place, follow: Callable[..., Place]) -> None:
    newcomer = central.member("NEWCOMER")
    with central.serve(workers=0):
        node = follow(f"http://127.0.0.1:{central.port}/registry")
        with node.serve():
            eesmn = central.consumers["EESMN"]
            assert ask(node, eesmn).status == 200
            assert not Path(node.home.path, "registry.db").exists()
            # Granted at the centre, in force at the node.
            assert ask(node, newcomer).rule == "ACC-02"
            grant = central.grant("NEWCOMER")
            soon(lambda: ask(node, newcomer).rule, "")
            # Taken back at the centre, refused at the node.
            with central.acting() as act:
                revoke_grant(act, grant, "no longer needed")
            soon(lambda: ask(node, newcomer).rule, "ACC-02")
            status, body = ready(node)
            assert (status, "warnings" in body) == (200, False)
            central_port = central.port
        # The node starts again, and finds its centre.
        with node.serve():
            assert ask(node, eesmn).status == 200
    # The centre is gone: the node starts from its own copy, contracts too, and goes on.
    with node.serve():
        assert central_port != node.port
        assert ask(node, eesmn).status == 200
        soon(lambda: "told" if "warnings" in ready(node)[1] else "", "told")
        assert ready(node)[0] == 200
        wsdl = urllib.request.urlopen(f"http://127.0.0.1:{node.port}{PERSONS.path}?wsdl", timeout=5).read()
        assert b"GetPerson" in wsdl
        # Until what it knows has run out: then it refuses, and says so.
        node.clock.shift = node.settings.snapshot.expires_seconds + 5
        reply = ask(node, eesmn)
        assert (reply.rule, reply.status, reply.headers["retry-after"]) == ("BUS-05", 503, "30")
        status, body = ready(node)
        assert (status, "too old" in body["checks"]["registry"]) == (503, True)


def test_it_comes_back_by_itself(central: Place, follow: Callable[..., Place]) -> None:
    with central.serve(workers=0):
        node = follow(f"http://127.0.0.1:{central.port}/registry")
        with node.serve():
            assert node.node is not None
            node.node.way.believed_until = 1.0  # as after a long night
            soon(lambda: ask(node, central.consumers["EESMN"]).rule, "")


def test_a_node_with_another_key_does_not_start(central: Place, follow: Callable[..., Place], tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    engine = open_database(central.settings.registry.url)
    make_key(engine, other, PASSPHRASE, "p256", author="operator", now=time.time())
    with central.serve(workers=0):
        time.sleep(POLL)
        node = follow(f"http://127.0.0.1:{central.port}/registry", public_path(other))
        with pytest.raises(Exception, match="trusted here"):
            on_reactor(lambda: wire(node.settings, reactor, node.clock, hosted_adapter))
    engine.dispose()


def test_what_is_forged_changes_nothing(central: Place, follow: Callable[..., Place], tmp_path: Path) -> None:
    """Somebody between the node and the centre."""
    folder = tmp_path / "publication"

    def publish() -> None:
        sealer = FileSealer(central.settings.snapshot.key, lambda: PASSPHRASE)
        publisher = Publisher(central.engine, sealer, central.clock, 600.0, lambda count: b"r" * count)
        export(central.engine, publisher.publish(), folder)

    publish()
    node = follow("http://127.0.0.1:9/registry", SHLUZ_SNAPSHOT_FOLDER=str(folder))
    with node.serve():
        eesmn = central.consumers["EESMN"]
        assert ask(node, eesmn).status == 200
        stamp = folder / "timestamp.json"
        whole = stamp.read_bytes()
        stamp.write_bytes(whole.replace(b'"sig":"', b'"sig":"AA', 1))
        soon(lambda: "told" if "warnings" in ready(node)[1] else "", "told")
        assert ask(node, eesmn).status == 200
        central.member("LATE")
        central.grant("LATE")
        publish()
        soon(lambda: ask(node, central.consumers["LATE"]).rule, "")
        assert "warnings" not in ready(node)[1]


def test_only_members_read_where_only_members_may(make_own: Callable[..., Place]) -> None:
    place = make_own(SHLUZ_SNAPSHOT_PUBLISH="members")
    make_key(place.engine, place.settings.snapshot.key, PASSPHRASE, "p256", author="operator", now=time.time())
    with place.serve(), pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"http://127.0.0.1:{place.port}/registry/timestamp.json", timeout=5)


def test_nothing_is_published_unasked(make_own: Callable[..., Place]) -> None:
    with make_own().serve() as place, pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://127.0.0.1:{place.port}/registry/timestamp.json", timeout=5)


def test_a_bus_that_shall_publish_and_has_no_key_does_not_start(make_own: Callable[..., Place]) -> None:
    place = make_own(SHLUZ_SNAPSHOT_PUBLISH="anybody")
    with pytest.raises(Exception, match="esb snapshot key"):
        on_reactor(lambda: wire(place.settings, reactor, place.clock, hosted_adapter))


def test_workers_follow_together(central: Place, follow: Callable[..., Place]) -> None:
    with central.serve(workers=0):
        node = follow(f"http://127.0.0.1:{central.port}/registry")
        with node.serve(workers=2):
            assert ask(node, central.consumers["EESMN"]).status == 200
            assert not Path(node.home.path, "registry.db").exists()


def test_workers_publish_through_one_of_them(make_own: Callable[..., Place]) -> None:
    place = make_own(
        SHLUZ_SNAPSHOT_PUBLISH="anybody", SHLUZ_SNAPSHOT_STAMP_SECONDS="1", SHLUZ_REGISTRY_POLL_SECONDS="1"
    )
    make_key(place.engine, place.settings.snapshot.key, PASSPHRASE, "p256", author="operator", now=time.time())
    with place.serve(workers=2):

        def stamp() -> bytes:
            url = f"http://127.0.0.1:{place.port}/registry/timestamp.json"
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    found: bytes = answer.read()
                    return found
            except urllib.error.HTTPError:
                return b""

        soon(lambda: "there" if stamp() else "", "there")
        first = stamp()
        time.sleep(1.5)
        assert stamp() not in (b"", first)
