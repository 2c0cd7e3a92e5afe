"""What was issued before there was a register is entered once, and only what this authority signed."""

import secrets
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.kept_lists import list_subject
from esb.admin.register import adopt, enter, key_digest
from esb.certs.ca import Subject, create_authority, issue, serial_number
from esb.certs.keys import generate_key, load_key
from esb.certs.profiles import MEMBER_SIGNING
from esb.certs.requests import make_request
from esb.kernel.directory import CertificateUse
from esb.registry.acts import acting
from esb.registry.certificates import add_certificate
from esb.registry.database import reading
from esb.registry.issued import get_issued, list_issued
from esb.registry.revocation import revocation_evidence

PASSPHRASE = b"geheim"
NOW = 1_790_000_000.0


def certificate_of(key: Any, authority: Any) -> Any:
    request = make_request(generate_key("p256"), "x")
    serial = serial_number(secrets.token_bytes(16))
    return issue(key, authority, request, Subject("DIN", "Nazirlik"), CertificateUse.SIGNING, NOW, 30, serial)


def test_members_and_the_buss_own_are_adopted_once(office: Any) -> None:
    key = load_key(office.home.path / "ca" / "ca.key", PASSPHRASE).private_key
    ours = certificate_of(key, office.authority)
    clone_key, clone = create_authority("Sınaq CA", "p256", NOW, 100)  # the same name, another key
    foreign = certificate_of(clone_key, clone)
    (office.home.keys / "bus-broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with acting(office.engine, "operator", NOW) as act:
        for certificate in (ours, foreign):
            add_certificate(act, certificate.public_bytes(Encoding.DER), "DIN", CertificateUse.SIGNING)
        assert adopt(act, office.home, office.authority) == 2
        assert adopt(act, office.home, office.authority) == 0
    with reading(office.engine) as session:
        assert {(row.profile, row.owner) for row in list_issued(session)} == {
            ("member-signing", "DIN"),
            ("bus-signing", None),
        }
        assert get_issued(session, ours.fingerprint(SHA256()).hex()).issuer == key_digest(office.authority.public_key())


def test_the_list_that_the_authority_published_before_is_kept_once(office: Any) -> None:
    subject = list_subject(office.authority.subject)
    _, clone = create_authority("Sınaq CA", "p256", NOW, 100)
    with acting(office.engine, "operator", NOW + 5) as act:
        adopt(act, office.home, clone)  # whose list it is not
        assert revocation_evidence(act.session, "0" * 64, subject, NOW + 5) == []
        (office.home.crl / "shluz-ca-delta.crl").write_text("no list")
        for _ in range(2):
            adopt(act, office.home, office.authority)
    with reading(office.engine) as session:
        (kept,) = revocation_evidence(session, "0" * 64, subject, NOW + 5)
        assert kept.data == office.crl.public_bytes(Encoding.DER)
        assert revocation_evidence(session, "0" * 64, subject, NOW + 4) == []


def test_what_is_entered_says_what_the_certificate_says(office: Any) -> None:
    key = load_key(office.home.path / "ca" / "ca.key", PASSPHRASE).private_key
    certificate = certificate_of(key, office.authority)
    with acting(office.engine, "operator", NOW) as act:
        enter(act, office.authority, certificate, MEMBER_SIGNING, "DIN")
        row = get_issued(act.session, certificate.fingerprint(SHA256()).hex())
    assert (row.serial, row.subject) == (f"{certificate.serial_number:x}", certificate.subject.rfc4514_string())
    assert (row.not_before, row.not_after) == (NOW - 300, NOW + 30 * 86_400)
