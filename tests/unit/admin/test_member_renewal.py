"""A member's renewal: not cut over before the next certificate was seen at work, unless somebody insists."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.authority import enrol_member
from esb.admin.lists import ListsAsked
from esb.admin.member_renewal import NextNotSeen, cut_over_member, give_up_member, note_first_sights
from esb.certs.keys import generate_key
from esb.certs.requests import make_request
from esb.kernel.directory import CertificateUse
from esb.registry.certificates import get_certificate
from esb.registry.database import reading
from esb.registry.errors import Conflict, NotFound
from esb.registry.models import RevocationReason

NOW = 1_790_000_000.0
PASSPHRASE = b"geheim"
SIGNING = CertificateUse.SIGNING


@pytest.fixture
def log(tmp_path: Path) -> str:
    """An evidence log that is not there yet: what is seen on the wire is tried in tests/way."""
    return f"sqlite:///{tmp_path / 'evidence.db'}"


def enrol(office: Any, overlap_days: int | None = 30) -> str:
    made: x509.Certificate = enrol_member(
        office.home,
        office.engine,
        PASSPHRASE,
        "DIN",
        make_request(generate_key("p256"), "x").public_bytes(Encoding.PEM),
        use=SIGNING,
        days=30,
        hostnames=(),
        author="operator",
        now=NOW,
        random=secrets.token_bytes,
        overlap_days=overlap_days,
    )
    return made.fingerprint(SHA256()).hex()


def cut_over(office: Any, log: str, force: bool = False) -> str:
    return cut_over_member(
        office.home,
        office.engine,
        PASSPHRASE,
        "DIN",
        SIGNING,
        log,
        force=force,
        author="operator",
        now=NOW,
        asked=ListsAsked(),
    )


def revoked(office: Any, digest: str) -> RevocationReason | None:
    with reading(office.engine) as session:
        return get_certificate(session, digest).revoked


def test_unseen_it_is_cut_over_by_force_alone(office: Any, log: str) -> None:
    first = enrol(office)
    with pytest.raises(NotFound):
        cut_over(office, log)
    second = enrol(office)
    with pytest.raises(Conflict, match="under way"):
        enrol(office)
    third = enrol(office, overlap_days=None)  # for another machine: no renewal
    note_first_sights(office.engine, log, author="operator", now=NOW)
    with pytest.raises(NextNotSeen, match="would be cut off"):
        cut_over(office, log)
    assert revoked(office, first) is None
    assert cut_over(office, log, force=True) == first
    assert revoked(office, first) is RevocationReason.SUPERSEDED
    assert revoked(office, second) is None
    assert revoked(office, third) is None


def test_given_up_the_next_one_is_revoked(office: Any, log: str) -> None:
    first, second = enrol(office), enrol(office)
    give_up_member(
        office.home, office.engine, PASSPHRASE, "DIN", SIGNING, author="operator", now=NOW, asked=ListsAsked()
    )
    assert revoked(office, second) is RevocationReason.CESSATION_OF_OPERATION
    assert revoked(office, first) is None
    enrol(office)
