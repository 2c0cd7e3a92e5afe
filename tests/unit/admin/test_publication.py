"""What is published follows files, keys and the register, and a broken change leaves what was."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.authority import enrol_member
from esb.admin.lists import publish_crl, revoke
from esb.admin.offices import make_office
from esb.admin.publication import Places, Publication
from esb.certs.keys import generate_key
from esb.certs.profiles import OCSP_RESPONDER, TIME_STAMPING
from esb.certs.requests import make_request
from esb.kernel.clock import ManualClock
from esb.kernel.directory import CertificateUse
from esb.registry.models import RevocationReason

NOW = 1_790_000_000.0
PASSPHRASE = b"geheim"


def make(office: Any, name: str, profile: Any, days: int = 60) -> None:
    make_office(
        office.home,
        office.engine,
        PASSPHRASE,
        profile,
        key=office.home.keys / f"{name}.key",
        certificate=office.home.keys / f"{name}.pem",
        name="bus",
        kind="p256",
        days=days,
        author="operator",
        now=NOW,
        random=secrets.token_bytes,
    )


Published = Callable[..., Publication]


@pytest.fixture
def published(office: Any) -> Published:
    keys = office.home.keys
    places = Places(
        authority=office.home.anchors / "shluz-ca.pem",
        crl=office.home.crl / "shluz-ca.crl",
        delta=office.home.crl / "shluz-ca-delta.crl",
        ocsp=(keys / "ocsp.key", keys / "ocsp.pem"),
        tsa=(keys / "tsa.key", keys / "tsa.pem"),
        own={"bus": keys / "bus.pem", "bus?next": keys / "bus.next.pem"},
    )

    def make_publication(**changes: Any) -> Publication:
        return Publication(
            replace(places, **changes),
            office.engine,
            ManualClock(NOW),
            lambda: PASSPHRASE,
            ocsp_seconds=3600,
            policy="1.2.3",
            accuracy_ms=1000,
        )

    return make_publication


def test_files_are_read_again_when_they_change(office: Any, published: Published) -> None:
    one = published()
    assert not one.files
    one.refresh()
    assert set(one.files) == {"ca.cer", "ca.pem", "ca.crl", "bus"}
    assert one.files["ca.cer"].content == office.authority.public_bytes(Encoding.DER)
    before = one.files["ca.crl"]
    assert before.until == NOW + 7 * 86_400
    publish_crl(office.home, office.engine, PASSPHRASE, NOW)
    one.refresh()
    assert one.files["ca.crl"].etag != before.etag
    assert "delta.crl" in one.files
    assert (one.responder, one.stamper, one.warning()) == (None, None, "")


def test_a_renewed_office_is_taken_up_and_half_a_change_is_not(office: Any, published: Published) -> None:
    make(office, "ocsp", OCSP_RESPONDER)
    make(office, "tsa", TIME_STAMPING)
    one = published()
    one.refresh()
    first, stamper = one.responder, one.stamper
    assert first is not None
    assert stamper is not None
    path: Path = office.home.keys / "ocsp.pem"
    before = path.read_bytes()
    make(office, "ocsp", OCSP_RESPONDER)
    after = path.read_bytes()
    path.write_bytes(before)
    one.refresh()
    assert one.responder is first
    assert "esb ca responder" in one.warning()
    one.refresh()
    assert "esb ca responder" in one.warning(), "it goes on being told"
    path.write_bytes(after)
    one.refresh()
    assert one.responder not in (None, first)
    assert one.stamper is stamper, "what did not change is not opened again"
    assert one.warning() == ""


def test_offices_are_not_held_where_settings_say_so(office: Any, published: Published) -> None:
    make(office, "ocsp", OCSP_RESPONDER)
    one = published(ocsp=None)
    one.refresh()
    assert one.responder is None


def test_a_home_without_an_authority_publishes_nothing(office: Any, published: Published) -> None:
    one = published(authority=office.home.anchors / "national.pem")
    one.refresh()
    assert not one.files
    assert one.state(1) is None


def test_the_state_follows_the_register(office: Any, published: Published) -> None:
    certificate = enrol_member(
        office.home,
        office.engine,
        PASSPHRASE,
        "DIN",
        make_request(generate_key("p256"), "x").public_bytes(Encoding.DER),
        use=CertificateUse.SIGNING,
        days=30,
        hostnames=(),
        author="operator",
        now=NOW,
        random=secrets.token_bytes,
    )
    one = published()
    assert one.state(certificate.serial_number) is None
    one.refresh()
    good = one.state(certificate.serial_number)
    assert good is not None
    assert good.revoked is None
    digest = certificate.fingerprint(SHA256()).hex()
    revoke(office.home, office.engine, PASSPHRASE, digest, RevocationReason.SUPERSEDED, author="operator", now=NOW + 3)
    one.refresh()
    bad = one.state(certificate.serial_number)
    assert bad is not None
    assert (bad.revoked, bad.revoked_at) == ("superseded", NOW + 3)
    assert one.state(certificate.serial_number + 1) is None
