"""What the authority certifies, judged by OpenSSL, and what it must never take from a request."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from esb.certs.ca import AuthorityError, Published, Subject, create_authority, issue, serial_number, sign_crl
from esb.certs.keys import PrivateKey, generate_key
from esb.certs.requests import RequestRefused, make_request
from esb.kernel.directory import CertificateUse

NOW = 1_800_000_000.5
SERIAL = serial_number(bytes(range(16)))
DIN = Subject("DIN", "Daxili İşlər Nazirliyi")


def authority(kind: str = "p256") -> tuple[PrivateKey, x509.Certificate]:
    return made(kind)


@cache
def made(kind: str) -> tuple[PrivateKey, x509.Certificate]:
    return create_authority("Şlüz Sınaq CA", kind, NOW, 3650)


@cache
def member_key() -> PrivateKey:
    return generate_key("p256")


def certify(use: CertificateUse = CertificateUse.SIGNING, kind: str = "p256", **changes: object) -> x509.Certificate:
    arguments: dict[str, object] = {
        "csr": make_request(member_key(), "anything I like"),
        "subject": DIN,
        "now": NOW,
        "days": 365,
        "serial": SERIAL,
        **changes,
    }
    return issue(*authority(kind), use=use, **arguments)  # type: ignore[arg-type]


def openssl(*arguments: object, given: bytes = b"") -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], input=given, capture_output=True, check=False)
    return (done.stdout + done.stderr).decode()


def pem_file(path: Path, written: x509.Certificate | x509.CertificateRevocationList) -> Path:
    path.write_bytes(written.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048", "ed25519"])
def test_openssl_accepts_the_path_strictly(kind: str, tmp_path: Path) -> None:
    root = pem_file(tmp_path / "root", authority(kind)[1])
    for use, purpose in ((CertificateUse.SIGNING, "any"), (CertificateUse.TLS, "sslclient")):
        leaf = pem_file(tmp_path / "leaf", certify(use, kind))
        command = ["verify", "-x509_strict", "-check_ss_sig", "-attime", int(NOW), "-purpose", purpose]
        assert openssl(*command, "-CAfile", root, leaf) == f"{leaf}: OK\n"


def test_the_server_profile_names_its_hosts_to_openssl(tmp_path: Path) -> None:
    leaf = pem_file(tmp_path / "leaf", certify(CertificateUse.TLS, hostnames=["Xidmet.example", "xidmet.example"]))
    root = pem_file(tmp_path / "root", authority()[1])
    command = ["verify", "-x509_strict", "-attime", int(NOW), "-purpose", "sslserver", "-CAfile", root]
    assert "OK" in openssl(*command, "-verify_hostname", "xidmet.example", leaf)
    assert "ostname mismatch" in openssl(*command, "-verify_hostname", "other.example", leaf)


def test_openssl_reads_the_profiles_as_meant() -> None:
    def shown(certificate: x509.Certificate) -> str:
        return re.sub(r"\s+", " ", openssl("x509", "-noout", "-text", given=certificate.public_bytes(Encoding.PEM)))

    root = shown(authority()[1])
    assert "X509v3 Basic Constraints: critical CA:TRUE, pathlen:0" in root
    assert "X509v3 Key Usage: critical Certificate Sign, CRL Sign" in root
    signing = shown(certify(published=Published(crl="http://pki.example/list.crl")))
    assert "X509v3 Basic Constraints: critical CA:FALSE" in signing
    assert "X509v3 Key Usage: critical Digital Signature, Non Repudiation" in signing
    assert "Extended Key Usage" not in signing
    assert "URI:http://pki.example/list.crl" in signing
    tls = shown(certify(CertificateUse.TLS))
    assert "X509v3 Key Usage: critical Digital Signature X509v3" in tls
    assert "Extended Key Usage: TLS Web Client Authentication" in tls
    assert "TLS Web Server" not in tls
    server = shown(certify(CertificateUse.TLS, hostnames=["a.example"]))
    assert "TLS Web Client Authentication, TLS Web Server Authentication" in server
    assert "CRL Distribution" not in tls


def test_the_name_is_the_registrys_and_not_the_requests() -> None:
    request = make_request(member_key(), "Mərkəzi Bank", ["bank.example"])
    certificate = certify(CertificateUse.TLS, csr=request)
    assert certificate.subject.rfc4514_string() == "CN=DIN,2.5.4.97=DIN,O=Daxili İşlər Nazirliyi"
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_it_begins_five_minutes_early_and_ends_on_time() -> None:
    certificate = certify(days=2)
    assert certificate.not_valid_before_utc.timestamp() == int(NOW) - 300
    assert certificate.not_valid_after_utc.timestamp() == int(NOW) + 2 * 86_400


def test_none_outlives_its_authority() -> None:
    last = NOW + 3600 * 86_400
    certificate = certify(now=last, days=365)
    assert certificate.not_valid_after_utc == authority()[1].not_valid_after_utc


def test_a_long_name_is_cut_where_x520_ends_it() -> None:
    long = Subject("DSMF", "Əmək və Əhalinin  Sosial\nMüdafiəsi Nazirliyi yanında " + "Dövlət " * 20)
    organization = certify(subject=long).subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    assert len(organization) <= 64
    assert str(organization).startswith("Əmək və Əhalinin Sosial Müdafiəsi")


def test_serial_numbers_are_positive_and_long() -> None:
    for octets in (b"\0" * 16, b"\xff" * 16):
        assert 1 << 126 <= serial_number(octets) < 1 << 127
    with pytest.raises(ValueError):
        serial_number(b"short")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"days": 4000}, "1825 days at most"),
        ({"days": 0}, "one day"),
        ({"serial": 7}, "random"),
        ({"serial": 1 << 160}, "random"),
        ({"serial": -SERIAL}, "random"),
        ({"hostnames": ["a.example"]}, "for TLS"),
        ({"subject": Subject("DIN", " ")}, "printable"),
        ({"subject": Subject("DIN", "a\0b")}, "printable"),
        ({"now": NOW + 3651 * 86_400}, "has ended"),
        ({"published": Published(crl="file:///etc/passwd")}, "http"),
        ({"published": Published(ocsp="http://a\n")}, "http"),
    ],
)
def test_what_would_make_a_bad_certificate_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(AuthorityError, match=says):
        certify(**changes)


def test_a_wildcard_is_never_certified() -> None:
    with pytest.raises(RequestRefused):
        certify(CertificateUse.TLS, hostnames=["*.example"])


def test_the_authoritys_own_key_is_not_certified_for_a_member() -> None:
    with pytest.raises(AuthorityError, match="own key"):
        certify(csr=make_request(authority()[0], "x"))


def test_a_key_and_certificate_that_are_no_pair_are_refused() -> None:
    request = make_request(member_key(), "x")
    with pytest.raises(AuthorityError, match="pair"):
        issue(member_key(), authority()[1], request, DIN, CertificateUse.SIGNING, NOW, 1, SERIAL)
    with pytest.raises(AuthorityError, match="pair"):
        sign_crl(member_key(), authority()[1], [], 1, NOW, 1)


@pytest.mark.parametrize("name", ["", "ş" * 33])
def test_an_authoritys_name_has_a_size(name: str) -> None:
    with pytest.raises(AuthorityError):
        create_authority(name, "p256", NOW, 1)


@pytest.mark.parametrize("kind", ["p256", "rsa2048", "ed25519"])
def test_openssl_finds_a_revoked_certificate_by_our_list(kind: str, tmp_path: Path) -> None:
    root = pem_file(tmp_path / "root", authority(kind)[1])
    leaf = pem_file(tmp_path / "leaf", certify(kind=kind))
    command = ["verify", "-x509_strict", "-crl_check", "-attime", int(NOW) + 60, "-CAfile", root, "-CRLfile"]
    empty = pem_file(tmp_path / "empty", sign_crl(*authority(kind), [], 1, NOW, 7))
    assert "OK" in openssl(*command, empty, leaf)
    full = pem_file(tmp_path / "full", sign_crl(*authority(kind), [(SERIAL, NOW, "keyCompromise")], 2, NOW, 7))
    assert "certificate revoked" in openssl(*command, full, leaf)
    shown = openssl("crl", "-in", full, "-noout", "-text", "-CAfile", root)
    assert "verify OK" in shown
    assert "Key Compromise" in shown
    assert re.search(r"CRL Number:\s+2\b", shown)


def test_an_unspecified_reason_is_left_out_and_the_order_is_kept() -> None:
    crl = sign_crl(*authority(), [(9, NOW, "unspecified"), (3, NOW - 9, "superseded")], 1, NOW, 7)
    entries = list(crl)
    assert [entry.serial_number for entry in entries] == [3, 9]
    assert not list(entries[1].extensions)


def test_a_list_that_ends_at_once_is_not_signed() -> None:
    with pytest.raises(AuthorityError, match="one day"):
        sign_crl(*authority(), [], 1, NOW, 0)


@pytest.mark.parametrize(
    ("revoked", "says"),
    [
        ([(1, NOW, "because")], "not a reason"),
        ([(1, NOW, "removeFromCRL")], "not a reason"),
        ([(1, NOW, "superseded"), (1, NOW, "keyCompromise")], "twice"),
    ],
)
def test_a_list_that_says_nonsense_is_not_signed(revoked: list[tuple[int, float, str]], says: str) -> None:
    with pytest.raises(AuthorityError, match=says):
        sign_crl(*authority(), revoked, 1, NOW, 7)


def test_a_delta_list_says_its_base_and_openssl_goes_by_both(tmp_path: Path) -> None:
    where = Published(crl="http://pki.example/ca.crl", delta="http://pki.example/delta.crl")
    root, leaf = pem_file(tmp_path / "root", authority()[1]), pem_file(tmp_path / "leaf", certify(published=where))
    held = [(SERIAL, NOW, "certificateHold")]
    complete = sign_crl(*authority(), held, 5, NOW, 7, delta_url=where.delta)
    lifted = sign_crl(*authority(), [(SERIAL, NOW, "removeFromCRL")], 6, NOW, 1, base=5)
    lists = tmp_path / "lists"
    command = ["verify", "-x509_strict", "-attime", int(NOW) + 60, "-crl_check", "-use_deltas", "-extended_crl"]
    pem_file(lists, complete)
    assert "certificate revoked" in openssl(*command, "-CAfile", root, "-CRLfile", lists, leaf)
    lists.write_bytes(lists.read_bytes() + lifted.public_bytes(Encoding.PEM))
    assert "OK" in openssl(*command, "-CAfile", root, "-CRLfile", lists, leaf)
    shown = openssl("crl", "-noout", "-text", "-CAfile", root, given=lifted.public_bytes(Encoding.PEM))
    assert "verify OK" in shown
    assert re.search(r"Delta CRL Indicator: critical\s+5\b", shown)
    assert "Remove From CRL" in shown
    assert "Freshest CRL" in openssl("crl", "-noout", "-text", given=complete.public_bytes(Encoding.PEM))
    with pytest.raises(AuthorityError, match="after its base"):
        sign_crl(*authority(), [], 5, NOW, 1, base=5)
