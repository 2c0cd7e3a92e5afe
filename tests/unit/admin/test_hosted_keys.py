"""Hosted keys: the certificate finds its key, and a serving bus leaves out what it cannot open."""

import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from support import softhsm

from esb.admin.hosted_keys import HostedKeys, make_hosted_key, use_hosted_key
from esb.admin.keyring import Keyring
from esb.admin.own_keys import request_for
from esb.certs.ca import Subject, create_authority, issue, serial_number
from esb.certs.keys import KeyUnusable
from esb.certs.requests import read_request
from esb.kernel.directory import CertificateUse
from esb.registry.acts import acting
from esb.registry.database import open_database
from esb.registry.errors import NotFound
from esb.registry.members import add_member
from esb.registry.migrations import upgrade
from esb.registry.models import MemberKind

NOW = 1_800_000_000.0
KEY, ROOT = create_authority("Root", "p256", NOW, 400)
ACT: dict[str, Any] = {"author": "operator", "now": NOW}


def certified(path: Path) -> Any:
    request = read_request(request_for(path, "DIN", b"x"))
    serial = serial_number(path.name.encode().ljust(16)[:16])
    return issue(KEY, ROOT, request, Subject("DIN", "DIN"), CertificateUse.SIGNING, NOW, 10, serial)


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    opened = open_database(f"sqlite:///{tmp_path / 'r.db'}")
    upgrade(opened)
    with acting(opened, "operator", NOW) as act:
        add_member(act, "DIN", "DİN", "MIA", MemberKind.STATE)
    yield opened
    opened.dispose()


def test_a_certificate_finds_its_key_among_a_members(engine: Any, tmp_path: Path) -> None:
    folder = tmp_path / "hosted"
    first = make_hosted_key(folder, engine, "DIN", "p256", None, b"x", **ACT)
    device = softhsm.uri(softhsm.fresh_token(), "din")
    second = make_hosted_key(folder, engine, "DIN", "p256", device, softhsm.PIN.encode(), **ACT)
    assert [first.name, second.name] == ["DIN.key", "DIN-2.key"]
    told: list[str] = []
    keys = HostedKeys(Keyring(b"x", time.monotonic, lambda *_, **__: None), folder, lambda text, **_: told.append(text))
    for path in (second, first):
        certificate = certified(path)
        assert use_hosted_key(folder, engine, "DIN", certificate, b"x", **ACT) == path
        keys.refresh(engine)
        assert keys.signers["DIN"].certificate == certificate.fingerprint(SHA256())
        before = keys.signers
        keys.refresh(engine)
        assert keys.signers["DIN"] is before["DIN"]
    assert told == []


def test_a_certificate_of_another_key_is_refused(engine: Any, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "hosted", tmp_path / "elsewhere"
    make_hosted_key(folder, engine, "DIN", "p256", None, b"x", **ACT)
    other = certified(make_hosted_key(elsewhere, engine, "DIN", "p256", None, b"x", **ACT))
    with pytest.raises(KeyUnusable, match="none of 1 keys of DIN"):
        use_hosted_key(folder, engine, "DIN", other, b"x", **ACT)
    with pytest.raises(NotFound):
        make_hosted_key(folder, engine, "NOBODY", "p256", None, b"x", **ACT)


def test_a_key_that_does_not_open_is_left_out_and_told(engine: Any, tmp_path: Path) -> None:
    folder = tmp_path / "hosted"
    path = make_hosted_key(folder, engine, "DIN", "p256", None, b"x", **ACT)
    use_hosted_key(folder, engine, "DIN", certified(path), b"x", **ACT)
    path.unlink()
    told: list[str] = []
    keys = HostedKeys(Keyring(b"x", time.monotonic, lambda *_, **__: None), folder, lambda text, **_: told.append(text))
    keys.refresh(engine)
    assert dict(keys.signers) == {}
    assert told == ["a hosted key cannot be used"]
