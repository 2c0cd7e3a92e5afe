"""Check ``tls``: real handshakes with providers whose TLS is wrong in one way each."""

import ssl
import time
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.applicant import LOOPBACK, Applicant, certificate_for, over_tls
from support.provider import Provider

from esb.admin.checks.model import Outcome
from esb.admin.checks.tls import _certificate, check
from esb.certs.ca import create_authority

CA = create_authority("Provider CA", "p256", time.time() - 86_400 * 500, 2000)


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=CA[1].public_bytes(Encoding.PEM).decode())


def applying(provider: Provider, folder: Path, pair: tuple[bytes, bytes], **context: object) -> Applicant:
    url = over_tls(provider, folder, pair, **context)
    return Applicant(url, tls=trusting(), seconds=3.0)


def rules(applicant: Applicant) -> set[str]:
    return {one.rule for one in check(applicant.context([])).findings}


def test_a_good_one(provider: Provider, tmp_path: Path) -> None:
    applicant = applying(provider, tmp_path, certificate_for(ca=CA))
    result = check(applicant.context([]))
    assert result.outcome is Outcome.PASS, result.findings
    assert result.facts["version"] == "TLSv1.3"
    assert 364 <= result.facts["days"] <= 365
    assert applicant.check().passed  # the exchange and all the rest, over TLS


@pytest.mark.parametrize(
    ("made", "rule"),
    [
        ({}, "tls-untrusted"),  # vouches for itself
        ({"ca": CA, "host": "other.example"}, "tls-name"),
        ({"ca": CA, "days": -2}, "tls-expired"),
        ({"ca": CA, "days": 10}, "tls-days"),
        ({"ca": CA, "bits": 1024}, "tls-key"),
    ],
)
def test_a_certificate_that_is_wrong(made: dict[str, object], rule: str, provider: Provider, tmp_path: Path) -> None:
    assert rule in rules(applying(provider, tmp_path, certificate_for(**made)))


def test_an_old_version(provider: Provider, tmp_path: Path) -> None:
    assert rules(applying(provider, tmp_path, certificate_for(ca=CA), legacy=True)) == {"tls-version"}


def test_plain_http(applicant: Applicant) -> None:
    applicant.bounds = replace(applicant.bounds, require_tls=True)
    assert rules(applicant) == {"tls-missing"}


def test_https_that_is_none(applicant: Applicant) -> None:
    applicant.endpoint = applicant.endpoint.replace("http:", "https:")
    assert rules(applicant) == {"tls-handshake"}


def test_nobody_there(applicant: Applicant, provider: Provider) -> None:
    applicant.endpoint = "https://127.0.0.1:1/"
    assert rules(applicant) == {"not-reached"}


def test_an_address_that_is_not_allowed(applicant: Applicant) -> None:
    applicant.endpoint = applicant.endpoint.replace("http:", "https:")
    applicant.rules = replace(LOOPBACK, networks=())
    assert rules(applicant) == {"address-forbidden"}


def test_a_listener_that_never_shakes_hands(applicant: Applicant) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        applicant.endpoint = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        applicant.seconds = 0.3
        assert rules(applicant) == {"tls-timeout"}


def test_a_certificate_that_cannot_be_read(applicant: Applicant) -> None:
    """OpenSSL would show it, and the reader of certificates not: no server of ours can be brought to that."""
    assert [one.rule for one in _certificate(b"junk", applicant.context([]), {})] == ["tls-certificate"]
