"""A home with an authority and an empty registry, made by the operators' own acts."""

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from sqlalchemy import Engine
from support.extracts import Keeper

from esb.admin.authority import init_authority
from esb.admin.home import Home, make_home
from esb.registry.acts import acting
from esb.registry.database import open_database
from esb.registry.members import add_member
from esb.registry.models import MemberKind

PASSPHRASE = b"geheim"
NOW = 1_790_000_000.0


@dataclass(frozen=True)
class Office:
    """Where acts are done: a home, its authority's certificate and its registry."""

    home: Home
    engine: Engine

    @property
    def authority(self) -> x509.Certificate:
        """The authority's certificate, as it stands among the anchors."""
        return x509.load_pem_x509_certificate((self.home.anchors / "shluz-ca.pem").read_bytes())

    @property
    def crl(self) -> x509.CertificateRevocationList:
        """The authority's list, as it stands in its folder."""
        return x509.load_pem_x509_crl((self.home.crl / "shluz-ca.crl").read_bytes())


@pytest.fixture(scope="session")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = make_home(tmp_path_factory.mktemp("office") / "home", PASSPHRASE.decode())
    init_authority(
        home,
        PASSPHRASE,
        name="Sınaq CA",
        key_kind="p256",
        days=400,
        bus_key=home.keys / "bus.key",
        bus_certificate=home.keys / "bus.pem",
        bus_name="bus",
        now=NOW,
        random=secrets.token_bytes,
    )
    return home.path


@pytest.fixture
def office(_home: Path, tmp_path: Path, sqlite_database: str) -> Office:
    """A home of this test's own, with member DIN."""
    shutil.copytree(_home, tmp_path / "home")
    engine = open_database(sqlite_database)
    with acting(engine, "operator", NOW) as act:
        add_member(act, "DIN", "Daxili İşlər Nazirliyi", "Ministry of Internal Affairs", MemberKind.STATE)
    return Office(Home(tmp_path / "home"), engine)


@pytest.fixture
def keeper(sqlite_database: str) -> Iterator[Keeper]:
    """A register with the entry DIN/IAMAS, and who makes extracts of it."""
    engine = open_database(sqlite_database)
    keeper = Keeper(engine)
    keeper.enter()
    yield keeper
    engine.dispose()
