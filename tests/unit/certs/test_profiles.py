"""Every profile as openssl judges it, for what it is meant and for what it is not."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.certs.ca import AuthorityError, Published, Subject, certify, create_authority, serial_number
from esb.certs.keys import PrivateKey, generate_key
from esb.certs.profiles import (
    BUS_SIGNING,
    DOOR_TLS,
    MEMBER_SIGNING,
    MEMBER_TLS,
    MEMBER_TLS_CLIENT,
    OCSP_RESPONDER,
    PROFILES,
    TIME_STAMPING,
    Profile,
    member_profile,
)
from esb.kernel.directory import CertificateUse

NOW = 1_800_000_000.0
WHERE = Published(
    "http://bus.example/ca/ca.crl",
    "http://bus.example/ca/delta.crl",
    "http://bus.example/ca/ocsp",
    "http://bus.example/ca/ca.cer",
    "2.25.329800735698586629295641978511506172918",
)


@cache
def authority() -> tuple[PrivateKey, x509.Certificate]:
    return create_authority("Sınaq CA", "p384", NOW, 3650)


def made(profile: Profile, **more: object) -> x509.Certificate:
    hosts = ("bus.example",) if profile.hosts else ()
    facts = {"days": profile.longest_days, "hostnames": hosts, **more}
    return certify(
        *authority(),
        generate_key("p256").public_key(),
        Subject("BUS", "Şlüz"),
        profile,
        NOW,
        serial=serial_number(bytes(range(16))),
        published=WHERE,
        **facts,  # type: ignore[arg-type]
    )


def verified(folder: Path, profile: Profile, purpose: str) -> str:
    (folder / "root").write_bytes(authority()[1].public_bytes(Encoding.PEM))
    (folder / "leaf").write_bytes(made(profile).public_bytes(Encoding.PEM))
    command = f"verify -x509_strict -check_ss_sig -attime {int(NOW) + 60} -purpose {purpose} -CAfile root leaf"
    done = subprocess.run(["openssl", *command.split()], cwd=folder, capture_output=True, check=False, text=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("profile", "good", "bad"),
    [
        (MEMBER_SIGNING, ("any", "smimesign"), ("timestampsign", "crlsign")),
        (MEMBER_TLS_CLIENT, ("sslclient",), ("sslserver", "timestampsign", "smimesign")),
        (MEMBER_TLS, ("sslclient", "sslserver"), ("timestampsign",)),
        (BUS_SIGNING, ("any", "smimesign"), ("timestampsign", "crlsign")),
        (OCSP_RESPONDER, ("ocsphelper",), ("sslserver", "timestampsign")),
        (TIME_STAMPING, ("timestampsign",), ("sslclient", "smimesign")),
        (DOOR_TLS, ("sslserver",), ("sslclient", "timestampsign")),
    ],
)
def test_openssl_takes_each_for_its_purpose_alone(
    profile: Profile, good: tuple[str, ...], bad: tuple[str, ...], tmp_path: Path
) -> None:
    for purpose in good:
        assert verified(tmp_path, profile, purpose).endswith(": OK\n"), purpose
    for purpose in bad:
        assert "error 26 at 0 depth" in verified(tmp_path, profile, purpose), purpose


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_each_says_where_the_authority_publishes(profile: Profile) -> None:
    pem = made(profile).public_bytes(Encoding.PEM)
    shown = subprocess.run(["openssl", "x509", "-noout", "-text"], input=pem, capture_output=True, check=True)
    text = re.sub(r"\s+", " ", shown.stdout.decode())
    assert f"Policy: {WHERE.policy}" in text
    assert f"X509v3 CRL Distribution Points: Full Name: URI:{WHERE.crl}" in text
    assert f"X509v3 Freshest CRL: Full Name: URI:{WHERE.delta}" in text
    assert f"CA Issuers - URI:{WHERE.issuer}" in text
    assert (f"OCSP - URI:{WHERE.ocsp}" in text) is not profile.no_check
    assert ("OCSP No Check" in text) is profile.no_check
    assert "X509v3 Basic Constraints: critical CA:FALSE" in text
    assert ("Non Repudiation" in text) is profile.content_commitment
    assert ("Extended Key Usage: critical" in text) is profile.purposes_critical


def test_a_servers_certificate_names_a_host() -> None:
    with pytest.raises(AuthorityError, match="host names"):
        made(DOOR_TLS, hostnames=())


def test_a_responders_life_is_short() -> None:
    with pytest.raises(AuthorityError, match="90 days at most"):
        made(OCSP_RESPONDER, days=91)


def test_a_members_profile_follows_its_use() -> None:
    assert member_profile(CertificateUse.SIGNING, False) is MEMBER_SIGNING
    assert member_profile(CertificateUse.TLS, False) is MEMBER_TLS_CLIENT
    assert member_profile(CertificateUse.TLS, True) is MEMBER_TLS
