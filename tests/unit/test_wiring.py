"""Settings become a bus; or a sentence that says what to mend, before anything is listened on."""

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from support.homes import PASSPHRASE, fresh_home
from support.place import ShiftedClock
from support.reactor import on_reactor, reactor
from support.rig import answer

from esb.adapters.loopback import LoopbackAdapter
from esb.admin.authority import add_bus_key
from esb.admin.home import Home
from esb.certs.keys import PrivateKey, generate_key
from esb.conf.load import load
from esb.kernel.directory import CertificateUse
from esb.kernel.faults import EsbError
from esb.kernel.namespaces import RSA_SHA256
from esb.own import CannotStart, pem_of
from esb.registry.acts import acting
from esb.registry.certificates import add_certificate
from esb.registry.database import open_database
from esb.registry.members import add_member
from esb.registry.models import MemberKind
from esb.wiring import Node, restore_quotas, wire


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return fresh_home(tmp_path)


def wired(home: Home, clock: ShiftedClock | None = None, **environment: str) -> Node:
    settings = load(home.path, environment).settings
    return on_reactor(lambda: wire(settings, reactor, clock or ShiftedClock(), lambda node: LoopbackAdapter(answer)))


def refusal(home: Home, clock: ShiftedClock | None = None, **environment: str) -> str:
    with pytest.raises(EsbError) as refused:
        wired(home, clock, **environment)
    return str(refused.value)


def self_signed(key: PrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(30))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def plain(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_good_home_makes_a_node(home: Home) -> None:
    node = wired(home, SHLUZ_BUS_ADDRESS="https://bus.example/", SHLUZ_TIME_WINDOW_SECONDS="120")
    assert set(node.way.adapters) == {"soap", "hosted"}
    assert node.tls is None
    assert node.way.window == 120
    assert node.way.addresses == frozenset({"https://bus.example"})
    assert set(node.front.checks) >= {"evidence", "registry", "stopping"}
    assert all(check() == "" for check in node.front.checks.values())


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda home: (home.keys / "bus.key").unlink(), "bus.key"),
        (lambda home: (home.keys / "bus.key").write_text("garbage"), "not a private key"),
        (lambda home: (home.keys / "bus.key").chmod(0o644), "chmod 600"),
        (lambda home: home.passphrase.write_text("wrong\n"), "passphrase does not open"),
        (lambda home: home.passphrase.unlink(), "SHLUZ_KEYS_PASSPHRASE"),
        (lambda home: (home.keys / "bus.pem").unlink(), "esb ca init"),
        (lambda home: (home.keys / "bus.pem").write_text("garbage"), "not a certificate in PEM"),
        (
            lambda home: (home.keys / "bus.pem").write_bytes((home.anchors / "shluz-ca.pem").read_bytes()),
            "certificate is not for this key",
        ),
        (lambda home: (home.anchors / "shluz-ca.pem").unlink(), "holds no anchor"),
        (lambda home: (home.anchors / "x.pem").write_text("garbage"), "x.pem is not a certificate"),
        (lambda home: (home.crl / "x.crl").write_text("garbage"), "revocation list"),
        (lambda home: (home.path / "registry.db").unlink(), "registry"),
    ],
)
def test_a_bad_home_is_refused_with_what_to_mend(home: Home, spoil: Callable[[Home], Any], words: str) -> None:
    spoil(home)
    told = refusal(home)
    assert words in told
    assert "correct horse" not in told


SECOND = {"SHLUZ_KEYS_SECOND_SIGNING_KEY": "keys/bus-rsa.key", "SHLUZ_KEYS_SECOND_CERTIFICATE": "keys/bus-rsa.pem"}


def add_second(home: Home, kind: str = "rsa2048") -> None:
    add_bus_key(
        home,
        PASSPHRASE.encode(),
        key=home.keys / "bus-rsa.key",
        certificate=home.keys / "bus-rsa.pem",
        name="bus",
        kind=kind,
        now=time.time(),
        random=secrets.token_bytes,
    )


def test_a_second_key_is_there_when_the_settings_name_it(home: Home) -> None:
    add_second(home)
    assert wired(home).way.second_signer is None
    way = wired(home, **SECOND).way
    assert way.second_signer is not None
    assert way.signer_for(RSA_SHA256) is way.second_signer


def test_a_second_key_that_would_serve_nobody_is_refused(home: Home) -> None:
    assert "bus-rsa.key" in refusal(home, **SECOND)
    add_second(home, "p256")
    told = refusal(home, **SECOND)
    assert "keys.second_signing_key" in told
    assert "esb ca second-key" in told
    (home.keys / "bus-rsa.pem").unlink()
    assert "esb ca second-key" in refusal(home, **SECOND)


def test_a_registry_of_another_version_is_refused(home: Home) -> None:
    engine = open_database(load(home.path, {}).settings.registry.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    assert "not of this version" in refusal(home) or "newer" in refusal(home)


# TLS at the door.


def tls(home: Home, certificate: bytes | None, key: bytes | None) -> dict[str, str]:
    if certificate is not None:
        (home.keys / "door.pem").write_bytes(certificate)
    if key is not None:
        (home.keys / "door.key").write_bytes(key)
    return {
        "SHLUZ_DOOR_TLS": "true",
        "SHLUZ_DOOR_REQUIRE_CLIENT_CERTIFICATE": "false",
        "SHLUZ_DOOR_TLS_CERTIFICATE": "keys/door.pem",
        "SHLUZ_DOOR_TLS_KEY": "keys/door.key",
    }


def test_a_door_with_tls(home: Home) -> None:
    key = generate_key("p256")
    assert wired(home, **tls(home, self_signed(key), plain(key))).tls is not None


def test_a_key_of_another_certificate_is_refused(home: Home) -> None:
    told = refusal(home, **tls(home, self_signed(generate_key("p256")), plain(generate_key("p256"))))
    assert "not that of the first certificate" in told


def test_broken_tls_files_are_named(home: Home) -> None:
    key = generate_key("p256")
    assert "door.key is not a private key" in refusal(home, **tls(home, self_signed(key), b"garbage"))
    assert "PEM certificates" in refusal(home, **tls(home, b"garbage", plain(key)))


def test_a_file_that_is_not_there_is_named(home: Home, tmp_path: Path) -> None:
    assert "door.pem cannot be read" in refusal(home, **tls(home, None, plain(generate_key("p256"))))
    with pytest.raises(CannotStart, match="none cannot be read"):
        pem_of(tmp_path / "none")


# What is in force.


def test_the_registry_is_what_the_home_says(home: Home) -> None:
    engine = open_database(load(home.path, {}).settings.registry.url)
    with acting(engine, "operator", time.time()) as act:
        add_member(act, "DIN", "a", "b", MemberKind.STATE)
    engine.dispose()
    assert "DIN" in wired(home).way.directory.members


def test_quotas_are_taken_up_from_the_log(home: Home) -> None:
    from support.rig import Rig

    from esb.audit.store import open_store
    from esb.kernel.directory import Grant
    from esb.kernel.faults import Refusal

    node = wired(home)
    store = open_store(node.settings.evidence.url)
    store.idle()
    rig = Rig()
    rig.accepted()
    entry = replace(rig.evidence.records[0].entry, at=int(time.time() * 1_000_000))
    store.write([replace(rig.evidence.records[0], entry=entry)])
    store.close()
    restore_quotas(node)
    grant = Grant(1, "EESMN", "x", None, "p", "l", 0.0, None, None, 1, frozenset())
    with pytest.raises(Refusal) as refused:
        node.way.quotas.take(grant, time.time())
    assert refused.value.rule.id == "ACC-08"


@pytest.mark.parametrize("der", [b"rubbish", b"\x30\x00", b"\x30" * 100_000], ids=["rubbish", "empty", "large"])
def test_a_registered_certificate_that_nobody_can_read_is_left_out_and_told(
    home: Home, capsys: pytest.CaptureFixture[str], der: bytes
) -> None:
    """Once it kept the whole registry, and with it every revocation, from being read again."""
    engine = open_database(load(home.path, {}).settings.registry.url)
    with acting(engine, "operator", time.time()) as act:
        add_member(act, "DIN", "DİN", "DIN", MemberKind.STATE)
        add_certificate(act, der, "DIN", CertificateUse.SIGNING)
    node = wired(home)
    assert "DIN" in node.way.directory.members
    assert all(one.owner != "DIN" for one in node.way.directory.certificates.by_sha256.values())
    told = capsys.readouterr()
    assert "certificate left out" in told.out + told.err
    with acting(engine, "operator", time.time()) as act:
        add_certificate(act, der + b"2", "DIN", CertificateUse.SIGNING)
        add_member(act, "DSMF", "DSMF", "DSMF", MemberKind.STATE)
    fresh = node.watcher.poll()
    assert fresh is not None
    assert "DSMF" in fresh.members
