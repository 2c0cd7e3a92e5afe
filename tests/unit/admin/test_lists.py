"""Lists as the authority publishes them: numbered in one sequence, replaced whole, and read by openssl."""

import os
import secrets
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.authority import AuthorityMissing, enrol_member, published_at
from esb.admin.kept_lists import list_subject
from esb.admin.lists import ListsAsked, publish_crl, publish_delta, release, revoke
from esb.admin.trust import read_trust
from esb.certs.keys import generate_key
from esb.certs.requests import make_request
from esb.kernel.directory import CertificateUse
from esb.registry.acts import acting
from esb.registry.certificates import revoke_certificate
from esb.registry.database import reading
from esb.registry.errors import Conflict, NotFound
from esb.registry.issued import last_list_number
from esb.registry.models import RevocationReason
from esb.registry.revocation import revocation_evidence

NOW = 1_790_000_000.0
PASSPHRASE = b"geheim"
WHERE = published_at("http://bus.example")
ASKED = ListsAsked(7, 24, WHERE)
HOLD = RevocationReason.CERTIFICATE_HOLD


def enrol(office: Any) -> x509.Certificate:
    return enrol_member(
        office.home,
        office.engine,
        PASSPHRASE,
        "DIN",
        make_request(generate_key("p256"), "x").public_bytes(Encoding.PEM),
        use=CertificateUse.SIGNING,
        days=30,
        hostnames=(),
        author="operator",
        now=NOW,
        random=secrets.token_bytes,
        published=WHERE,
    )


def digest(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(SHA256()).hex()


def delta_of(office: Any) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl((office.home.crl / "shluz-ca-delta.crl").read_bytes())


def number(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def openssl_says(office: Any, certificate: x509.Certificate, folder: Path, *more: str) -> str:
    leaf = folder / "leaf.pem"
    leaf.write_bytes(certificate.public_bytes(Encoding.PEM))
    lists = folder / "lists.pem"
    # Without -extended_crl openssl takes a delta list for a complete one: give it only what it can tell apart.
    names = ("shluz-ca.crl", "shluz-ca-delta.crl") if "-extended_crl" in more else ("shluz-ca.crl",)
    lists.write_bytes(b"".join((office.home.crl / name).read_bytes() for name in names))
    anchor = office.home.anchors / "shluz-ca.pem"
    command = ["openssl", "verify", "-x509_strict", "-crl_check", "-attime", str(int(NOW) + 60), *more]
    done = subprocess.run(
        [*command, "-CAfile", str(anchor), "-CRLfile", str(lists), str(leaf)],
        capture_output=True,
        check=False,
        text=True,
    )
    return done.stdout + done.stderr


def test_one_sequence_numbers_complete_and_delta_lists(office: Any) -> None:
    assert number(office.crl) == 1
    assert publish_crl(office.home, office.engine, PASSPHRASE, NOW + 100, asked=ASKED) == 0
    assert (number(office.crl), number(delta_of(office))) == (2, 3)
    assert publish_delta(office.home, office.engine, PASSPHRASE, NOW + 200, asked=ASKED) == 0
    assert (number(office.crl), number(delta_of(office))) == (2, 4)
    publish_crl(office.home, office.engine, PASSPHRASE, NOW + 300, asked=ASKED)
    assert (number(office.crl), number(delta_of(office))) == (5, 6)
    assert sorted(path.name for path in office.home.crl.iterdir()) == ["shluz-ca-delta.crl", "shluz-ca.crl"]
    pointer = office.crl.extensions.get_extension_for_class(x509.FreshestCRL).value
    assert pointer[0].full_name[0].value == WHERE.delta  # type: ignore[index]


def test_a_registry_that_was_put_back_does_not_number_twice(office: Any) -> None:
    publish_crl(office.home, office.engine, PASSPHRASE, NOW)
    with office.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM published_lists")
    publish_crl(office.home, office.engine, PASSPHRASE, NOW)
    assert number(office.crl) == 4
    with reading(office.engine) as session:
        assert last_list_number(session, "0" * 64) == 0


def test_half_a_list_is_never_seen(office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the folder while a draft stands in it reads lists that go together."""
    publish_crl(office.home, office.engine, PASSPHRASE, NOW)
    replace, seen = os.replace, []

    def look_first(source: str, target: str) -> None:
        replace(source, target)
        seen.append([path.name for path in office.home.crl.iterdir() if not path.name.startswith(".")])
        read_trust(office.home.anchors, office.home.crl, 0, NOW)

    monkeypatch.setattr(os, "replace", look_first)
    publish_crl(office.home, office.engine, PASSPHRASE, NOW)
    assert [sorted(names) for names in seen] == [["shluz-ca-delta.crl", "shluz-ca.crl"]] * 2


def test_hold_and_release_reach_whoever_reads_delta_lists(office: Any, tmp_path: Path) -> None:
    certificate = enrol(office)
    deltas = ("-use_deltas", "-extended_crl")

    def bus_says() -> str | None:
        return read_trust(office.home.anchors, office.home.crl, 0, NOW + 60).crls.revocation(certificate)

    publish_crl(office.home, office.engine, PASSPHRASE, NOW, asked=ASKED)
    assert openssl_says(office, certificate, tmp_path).endswith("OK\n")
    revoke(office.home, office.engine, PASSPHRASE, digest(certificate), HOLD, author="op", now=NOW + 1, asked=ASKED)
    assert "certificate revoked" in openssl_says(office, certificate, tmp_path, *deltas)
    assert bus_says() == "certificateHold"
    release(office.home, office.engine, PASSPHRASE, digest(certificate), author="op", now=NOW + 2, asked=ASKED)
    assert "certificate revoked" in openssl_says(office, certificate, tmp_path), "the complete list still says so"
    assert openssl_says(office, certificate, tmp_path, *deltas).endswith("OK\n")
    assert bus_says() is None
    shown = subprocess.run(
        ["openssl", "crl", "-noout", "-text", "-in", "crl/shluz-ca-delta.crl", "-CAfile", "anchors/shluz-ca.pem"],
        cwd=office.home.path,
        capture_output=True,
        check=True,
        text=True,
    )
    assert "verify OK" in shown.stderr
    assert "Remove From CRL" in shown.stdout
    publish_crl(office.home, office.engine, PASSPHRASE, NOW + 3, asked=ASKED)
    assert openssl_says(office, certificate, tmp_path).endswith("OK\n")


def test_what_is_taken_back_for_good_stays_so(office: Any, tmp_path: Path) -> None:
    certificate = enrol(office)
    reason = RevocationReason.KEY_COMPROMISE
    for why in (HOLD, reason, reason):
        revoke(office.home, office.engine, PASSPHRASE, digest(certificate), why, author="op", now=NOW, asked=ASKED)
    assert "certificate revoked" in openssl_says(office, certificate, tmp_path)
    with pytest.raises(Conflict, match="keyCompromise, which is final"):
        release(office.home, office.engine, PASSPHRASE, digest(certificate), author="op", now=NOW)
    with pytest.raises(NotFound):
        release(office.home, office.engine, PASSPHRASE, "0" * 64, author="op", now=NOW)


def test_a_delta_list_needs_a_complete_one_in_force(office: Any) -> None:
    with pytest.raises(AuthorityMissing, match="has run out"):
        publish_delta(office.home, office.engine, PASSPHRASE, NOW + 8 * 86_400)
    (office.home.crl / "shluz-ca.crl").unlink()
    with pytest.raises(AuthorityMissing, match="esb ca crl"):
        publish_delta(office.home, office.engine, PASSPHRASE, NOW)


def test_a_delta_list_says_what_changed_and_no_more(office: Any) -> None:
    first, second = enrol(office), enrol(office)
    revoke(office.home, office.engine, PASSPHRASE, digest(first), HOLD, author="op", now=NOW, asked=ASKED)
    assert publish_delta(office.home, office.engine, PASSPHRASE, NOW, asked=ASKED) == 0
    with acting(office.engine, "op", NOW) as act:
        revoke_certificate(act, digest(first), RevocationReason.KEY_COMPROMISE)
        revoke_certificate(act, digest(second), RevocationReason.SUPERSEDED)
    assert publish_delta(office.home, office.engine, PASSPHRASE, NOW, asked=ASKED) == 2
    assert {entry.serial_number for entry in delta_of(office)} == {first.serial_number, second.serial_number}


def test_what_the_lists_said_at_any_moment_is_kept(office: Any) -> None:
    first, second = enrol(office), enrol(office)
    subject = list_subject(office.authority.subject)
    given = {"author": "operator", "now": NOW + 100}
    publish_crl(office.home, office.engine, PASSPHRASE, NOW + 10, author="operator")
    revoke(office.home, office.engine, PASSPHRASE, digest(first), RevocationReason.KEY_COMPROMISE, **given)
    with acting(office.engine, "operator", NOW + 200) as act:
        revoke_certificate(act, digest(second), RevocationReason.SUPERSEDED)
    publish_delta(office.home, office.engine, PASSPHRASE, NOW + 210, author="operator")

    def known(at: float) -> list[set[int]]:
        with reading(office.engine) as session:
            found = revocation_evidence(session, digest(first), subject, at)
        return [{entry.serial_number for entry in x509.load_der_x509_crl(each.data)} for each in found]

    assert known(NOW - 5) == []
    assert known(NOW + 5) == [set()], "the list that was there before the registry"
    assert known(NOW + 50) == [set(), set()]
    assert known(NOW + 150) == [{first.serial_number}, set()]
    assert known(NOW + 250) == [{first.serial_number}, {second.serial_number}], "the delta list beside its base"
    with reading(office.engine) as session:
        last = revocation_evidence(session, digest(first), subject, NOW + 250)
    assert x509.load_der_x509_crl(last[0].data) == office.crl
