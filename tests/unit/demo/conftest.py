"""Identities of members, and one whole stage for all tests that only ask on it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from esb.certs.ca import Subject, create_authority, issue
from esb.certs.keys import generate_key
from esb.certs.requests import make_request, read_request
from esb.demo.signing import Identity
from esb.demo.stage import Stage, set_stage
from esb.kernel.directory import CertificateUse


def make_identity(code: str, kind: str) -> Identity:
    """A key with a certificate of an authority that nobody else has."""
    now = time.time()
    authority_key, authority = create_authority("Test CA", "p256", now, 10)
    key = generate_key(kind)
    certificate: x509.Certificate = issue(
        authority_key,
        authority,
        read_request(make_request(key, code).public_bytes(Encoding.DER)),
        Subject(code, code),
        CertificateUse.SIGNING,
        now,
        5,
        1 << 80,
    )
    return Identity(
        code,
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate.public_bytes(Encoding.PEM),
    )


@pytest.fixture(scope="session")
def elliptic() -> Identity:
    """A member with a P-256 key."""
    return make_identity("EESMN", "p256")


@pytest.fixture(scope="session")
def rsa() -> Identity:
    """A member with an RSA-2048 key."""
    return make_identity("VN", "rsa2048")


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A running demo; tests ask on it and stop nothing."""
    folder: Path = tmp_path_factory.mktemp("demo") / "home"
    with set_stage(folder, lambda _: None) as running:
        yield running
