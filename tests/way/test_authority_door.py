"""What a served bus publishes for its authority, fetched and judged by openssl over the wire."""

import http.client
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from support.place import PASSPHRASE, Place, copy_place
from support.provider import Provider

from esb.admin.lists import publish_crl, release, revoke
from esb.admin.offices import make_office
from esb.admin.stamp_sources import OtherStamps, read_anchors, stamp_judge
from esb.certs.profiles import OCSP_RESPONDER, TIME_STAMPING
from esb.registry.models import RevocationReason


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, template: Place, shared_provider: Provider) -> Iterator[Place]:
    place = copy_place(template, tmp_path_factory.mktemp("authority") / "home", shared_provider)
    ca = place.settings.ca
    for profile, key, certificate in (
        (OCSP_RESPONDER, ca.ocsp_key, ca.ocsp_certificate),
        (TIME_STAMPING, ca.tsa_key, ca.tsa_certificate),
    ):
        make_office(
            place.home,
            place.engine,
            PASSPHRASE,
            profile,
            key=key,
            certificate=certificate,
            name="bus",
            kind="p256",
            days=30,
            author="operator",
            now=time.time(),
            random=secrets.token_bytes,
        )
    publish_crl(place.home, place.engine, PASSPHRASE, time.time())
    with place.serve():
        until(lambda: get(place, "/ca/ca.cer").status == 200)
        yield place


def until(true: object, seconds: float = 10) -> None:
    """Wait for what a follower does within its polling time."""
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)


def get(place: Place, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    return answer


def openssl(place: Place, *arguments: object) -> str:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], cwd=place.home.path, capture_output=True, check=False, text=True
    )
    return done.stdout + done.stderr


def status(place: Place, leaf: Path, *more: str) -> str:
    anchor = "anchors/shluz-ca.pem"
    url = f"http://127.0.0.1:{place.port}/ca/ocsp"
    return openssl(place, "ocsp", "-issuer", anchor, *more, "-cert", leaf, "-url", url, "-CAfile", anchor)


def test_openssl_asks_the_responder_through_hold_release_and_revocation(house: Place, tmp_path: Path) -> None:
    consumer = house.member("OCSPM")
    assert consumer.certificate is not None
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(consumer.pem())
    digest = consumer.certificate.fingerprint(SHA256()).hex()
    assert "leaf.pem: unknown" in status(house, leaf), "issued beside the register, as before there was one"
    publish_crl(house.home, house.engine, PASSPHRASE, time.time())  # which enters it
    until(lambda: "leaf.pem: good" in status(house, leaf))
    assert "Response verify OK" in status(house, leaf, "-sha256")

    def change(act: object, *more: object) -> None:
        act(  # type: ignore[operator]
            house.home, house.engine, PASSPHRASE, digest, *more, author="operator", now=time.time()
        )

    change(revoke, RevocationReason.CERTIFICATE_HOLD)
    until(lambda: "certificateHold" in status(house, leaf))
    change(release)
    until(lambda: "leaf.pem: good" in status(house, leaf))
    change(revoke, RevocationReason.KEY_COMPROMISE)
    until(lambda: "keyCompromise" in status(house, leaf))
    assert "leaf.pem: revoked" in status(house, leaf, "-no_nonce")


def test_several_are_asked_at_once(house: Place, tmp_path: Path) -> None:
    publish_crl(house.home, house.engine, PASSPHRASE, time.time())
    leaf, other = tmp_path / "leaf.pem", tmp_path / "other.pem"
    leaf.write_bytes(house.consumers["EESMN"].pem())
    other.write_bytes(house.settings.keys.certificate.read_bytes())
    until(lambda: "leaf.pem: good" in status(house, leaf))
    said = status(house, other, "-cert", str(leaf))
    assert "leaf.pem: good" in said
    assert "other.pem: good" in said


def test_openssl_verifies_a_stamp_fetched_over_http(house: Place, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"checkpoint")
    openssl(house, "ts", "-query", "-data", tmp_path / "data", "-sha256", "-cert", "-out", tmp_path / "query")
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    body = (tmp_path / "query").read_bytes()
    connection.request("POST", "/ca/tsa", body, {"Content-Type": "application/timestamp-query"})
    answer = connection.getresponse()
    assert answer.getheader("Content-Type") == "application/timestamp-reply"
    (tmp_path / "reply").write_bytes(answer.read())
    command = ("ts", "-verify", "-queryfile", tmp_path / "query", "-in", tmp_path / "reply")
    assert "Verification: OK" in openssl(house, *command, "-CAfile", "anchors/shluz-ca.pem")


def test_another_bus_has_its_checkpoints_stamped_here(house: Place) -> None:
    anchors = read_anchors([house.home.path / "anchors" / "shluz-ca.pem"])
    source = OtherStamps(f"http://127.0.0.1:{house.port}/ca/tsa", lambda: anchors, None, secrets.token_bytes)
    token, said = source.stamp(b"a checkpoint")
    assert abs(said.at / 1_000_000 - time.time()) < 30
    assert stamp_judge(anchors)(token, b"a checkpoint") == (said.at, 1_000_000)


def test_certificate_and_lists_are_fetched_as_their_kinds(house: Place, tmp_path: Path) -> None:
    for path, kind, command in (
        ("/ca/ca.cer", "application/pkix-cert", ("x509", "-noout", "-inform", "DER", "-subject")),
        ("/ca/ca.crl", "application/pkix-crl", ("crl", "-noout", "-inform", "DER", "-crlnumber")),
        ("/ca/delta.crl", "application/pkix-crl", ("crl", "-noout", "-inform", "DER", "-crlnumber")),
        ("/ca/bus", "application/x-pem-file", ("x509", "-noout", "-subject")),
    ):
        answer = get(house, path)
        assert (answer.status, answer.getheader("Content-Type")) == (200, kind)
        (tmp_path / "file").write_bytes(answer.body)  # type: ignore[attr-defined]
        assert "=" in openssl(house, *command, "-in", tmp_path / "file")
    assert get(house, "/ca/bus?next").status == 404


def test_where_an_outside_authority_serves_nothing_is_here(
    tmp_path: Path, template: Place, shared_provider: Provider
) -> None:
    place = copy_place(template, tmp_path / "home", shared_provider, SHLUZ_CA_SERVE="false")
    with place.serve():
        time.sleep(0.5)
        assert get(place, "/ca/ca.cer").status == 404
