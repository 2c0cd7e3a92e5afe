"""TLS on real sockets, with certificates made here: ours on both ends, then openssl and curl."""

import hashlib
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from esb.kernel.clock import SystemClock
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpAnswer, HttpCall, HttpRequest, HttpResponse
from esb.transport.client import ClientPool
from esb.transport.limits import ServerLimits
from esb.transport.server import DoorFactory
from esb.transport.tls import ClientTls, TlsConfigurationError, server_options


@dataclass
class Identity:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def made(name: str, issuer: Identity | None, *, days: tuple[int, int] = (-1, 1), ca: bool = False) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if not ca:
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == "localhost":
            names.append(x509.IPAddress(ip_address("127.0.0.1")))
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Identity(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


@dataclass
class Place:
    """A CA with an intermediate, and who they vouch for; and a CA that nobody trusts."""

    root: Identity
    middle: Identity
    server: Identity
    expired: Identity
    other_name: Identity
    client: Identity
    stranger_root: Identity
    stranger: Identity


@pytest.fixture(scope="module")
def place() -> Place:
    root = made("root", None, ca=True)
    middle = made("middle", root, ca=True)
    stranger_root = made("stranger root", None, ca=True)
    return Place(
        root,
        middle,
        made("localhost", middle),
        made("localhost", middle, days=(-3, -2)),
        made("elsewhere.az", middle),
        made("client", middle),
        stranger_root,
        made("localhost", stranger_root),
    )


class Listening:
    def __init__(self, thread: Any) -> None:
        self.thread = thread
        self.seen: list[HttpRequest] = []
        self._opened: list[tuple[Any, DoorFactory]] = []
        self._pools: list[ClientPool] = []

    def listen(self, options: Any) -> int:
        async def handler(request: HttpRequest) -> HttpResponse:
            self.seen.append(request)
            return HttpResponse(200, "text/plain", request.body or b"hello")

        async def refuse(_: Refusal, __: HttpRequest) -> HttpResponse:
            return HttpResponse(413, "text/plain", b"refused")

        limits = ServerLimits(linger_seconds=1, body_bytes=500_000)
        factory = DoorFactory(handler, refuse, limits, self.thread.reactor, SystemClock())
        listener = self.thread.listen(factory, options)
        self._opened.append((listener, factory))
        return listener.getHost().port

    def call(self, tls: ClientTls, port: int, host: str = "localhost", body: bytes = b"<q/>") -> HttpAnswer:
        pool = ClientPool(self.thread.reactor, SystemClock(), tls)
        self._pools.append(pool)
        call = HttpCall(f"https://{host}:{port}/", "text/xml", body, (), 20, 10**7)
        return self.thread.run(lambda: pool.call(call))

    def refused(self, tls: ClientTls, port: int, host: str = "localhost") -> tuple[str, str]:
        with pytest.raises(Refusal) as caught:
            self.call(tls, port, host)
        return caught.value.rule.id, caught.value.particulars["cause"]

    def stop(self) -> None:
        async def work() -> None:
            for pool in self._pools:
                await pool.close()
            for listener, factory in self._opened:
                await listener.stopListening()
                await factory.drain()

        self.thread.run(work)


@pytest.fixture
def here(reactor_thread: Any) -> Iterator[Listening]:
    listening = Listening(reactor_thread)
    yield listening
    listening.stop()


def serve(place: Place, who: Identity | None = None, *, anchors: bytes | None = None, require: bool = False) -> Any:
    identity = who or place.server
    return server_options(identity.pem + place.middle.pem, identity.key, anchors, require)


def files(folder: Path, **contents: bytes) -> dict[str, str]:
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: str(folder / name) for name in contents}


def test_a_call_over_tls(place: Place, here: Listening) -> None:
    port = here.listen(serve(place))
    body = b"x" * 400_000
    assert here.call(ClientTls(place.root.pem), port, body=body).body == body
    assert here.seen[0].peer.tls
    assert here.seen[0].peer.certificate_sha256 is None


def test_an_address_in_the_certificate_is_as_good_as_a_name(place: Place, here: Listening) -> None:
    assert here.call(ClientTls(place.root.pem), here.listen(serve(place)), "127.0.0.1").status == 200


def test_a_certificate_for_another_name_is_refused(place: Place, here: Listening) -> None:
    port = here.listen(serve(place, place.other_name))
    assert here.refused(ClientTls(place.root.pem), port) == ("PRV-01", "tls")
    assert here.refused(ClientTls(place.root.pem), port, "127.0.0.1") == ("PRV-01", "tls")
    assert here.seen == []


def test_an_expired_certificate_is_refused(place: Place, here: Listening) -> None:
    assert here.refused(ClientTls(place.root.pem), here.listen(serve(place, place.expired))) == ("PRV-01", "tls")


def test_a_certificate_from_elsewhere_is_refused(place: Place, here: Listening) -> None:
    assert here.refused(ClientTls(place.root.pem), here.listen(serve(place, place.stranger))) == ("PRV-01", "tls")


def test_a_provider_that_does_not_speak_tls_is_told_apart(place: Place, here: Listening, provider: Any) -> None:
    there = provider(lambda client: client.sendall(b"HTTP/1.1 400 Bad\r\n\r\n"))
    assert here.refused(ClientTls(place.root.pem), there.port) == ("PRV-01", "tls")


def test_a_handshake_that_does_not_end_is_given_up(place: Place, here: Listening, provider: Any) -> None:
    there = provider(lambda client: client.recv(10**6) and client.recv(10**6))
    pool = ClientPool(here.thread.reactor, SystemClock(), ClientTls(place.root.pem))
    call = HttpCall(f"https://localhost:{there.port}/", "text/xml", b"", (), 0.3, 1)
    with pytest.raises(Refusal) as caught:
        here.thread.run(lambda: pool.call(call))
    assert (caught.value.rule.id, caught.value.particulars) == ("PRV-01", {"cause": "timeout"})
    here.thread.run(pool.close)


def test_a_client_is_known_by_its_certificate(place: Place, here: Listening) -> None:
    port = here.listen(serve(place, anchors=place.root.pem, require=True))
    tls = ClientTls(place.root.pem, place.client.pem + place.middle.pem, place.client.key_pem)
    assert here.call(tls, port).status == 200
    expected = hashlib.sha256(place.client.certificate.public_bytes(Encoding.DER)).digest()
    assert here.seen[0].peer.certificate_sha256 == expected


def test_a_client_without_a_certificate_is_refused_where_one_is_required(place: Place, here: Listening) -> None:
    port = here.listen(serve(place, anchors=place.root.pem, require=True))
    assert here.refused(ClientTls(place.root.pem), port) == ("PRV-01", "tls")
    assert here.seen == []


@pytest.mark.parametrize("require", [True, False])
def test_a_client_certificate_from_elsewhere_is_refused(place: Place, here: Listening, require: bool) -> None:
    port = here.listen(serve(place, anchors=place.root.pem, require=require))
    tls = ClientTls(place.root.pem, place.stranger.pem, place.stranger.key)
    assert here.refused(tls, port) == ("PRV-01", "tls")
    assert here.seen == []


def test_a_client_certificate_may_be_asked_for_and_not_required(place: Place, here: Listening) -> None:
    port = here.listen(serve(place, anchors=place.root.pem, require=False))
    assert here.call(ClientTls(place.root.pem), port).status == 200
    assert here.seen[0].peer.certificate_sha256 is None


def s_client(port: int, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"localhost:{port}", *options], input=b"", capture_output=True, timeout=60
    )
    return done.returncode, (done.stdout + done.stderr).decode("latin-1")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_reaches_the_door(place: Place, here: Listening, tmp_path: Path, version: str) -> None:
    port = here.listen(serve(place))
    paths = files(tmp_path, root=place.root.pem)
    code, said = s_client(port, version, "-CAfile", paths["root"], "-verify_return_error", "-alpn", "h2,http/1.1")
    assert code == 0, said
    assert "Verify return code: 0" in said
    assert "ALPN protocol: http/1.1" in said
    assert "Compression: NONE" in said


@pytest.mark.parametrize(
    "options",
    [
        ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        ["-tls1", "-cipher", "ALL:@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "AES128-GCM-SHA256:@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"],
        ["-alpn", "h2"],
    ],
    ids=["TLS 1.1", "TLS 1.0", "without ephemeral keys", "CBC", "without authentication", "HTTP/2 only"],
)
def test_old_tls_does_not_pass_the_door(place: Place, here: Listening, options: list[str]) -> None:
    code, said = s_client(here.listen(serve(place)), *options)
    assert code != 0
    assert "alert" in said or "no protocols available" in said or "no ciphers available" in said


def test_the_client_may_not_renegotiate(place: Place, here: Listening) -> None:
    port = here.listen(serve(place))
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"localhost:{port}", "-tls1_2"],
        input=b"R\nGET / HTTP/1.1\r\n",
        capture_output=True,
        timeout=60,
    )
    assert b"no renegotiation" in done.stderr


def test_curl_is_served_over_tls(place: Place, here: Listening, tmp_path: Path) -> None:
    port = here.listen(serve(place, anchors=place.root.pem, require=True))
    paths = files(
        tmp_path,
        root=place.root.pem,
        chain=place.client.pem + place.middle.pem,
        key=place.client.key_pem,
        body=b"x" * 300_000,
        large=b"x" * 3_000_000,
    )
    common = ["curl", "-sS", "--cacert", paths["root"], "--cert", paths["chain"], "--key", paths["key"]]
    url = f"https://localhost:{port}/"
    done = subprocess.run([*common, "--data-binary", f"@{paths['body']}", url, url], capture_output=True, timeout=60)
    assert (len(done.stdout), done.stderr) == (600_000, b"")
    done = subprocess.run([*common, "--data-binary", f"@{paths['large']}", url], capture_output=True, timeout=60)
    assert (done.stdout, done.stderr) == (b"refused", b"")
    done = subprocess.run([*common[:4], url], capture_output=True, timeout=60)
    assert done.returncode != 0
    assert b"certificate" in done.stderr


def test_plain_http_on_the_tls_door_is_no_request(place: Place, here: Listening) -> None:
    port = here.listen(serve(place))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: bus\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert not answer.startswith(b"HTTP")
    assert here.seen == []


def test_what_does_not_belong_together_is_told_at_the_start(place: Place) -> None:
    with pytest.raises(TlsConfigurationError, match="not that of the first"):
        server_options(place.server.pem, place.client.key, None, False)
    with pytest.raises(TlsConfigurationError, match="not that of the first"):
        ClientTls(place.root.pem, place.client.pem, place.server.key)
    with pytest.raises(TlsConfigurationError, match="anchors"):
        server_options(place.server.pem, place.server.key, None, True)
    with pytest.raises(TlsConfigurationError, match="together"):
        ClientTls(place.root.pem, place.client.pem)
    with pytest.raises(TlsConfigurationError, match="PEM certificates"):
        ClientTls(b"rubbish")
    with pytest.raises(TlsConfigurationError, match="PEM certificates"):
        server_options(b"", place.server.key, None, False)
    with pytest.raises(TlsConfigurationError, match="unencrypted PEM"):
        server_options(place.server.pem, b"rubbish", None, False)
