"""A whole bus in a temporary home: authority, members, services and grants made by the operators' own acts, served by
the product's own server on a real port."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.authority import Authority, add_bus_key, init_authority
from esb.admin.body_key import make_body_key
from esb.admin.home import Home, make_home, open_home
from esb.admin.log_key import open_log_signer
from esb.admin.offices import make_office
from esb.admin.services import register_service
from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader, Recorded
from esb.certs.ca import Subject, issue, serial_number
from esb.certs.keys import PrivateKey, generate_key, load_key
from esb.certs.profiles import TIME_STAMPING
from esb.certs.requests import make_request, read_request
from esb.conf.load import load
from esb.conf.settings import Settings
from esb.kernel.directory import CertificateUse
from esb.kernel.names import ServiceId
from esb.kernel.token_uri import TokenUri
from esb.registry.acts import acting
from esb.registry.certificates import add_certificate
from esb.registry.database import open_database
from esb.registry.grants import Leave, add_grant
from esb.registry.members import add_member
from esb.registry.migrations import upgrade
from esb.registry.models import MemberKind
from esb.registry.services import Terms, update_service
from esb.server import Server
from esb.wiring import Node, wire
from esb.wsdl.read import read_contract
from support.client import Consumer
from support.provider import Provider
from support.reactor import on_reactor, reactor
from support.served import Served

CONTRACTS = Path(__file__).parent / "contracts"
ADDRESS = "http://bus.test"
PASSPHRASE = b"correct horse battery staple"
PERSONS = ServiceId.parse("DIN/IAMAS/PersonQuery/v1")
SECOND_KEY = {"SHLUZ_KEYS_SECOND_SIGNING_KEY": "keys/bus-rsa.key", "SHLUZ_KEYS_SECOND_CERTIFICATE": "keys/bus-rsa.pem"}
"""Settings of a bus with a second key, which :meth:`Place.make_second_key` makes before it is served."""
_ENVIRONMENT = {"SHLUZ_BUS_ADDRESS": ADDRESS, "SHLUZ_DOOR_PORT": "0", "SHLUZ_REGISTRY_POLL_SECONDS": "0.3"}


class ShiftedClock:
    """The machine's clock, moved by a test, or stopped at a moment."""

    def __init__(self) -> None:
        self.shift = 0.0
        self.stopped: float | None = None

    def now(self) -> float:
        return time.time() + self.shift if self.stopped is None else self.stopped

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Place:
    """A home with a registry; :meth:`serve` runs its bus.

    ``consumers`` are members with a signing key; ``DIN`` owns the services and has no grants of its own.  ``node`` is
    the bus while it is served in this process, ``bus`` while `esb serve` does it in processes of its own.
    ``environment`` holds the settings that were given.
    """

    home: Home
    settings: Settings
    engine: Any
    provider: Provider
    clock: ShiftedClock = field(default_factory=ShiftedClock)
    consumers: dict[str, Consumer] = field(default_factory=dict)
    port: int = 0
    node: Node | None = None
    bus: Served | None = None
    environment: dict[str, str] = field(default_factory=dict)
    _authority: tuple[PrivateKey, x509.Certificate] | None = field(default=None, repr=False)

    def acting(self) -> Any:
        """An act by the operator: ``with place.acting() as act``; the bus knows of it after :meth:`settle`."""
        return acting(self.engine, "operator", time.time())

    def settle(self) -> None:
        """Make the running bus read the registry now; where it runs in processes of its own, wait until they did."""
        if self.bus is not None:
            time.sleep(3 * self.settings.registry.poll_seconds)
            return
        node = self.node
        if node is not None:
            directory = node.watcher.poll()
            if directory is not None:
                node.hosted.refresh(node.engine)
                node.subjects.ready(directory)
                node.recorder.catch_up()
                on_reactor(lambda: node.install(directory))

    def member(self, code: str, key_kind: str = "p256", enrol: bool = True) -> Consumer:
        """Add a member with a signing certificate of the home's authority."""
        with self.acting() as act:
            add_member(act, code, f"{code} Nazirliyi", f"Ministry {code}", MemberKind.STATE)
        key = cached_key(key_kind)
        if not enrol:
            return Consumer(code, key, None)
        certificate = self.enrol(code, key)
        self.consumers[code] = consumer = Consumer(code, key, certificate)
        return consumer

    def enrol(
        self, code: str, key: PrivateKey, use: CertificateUse = CertificateUse.SIGNING, **more: Any
    ) -> x509.Certificate:
        """Certify a key and register the certificate as a member's.

        As the operator's act does, but the authority's key is opened once a place: that takes a third of a second.
        """
        if self._authority is None:
            authority = Authority(self.home)
            self._authority = (
                load_key(authority.key, PASSPHRASE).private_key,
                x509.load_pem_x509_certificate(authority.certificate.read_bytes()),
            )
        facts = {"days": 30, "hostnames": (), "now": time.time(), **more}
        certificate = issue(
            *self._authority,
            read_request(make_request(key, code).public_bytes(Encoding.DER)),
            Subject(code, f"{code} Nazirliyi"),
            use,
            facts["now"],
            facts["days"],
            serial_number(secrets.token_bytes(16)),
            facts["hostnames"],
        )
        with self.acting() as act:
            add_certificate(act, certificate.public_bytes(Encoding.DER), code, use)
        return certificate

    @property
    def bus_certificate(self) -> x509.Certificate:
        """The bus's certificate, of its first key."""
        return x509.load_pem_x509_certificate(self.settings.keys.certificate.read_bytes())

    @property
    def second_certificate(self) -> x509.Certificate:
        """The certificate of the bus's second, RSA key."""
        path = self.settings.keys.second_certificate
        assert path is not None
        return x509.load_pem_x509_certificate(path.read_bytes())

    def make_second_key(self) -> None:
        """Make the second key that the settings name."""
        keys = self.settings.keys
        assert keys.second_signing_key is not None
        assert keys.second_certificate is not None
        add_bus_key(
            self.home,
            PASSPHRASE,
            key=keys.second_signing_key,
            certificate=keys.second_certificate,
            name="bus",
            kind="rsa2048",
            now=time.time(),
            random=secrets.token_bytes,
        )

    def service(self, name: str = PERSONS.text, wsdl: str = "person.wsdl", **terms: Any) -> ServiceId:
        """Register a service of the provider on one of the contracts beside this file."""
        service = ServiceId.parse(name)
        register_service(
            self.engine,
            service,
            read_contract(CONTRACTS / wsdl),
            Terms(**{"endpoint": self.provider.url, "timeout": 2.0, **terms}),
            author="operator",
            now=time.time(),
            told=lambda _: None,
        )
        return service

    def grant(self, consumer: str, service: ServiceId = PERSONS, **leave: Any) -> int:
        """Give a grant."""
        facts = {"purpose": "test", "legal_basis": "Law 1", "valid_from": time.time() - 60, **leave}
        with self.acting() as act:
            return add_grant(act, consumer, service, Leave(**facts))

    def records(self, exchange: str) -> list[Recorded]:
        """What the evidence log holds of an exchange."""
        return EvidenceReader(self.settings.evidence.url).show(exchange)

    def last_record(self) -> Recorded:
        """The newest record of a message."""
        newest = EvidenceReader(self.settings.evidence.url).recent(100)
        return next(each for each in newest if each.entry.kind is not Kind.CHANGE)

    @contextmanager
    def serve(self, hosted: Callable[[Node], Any] | None = None, workers: int | None = None) -> Iterator["Place"]:
        """Run the bus on a free port: in this process, or with ``workers`` by `esb serve --workers` (see ``bus``)."""
        if workers is not None:
            self.bus = Served(self.home.path, self.environment, workers)
            try:
                self.port = self.bus.wait_until_ready()
                yield self
            finally:
                self.bus.end()
                self.bus = None
            return
        from esb.endpoints.services import hosted_adapter

        node = on_reactor(lambda: wire(self.settings, reactor, self.clock, hosted or hosted_adapter))
        server = Server(node, reactor)
        on_reactor(server.start)
        self.node = node
        self.port = server.port
        try:
            yield self
        finally:
            on_reactor(server.stop)
            self.node = None


def copy_place(template: Place, folder: Path, provider: Provider, **environment: str) -> Place:
    """A copy of a place that :func:`make_place` made and that is not served, with a provider and settings of its own.

    Keys are not made and encrypted again, which is what takes the time.
    """
    shutil.copytree(template.home.path, folder)
    home = open_home(folder)
    environment = {**_ENVIRONMENT, **environment}
    settings = load(home.path, environment).settings
    engine = open_database(settings.registry.url)
    place = Place(home, settings, engine, provider, consumers=dict(template.consumers), environment=environment)
    with place.acting() as act:
        update_service(act, PERSONS, endpoint=provider.url)
    return place


_KEYS: dict[str, PrivateKey] = {}


def cached_key(kind: str) -> PrivateKey:
    """A key of a kind: RSA keys are slow to make, so tests share them; others are fresh."""
    if not kind.startswith("rsa"):
        return generate_key(kind)
    if kind not in _KEYS:
        _KEYS[kind] = generate_key(kind)
    return _KEYS[kind]


@cache
def _empty_registry() -> Path:
    """A registry as migrations make it, which takes them a quarter of a second."""
    path = Path(tempfile.mkdtemp(prefix="shluz-registry-")) / "registry.db"
    engine = open_database(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


def make_place(folder: Path, provider: Provider, authority_at: TokenUri | None = None, **environment: str) -> Place:
    """A home with an authority, member DIN with its PersonQuery service, and consumer EESMN with a grant for it.

    Args:
        authority_at: where in a device the authority's key shall be made; None for a file.
    """
    home = make_home(folder, PASSPHRASE.decode())
    environment = {**_ENVIRONMENT, **environment}
    settings = load(home.path, environment).settings
    if settings.registry.url == f"sqlite:///{home.path / 'registry.db'}":
        shutil.copyfile(_empty_registry(), home.path / "registry.db")
    engine = open_database(settings.registry.url)
    upgrade(engine)
    init_authority(
        home,
        PASSPHRASE,
        name="Test CA",
        key_kind="p256",
        days=400,
        bus_key=settings.keys.signing_key,
        bus_certificate=settings.keys.certificate,
        bus_name="bus",
        now=time.time(),
        random=secrets.token_bytes,
        key_at=authority_at,
    )
    make_office(
        home,
        engine,
        PASSPHRASE,
        TIME_STAMPING,
        key=settings.ca.tsa_key,
        certificate=settings.ca.tsa_certificate,
        name="bus",
        kind="p256",
        days=300,
        author="operator",
        now=time.time(),
        random=secrets.token_bytes,
    )
    # As the first start would, but at what these tests let a key cost (tests/conftest.py): processes pay in full.
    open_log_signer(settings.keys.log_key, PASSPHRASE, ADDRESS)
    if isinstance(settings.keys.body_key, Path):
        make_body_key(settings.keys.body_key, PASSPHRASE)
    place = Place(home, settings, engine, provider, environment=environment)
    place.member("DIN")
    place.member("EESMN")
    place.service()
    place.grant("EESMN")
    return place
