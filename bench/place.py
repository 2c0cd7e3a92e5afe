"""A home for measuring: an authority, a provider's service on bench/contract.wsdl, a consumer with a grant."""

import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.authority import enrol_member, init_authority
from esb.admin.home import make_home
from esb.admin.services import register_service
from esb.certs.keys import FileKey, generate_key
from esb.certs.requests import make_request
from esb.certs.sign import Signer
from esb.conf.load import load
from esb.kernel.directory import CertificateUse
from esb.kernel.names import ServiceId
from esb.registry.acts import acting
from esb.registry.database import open_database
from esb.registry.grants import Leave, add_grant
from esb.registry.members import add_member
from esb.registry.migrations import upgrade
from esb.registry.models import MemberKind
from esb.registry.services import Terms
from esb.wsdl.read import read_contract

SERVICE = ServiceId.parse("DIN/BENCH/Ask/v1")
_PASSPHRASE = b"bench"


@dataclass(frozen=True)
class BenchPlace:
    """A home that is ready to be served, and who asks."""

    home: Path
    consumer: Signer


def make_place(home: Path, provider_port: int, key_kind: str) -> BenchPlace:
    """Make the home.  ``key_kind`` is the consumer's key (p256, rsa2048 …); the bus's own is P-256."""
    made = make_home(home, _PASSPHRASE.decode())
    settings = load(home, {}).settings
    engine = open_database(settings.registry.url)
    upgrade(engine)
    now = time.time()
    init_authority(
        made,
        _PASSPHRASE,
        name="Bench CA",
        key_kind="p256",
        days=400,
        bus_key=settings.keys.signing_key,
        bus_certificate=settings.keys.certificate,
        bus_name="bus",
        now=now,
        random=secrets.token_bytes,
    )
    with acting(engine, "bench", now) as act:
        add_member(act, "DIN", "Daxili İşlər Nazirliyi", "Ministry of Internal Affairs", MemberKind.STATE)
        add_member(act, "EESMN", "Əmək Nazirliyi", "Ministry of Labour", MemberKind.STATE)
    key = generate_key(key_kind)
    certificate = enrol_member(
        made,
        engine,
        _PASSPHRASE,
        "EESMN",
        make_request(key, "EESMN").public_bytes(Encoding.DER),
        use=CertificateUse.SIGNING,
        days=30,
        hostnames=(),
        author="bench",
        now=now,
        random=secrets.token_bytes,
    )
    register_service(
        engine,
        SERVICE,
        read_contract(Path(__file__).parent / "contract.wsdl"),
        Terms(endpoint=f"http://127.0.0.1:{provider_port}/bench"),
        author="bench",
        now=now,
        told=lambda _: None,
    )
    with acting(engine, "bench", now) as act:
        add_grant(act, "EESMN", SERVICE, Leave("bench", "bench", now - 60))
    engine.dispose()
    return BenchPlace(home, Signer(FileKey(key), certificate))


def start(arguments: list[str], **more: object) -> subprocess.Popen[str]:
    """A process of this Python, its standard output readable."""
    return subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True, **more)  # type: ignore[call-overload,no-any-return]
