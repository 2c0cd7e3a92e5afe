"""The place of the month: a home with the 43 agencies, their 277 services, and who may ask what.

Apart from the driving, so that whoever wants a bus of a state's size, with keys for every agency, can make one.
Everything is registered in a handful of acts, on the contracts of the sample (:mod:`esb.sample`).
"""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from esb.admin.authority import Authority, init_authority
from esb.admin.home import Home, make_home
from esb.bench.signing import Party
from esb.certs.ca import Subject, issue, serial_number
from esb.certs.keys import FileKey, generate_key, load_key
from esb.certs.requests import make_request, read_request
from esb.conf.load import load
from esb.conf.settings import Settings
from esb.kernel.contract import Contract
from esb.kernel.directory import CertificateUse
from esb.registry.acts import acting
from esb.registry.certificates import add_certificate
from esb.registry.database import open_database
from esb.registry.grants import add_grant
from esb.registry.members import add_member, add_system
from esb.registry.migrations import upgrade
from esb.registry.models import MemberKind
from esb.sample.consumers import Asking, consumers_of
from esb.sample.load import leave_for, register_service
from esb.sample.mix import SYSTEM, Month, Service
from esb.sample.reading import check_together, read_contracts

AUTHOR: Final = "month"
_DAYS: Final = 30


@dataclass(frozen=True)
class Place:
    """A home that is ready to be served.

    Attributes:
        settings: in force when the bus is started with ``environment``.
        parties: every agency's key and certificate, by its code.
    """

    home: Home
    settings: Settings
    environment: Mapping[str, str]
    parties: Mapping[str, Party]


def make_place(
    path: Path,
    month: Month,
    endpoint: Callable[[Service], str],
    *,
    database: str | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Place:
    """Make the home and register everything.

    Args:
        path: a folder that is new or empty.
        endpoint: the URL of a service at its provider.
        database: SQLAlchemy URL of an empty PostgreSQL database, for registry and evidence; None takes files in the
            home.
        told: is told each step as it begins.

    Raises:
        HomeError: the folder is not new or empty.
        EsbError: whatever the registry or the authority refuses.
    """
    told("making the home and its authority")
    home = make_home(path, secrets.token_urlsafe(24))
    environment = {"SHLUZ_LOG_LEVEL": "warning"}
    if database is not None:
        environment |= {"SHLUZ_REGISTRY_URL": database, "SHLUZ_EVIDENCE_URL": database}
    settings = load(home.path, environment).settings
    engine = open_database(settings.registry.url)
    try:
        upgrade(engine)
        now = time.time()
        passphrase = home.passphrase.read_bytes().strip()
        init_authority(
            home,
            passphrase,
            name="Şlüz month CA",
            key_kind="p256",
            days=_DAYS + 1,
            bus_key=settings.keys.signing_key,
            bus_certificate=settings.keys.certificate,
            bus_name="Şlüz month bus",
            now=now,
            random=secrets.token_bytes,
        )
        told(f"enrolling {len(month.agencies)} agencies")
        parties = _enrol(engine, home, passphrase, month, now)
        told(f"reading {len(month.services)} contracts")
        contracts = list(read_contracts(month.services, endpoint))
        check_together(list({service.kind: contract for service, contract in contracts}.values()))
        asking = consumers_of(month)
        told(f"registering {len(contracts)} services and {len(asking)} grants")
        _register(engine, contracts, asking, now)
    finally:
        engine.dispose()
    return Place(home, settings, environment, parties)


def _enrol(engine: Engine, home: Home, passphrase: bytes, month: Month, now: float) -> dict[str, Party]:
    """Register the agencies, each with a P-256 key.

    As the operator's act does it, but the authority's key is opened once: that takes a third of a second.
    """
    authority = Authority(home)
    key = load_key(authority.key, passphrase).private_key
    issuer = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    parties: dict[str, Party] = {}
    with acting(engine, AUTHOR, now) as act:
        for agency in month.agencies:
            add_member(act, agency.code, agency.name_az, agency.name_en, MemberKind.STATE)
            add_system(act, agency.code, SYSTEM, "Elektron xidmətlər sistemi", "System of electronic services")
            own = generate_key("p256")
            request = read_request(make_request(own, agency.code).public_bytes(Encoding.DER))
            subject = Subject(agency.code, agency.name_az)
            serial = serial_number(secrets.token_bytes(16))
            certificate = issue(key, issuer, request, subject, CertificateUse.SIGNING, now, _DAYS, serial)
            add_certificate(act, certificate.public_bytes(Encoding.DER), agency.code, CertificateUse.SIGNING)
            parties[agency.code] = Party(agency.code, FileKey(own), certificate)
    return parties


def _register(
    engine: Engine, contracts: Iterable[tuple[Service, Contract]], asking: Iterable[Asking], now: float
) -> None:
    with acting(engine, AUTHOR, now) as act:
        for service, contract in contracts:
            register_service(act, service, contract, contract.endpoint)
        for each in asking:
            add_grant(act, each.consumer, each.service.id, leave_for(each))
