"""A served bus at the address that its WSDLs advertise, for clients that are not ours: they import the WSDL over real
HTTP and go where it says."""

import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from interop.identities import Identity, write_identity
from interop.programs import run
from support.place import PERSONS, SECOND_KEY, Place, cached_key, make_place
from support.provider import Provider

from esb.admin.authority import Authority
from esb.kernel.directory import CertificateUse

NODE = Path(__file__).parent / "node"


@dataclass(frozen=True)
class TlsPlace:
    """A bus behind TLS that asks for client certificates; ``tls`` is its member's, ``stranger`` another's."""

    place: Place
    anchor: Path
    signing: Identity
    tls: Identity
    stranger: Identity


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def advertised(scheme: str = "http", host: str = "127.0.0.1") -> dict[str, str]:
    """Settings of a door whose advertised address is where it really is."""
    port = free_port()
    return {"SHLUZ_DOOR_PORT": str(port), "SHLUZ_BUS_ADDRESS": f"{scheme}://{host}:{port}"}


@pytest.fixture(scope="session")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    provider = Provider()
    place = make_place(tmp_path_factory.mktemp("interop") / "home", provider, **advertised())
    with place.serve():
        yield place
    provider.close()


@pytest.fixture
def place(_served: Place) -> Place:
    """The shared bus with an empty journal."""
    _served.provider.reset()
    return _served


@pytest.fixture
def resource(place: Place) -> str:
    """URL of PersonQuery, as the WSDL gives it."""
    return place.settings.bus.address + PERSONS.path


@pytest.fixture(scope="session")
def bus_certificate(_served: Place) -> Path:
    """The bus's certificate, PEM."""
    return _served.settings.keys.certificate


@pytest.fixture(scope="session")
def bus_x509(bus_certificate: Path) -> x509.Certificate:
    """The bus's certificate."""
    return x509.load_pem_x509_certificate(bus_certificate.read_bytes())


@pytest.fixture(scope="session")
def identity(_served: Place, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Identity]:
    """A granted member with a key of a kind, on files."""
    folder = tmp_path_factory.mktemp("identities")
    known: dict[str, Identity] = {}

    def make(kind: str) -> Identity:
        if kind not in known:
            consumer = _served.member(f"WITH-{kind.upper()}", kind)
            _served.grant(consumer.code)
            _served.settle()
            assert consumer.certificate is not None
            known[kind] = write_identity(folder, consumer.code, consumer.key, consumer.certificate)
        return known[kind]

    return make


@pytest.fixture(scope="session")
def _rsa_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    provider = Provider()
    place = make_place(tmp_path_factory.mktemp("interop-rsa") / "home", provider, **SECOND_KEY, **advertised())
    place.make_second_key()
    place.member("MEMBER", "rsa2048")
    place.grant("MEMBER")
    with place.serve():
        yield place
    provider.close()


@pytest.fixture
def rsa_place(_rsa_served: Place) -> Place:
    """A P-256 bus with a second, RSA key and an empty journal: WS-SecurityPolicy (1.3, section 7.1) and the signatures
    of some toolkits know no other asymmetric key."""
    _rsa_served.provider.reset()
    return _rsa_served


@pytest.fixture(scope="session")
def rsa_certificate(_rsa_served: Place) -> Path:
    """The certificate of that bus's second key, PEM: all that those toolkits are given."""
    path = _rsa_served.settings.keys.second_certificate
    assert path is not None
    return path


@pytest.fixture(scope="session")
def rsa_identity(_rsa_served: Place, tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """A granted member of that bus, with an RSA key."""
    member = _rsa_served.consumers["MEMBER"]
    assert member.certificate is not None
    return write_identity(tmp_path_factory.mktemp("rsa-identity"), "member", member.key, member.certificate)


@pytest.fixture(scope="session")
def tls_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsPlace]:
    """A bus behind mutual TLS."""
    folder = tmp_path_factory.mktemp("interop-tls")
    provider = Provider()
    door = write_door(folder)
    place = make_place(folder / "home", provider, **door, **advertised("https", "localhost"))
    member, key = place.consumers["EESMN"], cached_key("p256")
    assert member.certificate is not None
    signing = write_identity(folder, "signing", member.key, member.certificate)
    tls = write_identity(folder, "tls", key, place.enrol("EESMN", key, CertificateUse.TLS))
    other = place.member("OTHER")
    stranger = write_identity(folder, "stranger", other.key, place.enrol("OTHER", other.key, CertificateUse.TLS))
    own = cached_key("p256")
    served = place.enrol("DIN", own, CertificateUse.TLS, hostnames=("localhost",))
    write_identity(folder, "door", own, served)
    with place.serve():
        yield TlsPlace(place, Authority(place.home).certificate, signing, tls, stranger)
    provider.close()


def write_door(folder: Path) -> dict[str, str]:
    """Settings of a door with TLS whose certificate will lie in ``folder``; members' certificates are asked for."""
    return {
        "SHLUZ_DOOR_TLS": "true",
        "SHLUZ_DOOR_TLS_CERTIFICATE": str(folder / "door.pem"),
        "SHLUZ_DOOR_TLS_KEY": str(folder / "door.key"),
        "SHLUZ_DOOR_CLIENT_ANCHORS": "anchors",
    }


@pytest.fixture(scope="session")
def need() -> Callable[..., None]:
    """Skip where a program is not installed."""

    def check(*programs: str) -> None:
        for program in programs:
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed")

    return check


@pytest.fixture(scope="session")
def node_client(need: Callable[..., None]) -> Path:
    """The folder of the Node client with its packages installed."""
    need("node")
    if not (NODE / "node_modules" / "soap").is_dir():
        pytest.skip("the Node client's packages are not installed: run `npm ci` in tests/interop/node")
    return NODE


@pytest.fixture(scope="session")
def tlog(need: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stranger's program for C2SP's formats: client, verifier, witness, and a log that is not ours."""
    need("go")
    folder = tmp_path_factory.mktemp("tlog")
    shutil.copytree(Path(__file__).parent / "tlog", folder, dirs_exist_ok=True)
    run(folder, "env", "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "go", "build", "-o", "tlog", ".", timeout=600)
    return folder / "tlog"
