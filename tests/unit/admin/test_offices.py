"""Offices' keys: made anew in the place of the ones before, entered, and fit for what they are for."""

import secrets
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from esb.admin.authority import AuthorityMissing
from esb.admin.offices import make_office
from esb.certs.ca import AuthorityError
from esb.certs.keys import load_key
from esb.certs.profiles import DOOR_TLS, OCSP_RESPONDER, TIME_STAMPING, Profile
from esb.registry.database import reading
from esb.registry.issued import get_issued

NOW = 1_790_000_000.0
PASSPHRASE = b"geheim"


def make(office: Any, profile: Profile, **more: Any) -> x509.Certificate:
    keys = office.home.path / "keys"
    facts = {"kind": "p256", "days": 3000, "name": "bus", "author": "operator", "now": NOW, **more}
    return make_office(
        office.home,
        office.engine,
        PASSPHRASE,
        profile,
        key=keys / "x.key",
        certificate=keys / "x.pem",
        random=secrets.token_bytes,
        **facts,
    )


def test_a_second_one_takes_the_place_of_the_first(office: Any) -> None:
    path: Path = office.home.keys / "x.key"
    first, second = make(office, OCSP_RESPONDER), make(office, OCSP_RESPONDER)
    assert first.public_key() != second.public_key()
    assert load_key(path, PASSPHRASE).public_key() == second.public_key()
    assert x509.load_pem_x509_certificate(path.with_suffix(".pem").read_bytes()) == second
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not [each for each in office.home.keys.iterdir() if each.name.startswith(".x")]
    with reading(office.engine) as session:
        for made in (first, second):
            row = get_issued(session, made.fingerprint(SHA256()).hex())
            assert (row.profile, row.owner, row.requester) == ("ocsp-responder", None, "operator")


@pytest.mark.parametrize(("profile", "days"), [(OCSP_RESPONDER, 90), (TIME_STAMPING, 399)])
def test_none_lasts_longer_than_its_kind_or_its_authority(office: Any, profile: Profile, days: int) -> None:
    made = make(office, profile)
    assert (made.not_valid_after_utc.timestamp() - NOW) // 86_400 == days


def test_a_door_has_hosts(office: Any) -> None:
    made = make(office, DOOR_TLS, hostnames=("bus.example",))
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["bus.example"]
    with pytest.raises(AuthorityError, match="host names"):
        make(office, DOOR_TLS)


def test_without_an_authority_there_are_no_offices(office: Any) -> None:
    (office.home.path / "ca" / "ca.key").unlink()
    with pytest.raises(AuthorityMissing):
        make(office, OCSP_RESPONDER)
