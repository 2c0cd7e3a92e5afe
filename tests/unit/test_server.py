"""A serving bus: its port, its end in order, and a start that fails."""

import hashlib
import http.client
import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import reduce
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from support.client import post
from support.place import PERSONS, Place, copy_place, make_place
from support.provider import Delivered, Given, Provider, persons
from support.reactor import on_reactor, reactor

from esb.audit.record import StoreUnavailable
from esb.endpoints.services import hosted_adapter
from esb.own import CannotStart
from esb.server import Server
from esb.wiring import wire

PATH = f"/services/{PERSONS.text}"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Place:
    """Made once, for its members and their keys; every test works in a copy of its home."""
    place = make_place(tmp_path_factory.mktemp("server") / "home", provider)
    place.engine.dispose()
    return place


@pytest.fixture
def place(tmp_path: Path, provider: Provider, made: Place) -> Place:
    provider.reset()
    return copy_place(made, tmp_path / "home", provider, SHLUZ_REGISTRY_POLL_SECONDS="0.1")


def until(true: object, seconds: float = 20) -> None:
    """Wait for something that the server does by itself."""
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def rule(place: Place) -> str:
    return post(place.port, PATH, place.consumers["EESMN"].sign()).rule


@contextmanager
def nothing_left() -> Iterator[None]:
    """No thread that was begun inside lives on: neither one of ours nor of a pool."""
    on_reactor(lambda: None)  # whose own thread stays
    before = set(threading.enumerate())
    yield
    until(lambda: not set(threading.enumerate()) - before)


def test_a_port_that_is_taken_is_told_and_everything_let_go(place: Place) -> None:
    with socket.socket() as taken, nothing_left():
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = replace(place.settings, door=replace(place.settings.door, port=port))
        node = on_reactor(lambda: wire(settings, reactor, place.clock, hosted_adapter))
        server = Server(node, reactor)
        assert server.port == 0
        with pytest.raises(CannotStart, match=f"{port} cannot be listened on .*set door.port"):
            on_reactor(server.start)
    with place.serve():  # the evidence log was closed again
        assert get(place.port, "/readyz")[0] == 200


@pytest.mark.parametrize("part", ["recorder.catch_up", "reader.counts_by_grant", "fittings.aides.start"])
def test_a_start_that_fails_in_the_middle_leaves_no_thread(
    place: Place, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    node = on_reactor(lambda: wire(place.settings, reactor, place.clock, hosted_adapter))
    *inner, name = part.split(".")
    owner = reduce(getattr, inner, node)

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("the disk is away")

    monkeypatch.setattr(owner, name, away)
    with nothing_left(), pytest.raises(StoreUnavailable, match="the disk is away"):
        on_reactor(Server(node, reactor).start)


def test_a_part_that_cannot_be_ended_keeps_no_other_from_its_end(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with nothing_left():
        node = on_reactor(lambda: wire(place.settings, reactor, place.clock, hosted_adapter))
        server = Server(node, reactor)
        on_reactor(server.start)
        monkeypatch.setattr(node.threads, "stop", lambda: 1 / 0)
        on_reactor(server.stop)
        monkeypatch.undo()
        on_reactor(node.threads.stop)


def test_evidence_that_cannot_be_opened_is_no_start(place: Place, tmp_path: Path) -> None:
    from esb.kernel.faults import EsbError

    settings = replace(place.settings, evidence=replace(place.settings.evidence, url=f"sqlite:///{tmp_path}/no/e.db"))
    node = on_reactor(lambda: wire(settings, reactor, place.clock, hosted_adapter))
    with pytest.raises(EsbError):
        on_reactor(Server(node, reactor).start)


def test_it_says_once_that_it_is_ready(place: Place) -> None:
    ports: list[int] = []
    node = on_reactor(lambda: wire(place.settings, reactor, place.clock, hosted_adapter))
    server = Server(node, reactor, ports.append)
    on_reactor(server.start)
    try:
        assert ports == [server.port]
        status, body = get(server.port, "/readyz")
        assert (status, json.loads(body)["ready"]) == (200, True)
    finally:
        on_reactor(server.stop)


def test_what_was_begun_is_answered_before_the_end(place: Place, provider: Provider) -> None:
    reached, go = threading.Event(), threading.Event()

    def slow(request: Delivered) -> Given:
        reached.set()
        go.wait(10)
        return persons(request)

    provider.answer = slow
    replies: list[int] = []
    node = on_reactor(lambda: wire(place.settings, reactor, place.clock, hosted_adapter))
    server = Server(node, reactor)
    on_reactor(server.start)
    port = server.port
    asking = threading.Thread(target=lambda: replies.append(post(port, PATH, place.consumers["EESMN"].sign()).status))
    asking.start()
    assert reached.wait(10)
    ended = threading.Event()
    on_reactor(lambda: server.stop().addBoth(lambda _: ended.set()) and None)
    second = on_reactor(lambda: server.stop().called)
    assert not second
    with pytest.raises(OSError):
        post(port, PATH, b"")
    go.set()
    asking.join(20)
    assert replies == [200]
    assert ended.wait(20)
    last = place.last_record().entry
    assert last.outcome == "answered"


def test_a_provider_that_never_answers_does_not_hold_up_the_end_for_ever(place: Place, provider: Provider) -> None:
    go = threading.Event()

    def slow(request: Delivered) -> Given:
        go.wait(20)
        return persons(request)

    provider.answer = slow
    settings = replace(place.settings, door=replace(place.settings.door, drain_seconds=0.2))
    node = on_reactor(lambda: wire(settings, reactor, place.clock, hosted_adapter))
    server = Server(node, reactor)
    on_reactor(server.start)
    port = server.port

    def ask() -> None:
        with suppress(OSError, http.client.HTTPException):
            post(port, PATH, place.consumers["EESMN"].sign())

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: provider.journal)
    on_reactor(server.stop)
    go.set()
    asking.join(20)
    # What was promised to the log is in it: the request at least, and the refusal where there was time to sign it.
    assert place.last_record().entry.outcome in ("accepted", "Overloaded")


def test_quotas_survive_a_restart(place: Place) -> None:
    place.member("DSMF")
    place.grant("DSMF", per_day=1)

    def ask() -> str:
        return post(place.port, PATH, place.consumers["DSMF"].sign(ident=secrets.token_hex(6))).rule

    with place.serve():
        assert ask() == ""
        assert ask() == "ACC-08"
    with place.serve():
        assert ask() == "ACC-08"


def test_tls_is_spoken_where_it_is_configured(place: Place) -> None:
    import ssl
    from datetime import UTC, datetime, timedelta

    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from esb.certs.keys import generate_key

    key = generate_key("p256")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(1))
        .not_valid_after(now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )
    (place.home.keys / "door.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (place.home.keys / "door.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    door = replace(
        place.settings.door,
        tls=True,
        tls_certificate=place.home.keys / "door.pem",
        tls_key=place.home.keys / "door.key",
    )
    place.settings = replace(place.settings, door=door)
    context = ssl.create_default_context(cadata=certificate.public_bytes(Encoding.PEM).decode())
    with place.serve():
        assert post(place.port, PATH, place.consumers["EESMN"].sign(), tls=context).status == 200


def test_a_revocation_list_that_runs_out_is_told_while_there_is_time(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    with place.serve():
        assert "warnings" not in json.loads(get(place.port, "/readyz")[1])
        node = place.node
        assert node is not None
        until_when = node.trust.trust.crls.known_until
        assert until_when is not None
        place.clock.stopped = until_when - 10 * 3600  # in its grace
        status, body = get(place.port, "/readyz")
        assert (status, "relied upon for 10 hours" in json.loads(body)["warnings"]["revocation"]) == (200, True)
        until(lambda: node.lists._told > 0)
        place.clock.stopped = until_when + 1
        status, body = get(place.port, "/readyz")
        assert (status, "renewed" in json.loads(body)["checks"]["revocation"]) == (503, True)
        place.clock.stopped = None
    assert "relied upon for 10 hours" in capsys.readouterr().out


def test_strangers_do_not_fill_the_log_with_what_they_send(place: Place) -> None:
    evidence = replace(place.settings.evidence, keep_strangers_per_second=0)
    place.settings = replace(place.settings, evidence=evidence)
    with place.serve():
        strangers = [post(place.port, PATH, b"<garbage/>") for _ in range(3)]
        known = post(place.port, PATH, place.consumers["DIN"].sign())
    assert {reply.rule for reply in strangers} == {"MSG-09"}
    for reply in strangers:
        record = place.records(reply.exchange)[0]
        assert record.entry.message_sha256 == hashlib.sha256(b"<garbage/>").hexdigest()
        assert (record.message_size, record.sent_size) == (0, 0)
    # Who has signed is no stranger, whatever is refused.
    assert known.rule == "ACC-02"
    record = place.records(known.exchange)[0]
    assert record.message_size > 0
    assert record.sent_size == len(known.body)
