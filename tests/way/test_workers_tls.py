"""Workers behind mutual TLS: the handshake at an inherited socket, the recorded answer from another worker, renewal."""

import http.client
import os
import secrets
import signal
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from support.client import Reply
from support.place import PERSONS, Place, cached_key
from support.pressure import Pressure
from support.provider import Delivered, Given, persons
from support.way import MEDIA, path_of

from esb.kernel.directory import CertificateUse
from esb.kernel.soap import SoapVersion


def pair(folder: Path, place: Place, code: str, **more: object) -> tuple[Path, Path]:
    """A TLS certificate of a member and its key, as files."""
    key = cached_key("p256")
    certificate = place.enrol(code, key, CertificateUse.TLS, **more)
    name = f"{code}-{secrets.token_hex(4)}"
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


@pytest.fixture(scope="module")
def tls_crew(
    tmp_path_factory: pytest.TempPathFactory, make_own: Callable[..., Place]
) -> Iterator[tuple[Place, ssl.SSLContext]]:
    folder = tmp_path_factory.mktemp("tls")
    place = make_own(
        SHLUZ_DOOR_TLS="true",
        SHLUZ_DOOR_TLS_CERTIFICATE=str(folder / "door.pem"),
        SHLUZ_DOOR_TLS_KEY=str(folder / "door.key"),
        SHLUZ_DOOR_CLIENT_ANCHORS="anchors",
        SHLUZ_REGISTRY_POLL_SECONDS="0.3",
    )
    certificate, key = pair(folder, place, "DIN", hostnames=("localhost",))
    certificate.rename(folder / "door.pem")
    key.rename(folder / "door.key")
    context = ssl.create_default_context(cafile=str(place.home.anchors / "shluz-ca.pem"))
    context.load_cert_chain(*map(str, pair(folder, place, "EESMN")))
    with place.serve(workers=2):
        yield place, context


def over(connection: http.client.HTTPConnection, message: bytes) -> Reply:
    connection.request("POST", path_of(PERSONS), message, {"Content-Type": MEDIA[SoapVersion.V11]})
    answer = connection.getresponse()
    return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())


def test_a_lawful_retry_gets_the_recorded_answer_from_the_other_worker(tls_crew: tuple[Place, ssl.SSLContext]) -> None:
    place, context = tls_crew
    assert place.bus is not None
    connections = place.bus.connect_to_each(context)
    for first, second in ((0, 1), (1, 0)):
        place.provider.reset()
        message = place.consumers["EESMN"].sign()
        answer = over(connections[first], message)
        assert answer.status == 200
        again = over(connections[second], message)
        assert (again.status, again.body) == (200, answer.body)
        assert len(place.provider.journal) == 1


def test_a_retry_at_the_other_worker_before_there_is_an_answer_is_to_be_asked_again(
    tls_crew: tuple[Place, ssl.SSLContext],
) -> None:
    place, context = tls_crew
    assert place.bus is not None
    connections = place.bus.connect_to_each(context)
    arrived, released = threading.Event(), threading.Event()

    def slow(request: Delivered) -> Given:
        arrived.set()
        released.wait(20)
        return persons(request)

    place.provider.reset()
    place.provider.answer = slow
    message = place.consumers["EESMN"].sign()
    first: list[Reply] = []
    asking = threading.Thread(target=lambda: first.append(over(connections[0], message)))
    asking.start()
    assert arrived.wait(10)
    early = over(connections[1], message)
    released.set()
    asking.join(20)
    assert (early.rule, early.headers["retry-after"]) == ("TIM-04", "2")
    assert over(connections[1], message).body == first[0].body
    assert len(place.provider.journal) == 1


def test_killed_and_renewed_under_tls(tls_crew: tuple[Place, ssl.SSLContext]) -> None:
    place, context = tls_crew
    bus = place.bus
    assert bus is not None
    place.provider.reset()
    with Pressure(place, place.consumers["EESMN"], threads=4, tls=context) as pressure:
        pressure.wait_for(10)
        bus.signal(signal.SIGHUP)
        bus.wait_for("restarted")
        pressure.wait_for(10)
        assert pressure.failures == []
        os.kill(bus.workers()[0], signal.SIGKILL)
        bus.wait_for("worker died")
        pressure.wait_for(10)
    assert len(pressure.failures) <= 4
    assert {reply.status for reply in pressure.answers} == {200}
