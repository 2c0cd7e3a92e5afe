"""The home's own authority: made once, careful with files, and true in what it certifies and takes back."""

import os
import secrets
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.authority import (
    Authority,
    AuthorityMissing,
    enrol_member,
    init_authority,
    publish_crl,
    revoke,
    write_new,
)
from esb.admin.home import make_home
from esb.admin.trust import read_trust
from esb.certs.keys import KeyUnusable, WrongPassphrase, generate_key, load_key
from esb.certs.requests import RequestRefused, make_request
from esb.kernel.directory import CertificateUse
from esb.registry.certificates import list_certificates
from esb.registry.database import reading
from esb.registry.errors import NotFound
from esb.registry.models import RevocationReason

NOW = 1_790_000_000.0
PASSPHRASE = b"geheim"


def enrol(office: Any, member: str = "DIN", request: bytes | None = None, **more: Any) -> x509.Certificate:
    request = request or make_request(generate_key("p256"), "anything").public_bytes(Encoding.PEM)
    facts: dict[str, Any] = {
        "use": CertificateUse.SIGNING,
        "days": 30,
        "hostnames": (),
        "author": "operator",
        "now": NOW,
        "random": secrets.token_bytes,
        **more,
    }
    return enrol_member(office.home, office.engine, PASSPHRASE, member, request, **facts)


def test_what_was_made_is_closed_encrypted_and_believed(office: Any) -> None:
    home = office.home
    assert Authority(home).exists()
    for key in (home.path / "ca" / "ca.key", home.keys / "bus.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert b"ENCRYPTED" in key.read_bytes()
        assert load_key(key, PASSPHRASE).algorithm
    assert stat.S_IMODE((home.path / "ca").stat().st_mode) == 0o700
    trust = read_trust(home.anchors, home.crl, 0, NOW)
    bus = x509.load_pem_x509_certificate((home.keys / "bus.pem").read_bytes())
    assert trust.judge.problem(bus, NOW) is None
    assert bus.public_key() == load_key(home.keys / "bus.key", PASSPHRASE).public_key()
    assert trust.crls.known_until == NOW + 7 * 86_400


@pytest.mark.parametrize("there", ["ca/ca.key", "keys/bus.key"])
def test_it_is_made_once(tmp_path: Path, there: str) -> None:
    home = make_home(tmp_path / "home", None)
    (home.path / there).parent.mkdir(exist_ok=True)
    (home.path / there).write_text("mine")
    with pytest.raises(AuthorityMissing, match="exists: nothing was changed"):
        init_authority(
            home,
            PASSPHRASE,
            name="CA",
            key_kind="p256",
            days=10,
            bus_key=home.keys / "bus.key",
            bus_certificate=home.keys / "bus.pem",
            bus_name="bus",
            now=NOW,
            random=secrets.token_bytes,
        )
    assert (home.path / there).read_text() == "mine"
    assert list(home.anchors.iterdir()) == []


def test_a_members_certificate_says_whose_it_is_by_the_registry(office: Any) -> None:
    certificate = enrol(office)
    assert "DIN" in certificate.subject.rfc4514_string()
    assert "anything" not in certificate.subject.rfc4514_string()
    assert read_trust(office.home.anchors, office.home.crl, 0, NOW).judge.problem(certificate, NOW) is None
    with reading(office.engine) as session:
        (row,) = list_certificates(session, "DIN")
    assert row.der == certificate.public_bytes(Encoding.DER)
    assert row.use is CertificateUse.SIGNING


def test_a_stranger_is_not_certified(office: Any) -> None:
    with pytest.raises(NotFound):
        enrol(office, "NOBODY")
    with pytest.raises(RequestRefused):
        enrol(office, request=b"no request")


def test_the_passphrase_is_needed(office: Any) -> None:
    with pytest.raises(WrongPassphrase):
        enrol_member(
            office.home,
            office.engine,
            b"wrong",
            "DIN",
            make_request(generate_key("p256"), "x").public_bytes(Encoding.DER),
            use=CertificateUse.SIGNING,
            days=30,
            hostnames=(),
            author="operator",
            now=NOW,
            random=secrets.token_bytes,
        )


def test_a_home_without_an_authority_says_how_to_make_one(office: Any) -> None:
    (office.home.path / "ca" / "ca.key").unlink()
    with pytest.raises(AuthorityMissing, match="esb ca init"):
        enrol(office)
    with pytest.raises(AuthorityMissing, match="esb ca init"):
        publish_crl(office.home, office.engine, PASSPHRASE, NOW)


def test_what_is_taken_back_stands_on_the_list_and_in_the_registry(office: Any) -> None:
    certificate = enrol(office)
    with reading(office.engine) as session:
        (row,) = list_certificates(session, "DIN")
    reason = RevocationReason("keyCompromise")
    revoke(office.home, office.engine, PASSPHRASE, row.sha256, reason, author="operator", now=NOW + 10)
    entry = office.crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    assert entry is not None
    assert entry.revocation_date_utc.timestamp() == NOW + 10
    assert read_trust(office.home.anchors, office.home.crl, 0, NOW + 10).crls.revocation(certificate) == "keyCompromise"
    with reading(office.engine) as session:
        (row,) = list_certificates(session, "DIN")
    assert row.revoked is reason


def test_a_list_is_numbered_and_replaced_whole(office: Any) -> None:
    def number() -> int:
        return office.crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

    assert number() == 1
    assert publish_crl(office.home, office.engine, PASSPHRASE, NOW + 100) == 0
    assert number() == 2
    assert [path.name for path in office.home.crl.iterdir()] == ["shluz-ca.crl"]


def test_half_a_list_is_never_seen(office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the folder while the draft stands in it reads the old list."""
    replace, seen = os.replace, []

    def look_first(source: str, target: str) -> None:
        seen.append([path.name for path in office.home.crl.iterdir() if not path.name.startswith(".")])
        replace(source, target)

    monkeypatch.setattr(os, "replace", look_first)
    publish_crl(office.home, office.engine, PASSPHRASE, NOW)
    assert seen == [["shluz-ca.crl"]]


def test_a_foreign_certificate_is_taken_back_without_an_authority(office: Any) -> None:
    enrol(office)
    with reading(office.engine) as session:
        (row,) = list_certificates(session, "DIN")
    (office.home.path / "ca" / "ca.key").unlink()
    revoke(office.home, office.engine, b"", row.sha256, RevocationReason("superseded"), author="operator", now=NOW)
    with pytest.raises(NotFound):
        revoke(office.home, office.engine, b"", "0" * 64, RevocationReason("superseded"), author="operator", now=NOW)


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_new(path, b"one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(KeyUnusable, match="exists and is not overwritten"):
        write_new(path, b"two")
    assert path.read_bytes() == b"one"
    with pytest.raises(KeyUnusable, match="cannot be written"):
        write_new(tmp_path / "none" / "file", b"x")
