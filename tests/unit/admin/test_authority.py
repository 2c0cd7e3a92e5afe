"""The home's own authority: made once, careful with files, and true in what it certifies and takes back."""

import hashlib
import secrets
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.authority import (
    Authority,
    AuthorityMissing,
    add_bus_key,
    enrol_member,
    fingerprint,
    init_authority,
    published_at,
    renew_bus_certificate,
    write_new,
)
from esb.admin.home import make_home
from esb.admin.lists import publish_crl, revoke
from esb.admin.trust import read_trust
from esb.certs.ca import AuthorityError
from esb.certs.keys import KeyUnusable, WrongPassphrase, generate_key, load_key
from esb.certs.requests import RequestRefused, make_request
from esb.kernel.directory import CertificateUse
from esb.registry.acts import acting
from esb.registry.certificates import list_certificates
from esb.registry.database import reading
from esb.registry.errors import Conflict, NotFound
from esb.registry.issued import list_issued
from esb.registry.members import add_member
from esb.registry.models import MemberKind, RevocationReason

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


def second(office: Any, **more: Any) -> x509.Certificate:
    facts: dict[str, Any] = {"name": "bus", "kind": "rsa2048", "now": NOW, "random": secrets.token_bytes, **more}
    home = office.home
    return add_bus_key(home, PASSPHRASE, key=home.keys / "bus-rsa.key", certificate=home.keys / "bus-rsa.pem", **facts)


def test_a_second_key_is_made_beside_the_first(office: Any) -> None:
    first = (office.home.keys / "bus.key").read_bytes()
    made = second(office)
    key = office.home.keys / "bus-rsa.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert load_key(key, PASSPHRASE).public_key() == made.public_key()
    digest = hashlib.sha256(made.public_bytes(Encoding.DER)).hexdigest()
    assert fingerprint(office.home.keys / "bus-rsa.pem") == (digest, made.not_valid_after_utc)
    assert x509.load_pem_x509_certificate((office.home.keys / "bus-rsa.pem").read_bytes()) == made
    assert read_trust(office.home.anchors, office.home.crl, 0, NOW).judge.problem(made, NOW) is None
    assert (office.home.keys / "bus.key").read_bytes() == first


@pytest.mark.parametrize("name", ["bus-rsa.key", "bus-rsa.pem"])
def test_no_key_or_certificate_of_the_bus_is_overwritten(office: Any, name: str) -> None:
    (office.home.keys / name).write_text("mine")
    with pytest.raises(AuthorityMissing, match="exists: nothing was changed"):
        second(office)
    assert (office.home.keys / name).read_text() == "mine"
    assert len(list(office.home.keys.glob("bus-rsa*"))) == 1


def test_a_renewed_certificate_is_of_the_same_key_and_lasts_longer(office: Any) -> None:
    key, path = office.home.keys / "bus.key", office.home.keys / "bus.pem"
    before = x509.load_pem_x509_certificate(path.read_bytes())
    later = NOW + 10 * 86_400
    for now in (later, later + 380 * 86_400):  # the authority lasts 400 days, and no certificate longer than it
        made = renew_bus_certificate(
            office.home, PASSPHRASE, key=key, certificate=path, name="bus", now=now, random=secrets.token_bytes
        )
        assert x509.load_pem_x509_certificate(path.read_bytes()) == made
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert made.public_key() == before.public_key()
        assert made.serial_number != before.serial_number
        assert made.not_valid_after_utc.timestamp() > now + 8 * 86_400
        assert made.not_valid_after_utc <= office.authority.not_valid_after_utc
    assert sorted(each.name for each in office.home.keys.iterdir() if "bus" in each.name) == ["bus.key", "bus.pem"]


def test_an_authority_that_ends_renews_nothing(office: Any) -> None:
    path = office.home.keys / "bus.pem"
    before = path.read_bytes()
    with pytest.raises(AuthorityError, match="itself has ended"):
        renew_bus_certificate(
            office.home,
            PASSPHRASE,
            key=office.home.keys / "bus.key",
            certificate=path,
            name="bus",
            now=NOW + 400 * 86_400,
            random=secrets.token_bytes,
        )
    assert path.read_bytes() == before


def test_what_is_enrolled_stands_in_the_register_with_its_bus(office: Any) -> None:
    certificate = enrol(office, published=published_at("http://bus.example"))
    with reading(office.engine) as session:
        rows = {row.profile: row for row in list_issued(session)}
    assert set(rows) == {"member-signing", "bus-signing"}
    row = rows["member-signing"]
    assert (int(row.serial, 16), row.owner, row.requester) == (certificate.serial_number, "DIN", "operator")
    assert (row.not_after, row.der) == (
        certificate.not_valid_after_utc.timestamp(),
        certificate.public_bytes(Encoding.DER),
    )
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name[0].value == "http://bus.example/ca/ca.crl"  # type: ignore[index]


def test_a_key_is_certified_for_one_holder_alone(office: Any) -> None:
    with acting(office.engine, "operator", NOW) as act:
        add_member(act, "EESMN", "Əmək", "Labour", MemberKind.STATE)
    request = make_request(generate_key("p256"), "x").public_bytes(Encoding.PEM)
    certificate = enrol(office, request=request)
    enrol(office, request=request)  # its own again is a renewal of the certificate
    with pytest.raises(Conflict, match="somebody else"):
        enrol(office, "EESMN", request)
    digest = certificate.fingerprint(SHA256()).hex()
    reason = RevocationReason.KEY_COMPROMISE
    revoke(office.home, office.engine, PASSPHRASE, digest, reason, author="operator", now=NOW)
    with pytest.raises(Conflict, match="others may have it"):
        enrol(office, request=request)
