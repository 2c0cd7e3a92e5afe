"""The demo's home: an authority, every agency a member, and keys with certificates for those who act."""

import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Engine

from esb.admin.authority import enrol_member, init_authority
from esb.admin.home import Home, make_home
from esb.certs.keys import generate_key
from esb.certs.requests import make_request
from esb.conf.load import load
from esb.conf.settings import Settings
from esb.demo.agencies import Agency, read_agencies
from esb.demo.signing import Identity, read_identity
from esb.kernel.directory import CertificateUse
from esb.registry.acts import acting
from esb.registry.database import open_database
from esb.registry.members import add_member
from esb.registry.migrations import upgrade
from esb.registry.models import MemberKind

AUTHOR: Final = "demo"
OPERATOR: Final = Agency("SHLUZ", "Şlüz operatoru", "The bus's operator")
ACTING: Final = {"EESMN": "p256", "DSMF": "p256", "EHP": "p256", "AZERENERJI": "p256", "VN": "rsa2048"}
"""Who signs in the story, and with what kind of key."""

_SETTINGS: Final = """\
# The demo's bus.  `esb config show --origin` lists every setting.
[bus]
address = "{address}"

[door]
port = {port}

[registry]
poll_seconds = 0.2

[log]
format = "json"

[breaker]
failures = 50
"""


@dataclass(frozen=True, slots=True)
class Place:
    """The home and what the demo keeps beside it, in HOME/demo."""

    home: Home
    settings: Settings
    engine: Engine
    agencies: dict[str, Agency]

    @property
    def folder(self) -> Path:
        """Where the demo's own things are: the agencies' keys, databases and logs."""
        return self.home.path / "demo"

    @property
    def keys(self) -> Path:
        """Where the agencies' keys and certificates are."""
        return self.folder / "keys"

    @property
    def address(self) -> str:
        """The bus's base URL."""
        return self.settings.bus.address

    def identity(self, code: str) -> Identity:
        """A member's key and certificate."""
        return read_identity(self.keys, code)

    def name(self, code: str) -> str:
        """A member's name in English."""
        return self.agencies[code].name_en


def make_place(path: Path) -> Place:
    """Make the home with its settings, registry and authority; the bus may be started afterwards.

    Raises:
        HomeError: the folder is not new or empty.
    """
    home = make_home(path, secrets.token_urlsafe(24))
    port = free_port()
    home.config.write_text(_SETTINGS.format(address=f"http://127.0.0.1:{port}", port=port), encoding="utf-8")
    settings = load(home.path, {}).settings
    engine = open_database(settings.registry.url)
    upgrade(engine)
    init_authority(
        home,
        home.passphrase.read_bytes().strip(),
        name="Şlüz demo CA",
        key_kind="p256",
        days=30,
        bus_key=settings.keys.signing_key,
        bus_certificate=settings.keys.certificate,
        bus_name="Şlüz demo bus",
        now=time.time(),
        random=secrets.token_bytes,
    )
    place = Place(home, settings, engine, {agency.code: agency for agency in (*read_agencies(), OPERATOR)})
    place.keys.mkdir(mode=0o700, parents=True)
    place.folder.chmod(0o700)
    return place


def add_members(place: Place) -> None:
    """Register every agency, in one act."""
    with acting(place.engine, AUTHOR, time.time()) as act:
        for agency in place.agencies.values():
            add_member(act, agency.code, agency.name_az, agency.name_en, MemberKind.STATE)


def enrol(place: Place) -> None:
    """Make a key for each acting agency and have the home's authority certify it.

    The keys are written unencrypted: they live as long as the demo, in a folder that is closed to others.
    """
    passphrase = place.home.passphrase.read_bytes().strip()
    for code, kind in ACTING.items():
        key = generate_key(kind)
        certificate = enrol_member(
            place.home,
            place.engine,
            passphrase,
            code,
            make_request(key, code).public_bytes(Encoding.DER),
            use=CertificateUse.SIGNING,
            days=7,
            hostnames=(),
            author=AUTHOR,
            now=time.time(),
            random=secrets.token_bytes,
        )
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for suffix, content in ((".key", pem), (".pem", certificate.public_bytes(Encoding.PEM))):
            file = place.keys / f"{code}{suffix}"
            file.touch(mode=0o600)
            file.write_bytes(content)


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
