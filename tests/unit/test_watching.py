"""A serving bus's eye on trust and registry."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from support.client import post
from support.place import PASSPHRASE, PERSONS, Place, copy_place, make_place
from support.provider import Provider

from esb import watching
from esb.admin.lists import publish_crl
from esb.certs.ca import sign_crl
from esb.certs.keys import load_key
from esb.kernel.subjects import SubjectPath, SubjectPaths
from esb.registry.certificates import list_certificates
from esb.registry.database import reading
from esb.registry.subjects import set_subject_paths


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Place:
    """Made once, for its members and their keys; every test works in a copy of its home."""
    place = make_place(tmp_path_factory.mktemp("watching") / "home", provider)
    place.engine.dispose()
    return place


@pytest.fixture
def place(tmp_path: Path, provider: Provider, made: Place) -> Place:
    return copy_place(made, tmp_path / "home", provider, SHLUZ_REGISTRY_POLL_SECONDS="0.1")


def until(true: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something that the server does by itself."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def ready(port: int) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/readyz")
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def rule(place: Place) -> str:
    return post(place.port, f"/services/{PERSONS.text}", place.consumers["EESMN"].sign()).rule


def test_a_revocation_list_that_is_replaced_counts(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry knows of nothing here: the list alone takes the certificate back."""
    monkeypatch.setattr(watching, "_TRUST_EVERY", 0.0)
    certificate = place.consumers["EESMN"].certificate
    assert certificate is not None
    with place.serve():
        assert rule(place) == ""
        authority = x509.load_pem_x509_certificate((place.home.anchors / "shluz-ca.pem").read_bytes())
        key = load_key(place.home.path / "ca" / "ca.key", PASSPHRASE).private_key
        entries = [(certificate.serial_number, time.time(), "keyCompromise")]
        crl = sign_crl(key, authority, entries, 2, time.time(), 7)
        from cryptography.hazmat.primitives.serialization import Encoding

        draft = place.home.crl / ".draft"
        draft.write_bytes(crl.public_bytes(Encoding.PEM))
        draft.replace(place.home.crl / "shluz-ca.crl")
        until(lambda: rule(place) == "CRT-05")
        with reading(place.engine) as session:
            assert not any(row.revoked for row in list_certificates(session))
        publish_crl(place.home, place.engine, PASSPHRASE, time.time())
        until(lambda: rule(place) == "")


def test_trust_that_cannot_be_read_stays_as_it_was(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_TRUST_EVERY", 0.0)
    with place.serve():
        (place.home.anchors / "garbage.pem").write_text("garbage")
        looks: list[int] = []
        node = place.node
        assert node is not None
        poll = node.watcher.poll
        monkeypatch.setattr(node.watcher, "poll", lambda: looks.append(1) or poll())
        until(lambda: len(looks) > 3)
        assert rule(place) == ""
        assert ready(place.port)[0] == 200


def test_a_registry_that_is_away_leaves_the_last_one_in_force(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with place.serve():
        node = place.node
        assert node is not None
        poll = node.watcher.poll

        def away() -> None:
            from esb.registry.errors import RegistryUnavailable

            raise RegistryUnavailable("the database is away")

        monkeypatch.setattr(node.watcher, "poll", away)
        until(lambda: ready(place.port)[0] == 503)
        assert ready(place.port)[1]["checks"]["registry"] == "cannot be read"
        assert rule(place) == ""
        monkeypatch.setattr(node.watcher, "poll", poll)
        until(lambda: ready(place.port)[0] == 200)


def test_a_change_of_the_registry_is_seen(place: Place) -> None:
    from esb.kernel.directory import ServiceStatus
    from esb.registry.services import update_service

    with place.serve():
        assert rule(place) == ""
        with place.acting() as act:
            update_service(act, PERSONS, status=ServiceStatus.SUSPENDED)
        until(lambda: rule(place) == "RTE-03")


def test_a_service_that_names_persons_waits_for_the_key_of_their_pseudonyms(place: Place) -> None:
    keys = place.settings.keys.subjects
    with place.serve():
        assert place.node is not None
        node = place.node
        keys.mkdir(mode=0o700)
        (keys / "1.key").write_text("no key")
        paths = SubjectPaths((SubjectPath(("{urn:example:person}GetPerson", "{urn:example:person}fin")),))
        with place.acting() as act:
            set_subject_paths(act, PERSONS, "GetPerson", paths)
        until(lambda: node.registry_problem == "waits for a key")
        assert node.way.pseudonyms is None
        (keys / "1.key").unlink()  # and the first who needs one makes it
        until(lambda: node.way.pseudonyms is not None)
        assert node.registry_problem == ""
