"""What can be wrong with a signing request, and what must not be believed of one."""

import subprocess
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from esb.certs.keys import PrivateKey, generate_key
from esb.certs.requests import (
    MAX_HOSTNAMES,
    MAX_SIZE,
    RequestRefused,
    check_hostname,
    make_request,
    read_request,
    requested_hostnames,
)


@cache
def made(kind: str) -> PrivateKey:
    return generate_key(kind)


def with_names(*names: x509.GeneralName) -> x509.CertificateSigningRequest:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(made("p256"), hashes.SHA256())


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048", "ed25519"])
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_good_request_is_read(kind: str, encoding: Encoding) -> None:
    request = read_request(make_request(made(kind), "DIN").public_bytes(encoding))
    assert request.public_key() == made(kind).public_key()


def test_openssl_verifies_ours_and_we_read_openssls(tmp_path: Path) -> None:
    ours = make_request(made("p256"), "DIN", ["a.example"]).public_bytes(Encoding.PEM)
    shown = subprocess.run(
        ["openssl", "req", "-verify", "-noout", "-text"], input=ours, check=True, capture_output=True
    )
    assert b"verify OK" in shown.stderr + shown.stdout
    assert b"DNS:a.example" in shown.stdout
    key = tmp_path / "k"
    key.write_bytes(
        made("rsa2048").private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    for options in ([], ["-newhdr"]):
        command = ["openssl", "req", "-new", "-key", key, "-subj", "/CN=DIN", *options]
        theirs = subprocess.run(command, check=True, capture_output=True).stdout
        assert read_request(theirs).public_key() == made("rsa2048").public_key()


def test_a_request_signed_by_another_key_is_refused() -> None:
    octets = bytearray(make_request(made("p256"), "DIN").public_bytes(Encoding.DER))
    name = octets.index(b"DIN")
    octets[name : name + 3] = b"MTN"
    with pytest.raises(RequestRefused, match="not signed"):
        read_request(bytes(octets))


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (rsa.generate_private_key(65537, 1024), "1024 bits"),
        (rsa.generate_private_key(3, 2048), "exponent"),
        (ec.generate_private_key(ec.SECP256K1()), "secp256k1"),
    ],
)
def test_a_weak_key_is_refused_with_the_reason(key: rsa.RSAPrivateKey, says: str) -> None:
    with pytest.raises(RequestRefused, match=says):
        read_request(make_request(key, "DIN").public_bytes(Encoding.DER))


def test_an_outdated_digest_is_refused(tmp_path: Path) -> None:
    command = ["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-sha1", "-subj", "/CN=x"]
    made_by_openssl = subprocess.run([*command, "-keyout", tmp_path / "k"], check=True, capture_output=True).stdout
    with pytest.raises(RequestRefused, match="SHA-256"):
        read_request(made_by_openssl)


def test_a_private_key_sent_along_is_spent() -> None:
    pem = made("p256").private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with pytest.raises(RequestRefused, match="spent") as caught:
        read_request(pem + make_request(made("p256"), "DIN").public_bytes(Encoding.PEM))
    assert "MI" not in str(caught.value)


def test_what_is_not_one_request_is_refused() -> None:
    der = make_request(made("p256"), "DIN").public_bytes(Encoding.DER)
    pem = make_request(made("p256"), "DIN").public_bytes(Encoding.PEM)
    certificate = pem.replace(b"CERTIFICATE REQUEST", b"CERTIFICATE")
    for octets in (b"", b"hello", der + b"\0", der[:-1], pem + pem, pem[:80], certificate, b"0" * (MAX_SIZE + 1)):
        with pytest.raises(RequestRefused):
            read_request(octets)


def test_hosts_are_read_in_lower_case_and_once() -> None:
    request = with_names(x509.DNSName("Xidmet.Example"), x509.DNSName("xidmet.example"), x509.DNSName("localhost"))
    assert requested_hostnames(request) == ("xidmet.example", "localhost")
    assert requested_hostnames(make_request(made("p256"), "DIN")) == ()


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "a.",
        "a..b",
        "-a.b",
        "a-.b",
        "*.example",
        "10.0.0.1",
        "0x7f.1",
        "a_b.example",
        "a b",
        "a\0.example",
        "a.example\n",
        "ş.example",
        "a" * 64 + ".example",
        "a." * 127 + "example",
    ],
)
def test_what_is_no_hosts_name_is_refused(host: str) -> None:
    with pytest.raises(RequestRefused):
        check_hostname(host)


def test_other_names_and_too_many_are_refused() -> None:
    with pytest.raises(RequestRefused, match="not a host's name"):
        requested_hostnames(with_names(x509.UniformResourceIdentifier("http://a.example")))
    with pytest.raises(RequestRefused, match="more than"):
        requested_hostnames(with_names(*[x509.DNSName(f"a{n}.example") for n in range(MAX_HOSTNAMES + 1)]))


def test_a_version_that_pkcs10_does_not_know_is_refused() -> None:
    octets = make_request(made("p256"), "DIN").public_bytes(Encoding.DER)
    with pytest.raises(RequestRefused):
        read_request(octets.replace(bytes.fromhex("020100"), bytes.fromhex("020107"), 1))


@pytest.mark.parametrize("place", range(0, 200, 3))
def test_an_octet_changed_anywhere_is_refused_and_never_an_accident(place: int) -> None:
    octets = bytearray(make_request(made("p256"), "DIN", ["a.example"]).public_bytes(Encoding.DER))
    octets[place] ^= 0x41
    with pytest.raises(RequestRefused):
        read_request(bytes(octets))
