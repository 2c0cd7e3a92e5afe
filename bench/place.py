"""A home for measuring: an authority, a provider's services on bench/contract.wsdl, a consumer with grants."""

import secrets
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Engine

from esb.admin.authority import Authority, enrol_member, init_authority
from esb.admin.home import Home, make_home
from esb.admin.offices import make_office
from esb.admin.services import Registered, register_service
from esb.bench.case import Case, Setting
from esb.bench.provider import path
from esb.bench.signing import Party
from esb.certs.ca import create_authority
from esb.certs.keys import FileKey, PrivateKey, generate_key
from esb.certs.profiles import TIME_STAMPING
from esb.certs.requests import make_request
from esb.conf.load import load
from esb.kernel.directory import AnswerSignature, CertificateUse
from esb.kernel.names import ServiceId
from esb.registry.acts import acting
from esb.registry.database import open_database
from esb.registry.grants import Leave, add_grant
from esb.registry.members import add_member
from esb.registry.migrations import upgrade
from esb.registry.models import MemberKind
from esb.registry.services import Terms, add_service
from esb.wsdl.read import read_contract

CONTRACT: Final = Path(__file__).parent / "contract.wsdl"
ACTION: Final = "urn:bench:Ask"
_PASSPHRASE: Final = b"bench"
_AUTHOR: Final = "bench"


@dataclass(frozen=True, slots=True)
class BenchPlace:
    """A home that is ready to be served, and who asks.

    Attributes:
        environment: settings that its bus must be started with, besides its port.
        consumer: the agency that asks.
        bus_certificate: PEM of the certificate that signs the answers.
        tls: the consumer's side of mutual TLS, None for plain HTTP.
    """

    home: Path
    environment: Mapping[str, str]
    consumer: Party
    bus_certificate: bytes
    tls: ssl.SSLContext | None


def make_party(folder: Path, name: str, kind: str, home: Home, engine: Engine, member: str) -> Party:
    """A member's key, certified for signing by the home's authority; both in ``folder`` as NAME.key and NAME.pem."""
    key = generate_key(kind)
    certificate = _enrol(home, engine, member, key, CertificateUse.SIGNING, ())
    _write_pair(folder, name, key, certificate)
    return Party(member, FileKey(key), certificate)


def make_place(
    folder: Path, setting: Setting, cases: Iterable[Case], provider_port: int, database: str | None = None
) -> BenchPlace:
    """Make the home in FOLDER/home, and the agencies' keys in FOLDER.

    Args:
        cases: what will be asked: each kind of answer is a service of its own.
        provider_port: where the provider will listen.
        database: SQLAlchemy URL of an empty PostgreSQL database; None keeps everything in SQLite files.
    """
    environment = {
        "SHLUZ_LOG_LEVEL": "warning",
        # 256 connections all ask one service of one provider: what is to be measured is the bus and not its refusals.
        "SHLUZ_LOAD_PER_SERVICE_IN_FLIGHT": "512",
        **({"SHLUZ_REGISTRY_URL": database, "SHLUZ_EVIDENCE_URL": database} if database else {}),
    }
    home = make_home(folder / "home", _PASSPHRASE.decode())
    settings = load(home.path, environment).settings
    engine = open_database(settings.registry.url)
    upgrade(engine)
    now = time.time()
    init_authority(
        home,
        _PASSPHRASE,
        name="Bench CA",
        key_kind="p256",
        days=400,
        bus_key=settings.keys.signing_key,
        bus_certificate=settings.keys.certificate,
        bus_name="bus",
        bus_key_kind=setting.keys.bus,
        now=now,
        random=secrets.token_bytes,
    )
    # Every checkpoint of the evidence log is time-stamped where nothing else is set.
    make_office(
        home,
        engine,
        _PASSPHRASE,
        TIME_STAMPING,
        key=settings.ca.tsa_key,
        certificate=settings.ca.tsa_certificate,
        name="bus",
        kind="p256",
        days=300,
        author=_AUTHOR,
        now=now,
        random=secrets.token_bytes,
    )
    with acting(engine, _AUTHOR, now) as act:
        add_member(act, "DIN", "Daxili İşlər Nazirliyi", "Ministry of Internal Affairs", MemberKind.STATE)
        add_member(act, "EESMN", "Əmək Nazirliyi", "Ministry of Labour", MemberKind.STATE)
    consumer = make_party(folder, "consumer", setting.keys.agencies, home, engine, "EESMN")
    make_party(folder, "provider", setting.keys.agencies, home, engine, "DIN")
    _add_services(engine, cases, provider_port)
    tls = None
    if setting.tls:
        tls = _secure(folder, home, engine)
        environment |= {
            "SHLUZ_DOOR_TLS": "true",
            "SHLUZ_DOOR_TLS_CERTIFICATE": str(folder / "door.pem"),
            "SHLUZ_DOOR_TLS_KEY": str(folder / "door.key"),
            "SHLUZ_DOOR_CLIENT_ANCHORS": str(Authority(home).certificate),
        }
    engine.dispose()
    return BenchPlace(home.path, environment, consumer, settings.keys.certificate.read_bytes(), tls)


def write_self_signed(folder: Path, name: str, kind: str) -> None:
    """A key with a certificate that vouches for itself, in ``folder``: for yardsticks, which ask no authority."""
    key, certificate = create_authority(name, kind, time.time(), 30)
    _write_pair(folder, name, key, certificate)


def service_of(case: Case) -> ServiceId:
    """The service that answers as a case wants."""
    kind = path(case.answer, case.style, case.provider_signed)[1:].replace("/", "-")
    return ServiceId("DIN", "BENCH", kind, "v1")


def _add_services(engine: Engine, cases: Iterable[Case], provider_port: int) -> None:
    contract = read_contract(CONTRACT)
    now = time.time()
    known: Registered | None = None
    for service, case in {service_of(case): case for case in cases}.items():
        terms = Terms(
            endpoint=f"http://127.0.0.1:{provider_port}{path(case.answer, case.style, case.provider_signed)}",
            answer_signature=AnswerSignature.REQUIRED if case.provider_signed else AnswerSignature.IGNORED,
        )
        if known is None:
            known = register_service(engine, service, contract, terms, author=_AUTHOR, now=now, told=lambda _: None)
        with acting(engine, _AUTHOR, now) as act:
            # The others stand on the contract that was just checked: to check it again would take seconds.
            add_service(act, service, known.contract, replace(terms, provider_version=known.terms.provider_version))
            add_grant(act, "EESMN", service, Leave("bench", "bench", now - 60))


def _secure(folder: Path, home: Home, engine: Engine) -> ssl.SSLContext:
    """Certificates for mutual TLS; returns the consumer's side of it."""
    for name, member in (("door", "DIN"), ("client", "EESMN")):
        key = generate_key("p256")
        certificate = _enrol(home, engine, member, key, CertificateUse.TLS, ("localhost",))
        _write_pair(folder, name, key, certificate)
    context = ssl.create_default_context(cafile=str(Authority(home).certificate))
    context.load_cert_chain(folder / "client.pem", folder / "client.key")
    return context


def _enrol(
    home: Home, engine: Engine, member: str, key: PrivateKey, use: CertificateUse, hostnames: tuple[str, ...]
) -> x509.Certificate:
    return enrol_member(
        home,
        engine,
        _PASSPHRASE,
        member,
        make_request(key, member).public_bytes(Encoding.DER),
        use=use,
        days=30,
        hostnames=hostnames,
        author=_AUTHOR,
        now=time.time(),
        random=secrets.token_bytes,
    )


def _write_pair(folder: Path, name: str, key: PrivateKey, certificate: x509.Certificate) -> None:
    # Plain, because the folder is closed to others and lives as long as the run.
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for suffix, octets in ((".key", pem), (".pem", certificate.public_bytes(Encoding.PEM))):
        file = folder / f"{name}{suffix}"
        file.touch(mode=0o600)
        file.write_bytes(octets)
